"""Functions that keep the GIL in one C call each, for times that the program measures, and who waits.

usage: blames.py SECONDS

asleep() sleeps by ctypes, matching() is in a regular expression, sorting() sorts, adding() adds up in
C: 35 to 120 ms each.  Two more threads want the GIL again and
again.  Each call is timed from C to C (map() calls the clock, the call, the clock), so that nobody can
take the GIL between the clock and the call.  The truth has what each function held; and what it caused:
for each wait, as the waiter timed it, how much of it was during a call of that function.  What a
function takes around its call is told apart: it may have held the GIL then, or waited for it.
"""
import bisect
import ctypes
import functools
import itertools
import operator
import random
import re
import sys
import time

import common

usleep = ctypes.PyDLL(None).usleep
clock = time.perf_counter_ns
tick = functools.partial(clock)
invoke = functools.partial.__call__
search = re.compile("(a+b)+$").search
calls = {"asleep": [], "matching": [], "sorting": [], "adding": []}
around = {}
waits = []
LATER_NS = 700000000  # they want it beyond the last call's end
wanting = []  # who times its waits by now


def timed(call):
    before, _, after = map(invoke, (tick, call, tick))
    return before, after


def asleep(_):
    calls["asleep"].append(timed(functools.partial(usleep, 120000)))


def matching(_):
    calls["matching"].append(timed(regex))


def sorting(numbers):
    calls["sorting"].append(timed(functools.partial(numbers.sort)))


def adding(_):
    calls["adding"].append(timed(add))


def sized(make, ms):
    """The call that make() makes of a size, of the size at which it takes so long."""
    size = 100
    while True:
        call = make(size)
        before = time.thread_time_ns()
        call()
        if time.thread_time_ns() - before > ms * 1000000:
            return call
        size = int(size * 1.3)


def hold():
    while len(wanting) < 2:
        time.sleep(0.001)
    while clock() < end:
        numbers = mixed[:len(sort.func.__self__)]
        for name, function in ("asleep", asleep), ("matching", matching), ("sorting", sorting), ("adding", adding):
            before = clock()
            function(numbers)
            took = clock() - before
            start, stop = calls[name][-1]
            around[name] = around.get(name, 0) + took - (stop - start)


def want():
    """All of it is one call into C, so that each time it gives the GIL away is timed."""
    nap = functools.partial(time.sleep, 0)
    wanting.append(1)
    turns = zip(map(invoke, itertools.repeat(tick)), map(invoke, itertools.repeat(nap)))
    times = list(itertools.takewhile(functools.partial(operator.gt, end + LATER_NS), map(operator.itemgetter(0), turns)))
    times.append(clock())  # for the one that ended the list
    waits.extend(zip(times, times[1:]))


def caused(spans):
    """How much of all waits was in those times, which do not overlap each other."""
    starts = [start for start, _ in spans]
    total = 0
    for since, until in waits:
        at = max(bisect.bisect(starts, since) - 1, 0)
        while at < len(spans) and spans[at][0] < until:
            total += max(0, min(until, spans[at][1]) - max(since, spans[at][0]))
            at += 1
    return total


rng = random.Random(5)
mixed = [rng.random() for _ in range(1000000)]
sort = sized(lambda n: functools.partial(mixed[:n].sort), 35)
add = sized(lambda n: functools.partial(sum, range(10 * n)), 60)
regex = sized(lambda n: functools.partial(search, "ab" * n + "c"), 40)
end = 0
crew = common.Crew()
crew.add("hold", hold)
crew.add("want1", want)
crew.add("want2", want)
common.ready()
common.go()
end = clock() + int(float(sys.argv[1]) * 1e9)
crew.work()
common.done(held={name: sum(b - a for a, b in spans) for name, spans in calls.items()},
            caused={name: caused(spans) for name, spans in calls.items()},
            around=around, counts={name: len(spans) for name, spans in calls.items()}, tids=crew.tids)
