"""C between Python functions, at places that are known; holds of known lengths in libc.

usage: natives.py [SECONDS]

Thread "server": hold() sleeps in libc's usleep() through ctypes.PyDLL, which keeps the GIL: for 3 ms as the
key function of list.sort(), which ranked() calls (so usleep, hold, list_sort, ranked, serve), and for 1 ms
called by plain(); crunch() computes in sum().  Thread "poller" wants the GIL all the time.  Thread "parked" sleeps
in read() below functools.reduce(), all the time.

Nobody is asked to give the GIL up (the switch interval is long): who gives in sleeps until another thread has it,
neither holding nor waiting, and for the clock of hold() that would be a part of the hold.
"""
import ctypes
import functools
import os
import sys
import time

import common

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
usleep = ctypes.PyDLL(None).usleep
parked, unpark = os.pipe()
until = 0.0
held = {1000: 0, 3000: 0}  # ns in usleep(), by its argument, and of waits for the GIL around it


def hold(us):
    began = time.monotonic_ns()
    usleep(us)
    held[us] += time.monotonic_ns() - began
    return us


def ranked():
    [3000].sort(key=hold)


def plain():
    hold(1000)


def crunch():
    return sum(range(100000))


def serve():
    while time.monotonic() < until:
        ranked()
        plain()
        crunch()
        time.sleep(0.004)


def poll():
    while time.monotonic() < until:
        time.sleep(0.0005)


def each(so_far, one):
    return so_far + len(os.read(parked, one))


def park():
    functools.reduce(each, [1, 1], 0)


def stack_of(ident):
    frame, stack = sys._current_frames()[ident], []
    while frame:
        stack.append([frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno])
        frame = frame.f_back
    return stack


crew = common.Crew()
crew.add("server", serve)
crew.add("poller", poll)
sleeper = common.Crew()
sleeper.add("parked", park)
sleeper.start()
sys.setswitchinterval(60)
common.ready(tids={**crew.tids, **sleeper.tids})
common.go()
until = time.monotonic() + seconds
crew.work()
common.done(tids={**crew.tids, **sleeper.tids}, held_ns={"ranked": held[3000], "plain": held[1000]},
            parked=stack_of(sleeper.threads[0].ident))
