"""Threads that end, each after one wait for the GIL and a long hold of it in which it never leaves the CPU.

usage: ends.py THREADS

All are pinned to one CPU, so that who waits for such an end gets the CPU on the thread's last way: where it
has let go of the GIL for good and freed the thread state that the GIL still names.
"""
import ctypes
import os
import sys
import threading
import time

import common

count = int(sys.argv[1])
HOLD_NS = 12_000_000
helds = []
usleep = ctypes.PyDLL(None).usleep


def hold():
    began = until = time.monotonic_ns()
    while until - began < HOLD_NS:
        until = time.monotonic_ns()
    helds.append(until - began)


os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
common.ready()
common.go()
for _ in range(count):
    t = threading.Thread(target=hold)
    t.start()
    usleep(500)  # it waits meanwhile; join() lets go of the GIL
    t.join()
common.done(held_ns=sum(helds), count=count)
