"""The five known answers in one process: takes, holds and waits, collections, wake-ups, task steps.

usage: known.py

After the first go what is only counted is worked: pairs that ping-pong, collections, an asyncio echo;
then it says COUNTED.  After the second one what is timed, too: holds of a known length with who waits
for them, three event loops at once, and one alone.  Nobody asks for the GIL in the parts whose takes
are counted, so that these are exact.
"""
import sys
import threading

import aio
import common
import gcwork
import holds
import pingpong
import tasks

AT_ONCE = 3  # event loops
echo = {}


def run_echo():
    echo["tid"] = threading.get_native_id()
    echo.update(aio.run(4, 30))


def run_loop(into, Loop):
    loop = Loop()
    into.append(loop)
    loop.run()


def undisturbed(crew):
    """Let it work, and nobody ask for the GIL meanwhile."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    crew.work()
    sys.setswitchinterval(usual)


def loops_truth(together, alone):
    rows = [dict(t.truth(), others=len(together) - 1) for t in together]
    rows += [dict(t.truth(), others=0) for t in alone]
    return rows + [{"tid": echo["tid"], "iterations": echo["calls"] - 1}]


def epolls(loops):
    """All polls of epolls in this process."""
    polls = {key: echo[key] + sum(getattr(l.epoll, key) for l in loops)
             for key in ("calls", "events", "timeouts")}
    polls["calls"] += tasks.POLLS + tasks.INNER_POLLS * len(loops)
    return polls


ballast = [[i] for i in range(100_000)]  # something to walk in generation 2
Loop = tasks.make()
together, alone = [], []
pairs, sleepers, server, several, one = (common.Crew() for _ in range(5))
takes = pingpong.join(pairs, 2, 500)
held = holds.join(sleepers, 8, 20_000, 4)
server.add("echo", run_echo)
for n in range(AT_ONCE - 1):
    several.add(f"loop-{n}", run_loop, together, Loop)
several.add("ordinary", tasks.ordinary)
one.add("alone", run_loop, alone, Loop)
gcwork.gc.collect()
common.ready()
common.go()
before = gcwork.begin()
undisturbed(pairs)
gcwork.work()
server.work()
common.say("COUNTED")
common.go()
undisturbed(sleepers)
several.start()
run_loop(together, Loop)
several.join()
one.work()
common.done(takes=takes, pairs=pairs.tids, holds=dict(held, tids=sleepers.tids), **gcwork.end(before),
            loops=loops_truth(together, alone), epolls=epolls(together + alone))
