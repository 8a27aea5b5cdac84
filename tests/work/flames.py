"""Functions that hold the GIL for times they know, in two threads, and one that waits for them.

usage: flames.py [SECONDS]

parse() and store() sleep in usleep() called through ctypes.PyDLL, which keeps the GIL: 3 ms and
1 ms of each round.  rest() gives it away for 4 ms.  In a second thread poll() wants it all the time
for next to nothing.
"""
import ctypes
import sys
import time

import common

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
libc = ctypes.PyDLL(None)
until = 0.0
held = {"parse": 0, "store": 0}


def hold(us):
    began = time.monotonic_ns()
    libc.usleep(us)
    return time.monotonic_ns() - began


def parse():
    held["parse"] += hold(3000)


def store():
    held["store"] += hold(1000)


def rest():
    time.sleep(0.004)


def serve():
    while time.monotonic() < until:
        parse()
        store()
        rest()


def poll():
    while time.monotonic() < until:
        time.sleep(0.0005)


crew = common.Crew()
crew.add("server", serve)
crew.add("poller", poll)
common.ready(tids=crew.tids)
common.go()
until = time.monotonic() + seconds
crew.work()
common.done(tids=crew.tids, held_ns=held)
