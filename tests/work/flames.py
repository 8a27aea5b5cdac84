"""Functions that hold the GIL for times they know, in two threads, and one that waits for them.

usage: flames.py [SECONDS]

parse() and store() sleep in usleep() called through ctypes.PyDLL, which keeps the GIL: 3 ms and
1 ms of each round.  rest() gives it away for 4 ms.  In a second thread poll() wants it all the time
for next to nothing.

Nobody is asked to give the GIL up (the switch interval is long): who gives in sleeps until another thread has it,
neither holding nor waiting, and for the clock of hold() that would be a part of the hold.
"""
import ctypes
import sys
import time

import common

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
usleep = ctypes.PyDLL(None).usleep
until = 0.0
held = {"parse": 0, "store": 0}
own = {"parse": 0, "store": 0}  # what each took without hold(): next to nothing, or a preemption


def hold(us):
    began = time.monotonic_ns()
    usleep(us)
    return time.monotonic_ns() - began


def parse():
    return hold(3000)


def store():
    return hold(1000)


def timed(function):
    began = time.monotonic_ns()
    ns = function()
    own[function.__name__] += time.monotonic_ns() - began - ns
    held[function.__name__] += ns


def rest():
    time.sleep(0.004)


def serve():
    while time.monotonic() < until:
        timed(parse)
        timed(store)
        rest()


def poll():
    while time.monotonic() < until:
        time.sleep(0.0005)


crew = common.Crew()
crew.add("server", serve)
crew.add("poller", poll)
sys.setswitchinterval(60)
common.ready(tids=crew.tids)
common.go()
until = time.monotonic() + seconds
crew.work()
common.done(tids=crew.tids, held_ns=held, own_ns=own)
