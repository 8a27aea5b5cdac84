"""Functions that hold the GIL, wait for it and collect for times that the program measures itself.

usage: costs.py SECONDS [DEALLOCS]

Thread 1 holds the GIL asleep in two functions, by ctypes, 3 to 1; and collects.  Thread 2 computes in
four: pure Python, 3 to 1, a regular expression, a sort.  Thread 3 waits in two, behind them.  The
truth has each function's time, where its frames are (as the program sees them itself), and the
threads' ids.  With DEALLOCS, thread 2 instead lets so many objects die in one function, a third as
many in another.
"""
import ctypes
import gc
import re
import sys
import threading
import time

import common

usleep = ctypes.PyDLL(None).usleep
clock = time.monotonic_ns
SPENT = {}
STACKS = {}
TEXT = "a" * 1500
NUMBERS = [i * 7919 % 200003 for i in range(20000)]


def here():
    """The stack above this call: as [function, file, line, first line], the newest first."""
    frames, frame = [], sys._getframe(2)
    while frame:
        code = frame.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno,
                       code.co_firstlineno])
        frame = frame.f_back
    return frames


def spends(now):
    """Count a function's calls and add up what it takes by clock @now; note() notes its stack once."""
    def decorate(function):
        def timed(*args):
            STACKS.setdefault(function.__name__, here)
            since = now()
            function(*args)
            calls, spent = SPENT.get(function.__name__, (0, 0))
            SPENT[function.__name__] = calls + 1, spent + now() - since
        return timed
    return decorate


@spends(clock)
def asleep_long():
    note()
    usleep(9000)


@spends(clock)
def asleep_short():
    note()
    usleep(3000)


@spends(clock)
def collecting():
    note()
    gc.collect()


@spends(time.thread_time_ns)
def computing_long():
    note()
    for _ in range(90000):
        pass


@spends(time.thread_time_ns)
def computing_short():
    note()
    for _ in range(30000):
        pass


@spends(time.thread_time_ns)
def matching():
    note()
    re.search("a+b", TEXT)


@spends(time.thread_time_ns)
def sorting():
    note()
    sorted(NUMBERS)


@spends(clock)
def waiting_long():
    note()
    for _ in range(3):
        time.sleep(0.001)


@spends(clock)
def waiting_short():
    note()
    time.sleep(0.001)


class Thing:
    pass


def dying_often(n):
    for _ in range(3 * n):
        Thing()


def dying_seldom(n):
    for _ in range(n):
        Thing()


def note():
    """The stack of the function that calls this, but for the line it is at."""
    name = sys._getframe(1).f_code.co_name
    if callable(STACKS.get(name)):
        STACKS[name] = here()


def holder():
    while clock() < end:
        asleep_long()
        asleep_short()
        collecting()
        time.sleep(0.002)


def computer():
    while clock() < end:
        computing_long()
        computing_short()
        matching()
        sorting()


def waiter():
    while clock() < end:
        waiting_long()
        waiting_short()


def dying():
    for _ in range(20):
        dying_often(deallocs // 20)
        dying_seldom(deallocs // 20)


def run(body):
    body_gate.wait()
    tids[body.__name__] = threading.get_native_id()
    body()


seconds, deallocs = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
gc.disable()
bodies = [dying] if deallocs else [holder, computer, waiter]
tids = {}
body_gate = common.Gate()
threads = [threading.Thread(target=run, args=(body,)) for body in bodies]
for thread in threads:
    thread.start()
common.ready()
common.go()
end = clock() + int(seconds * 1e9)
body_gate.open(len(bodies))
for thread in threads:
    thread.join()
common.done(tids=tids, spent=SPENT, stacks=STACKS, deallocs=deallocs)
