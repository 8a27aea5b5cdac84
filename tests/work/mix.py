"""CPU-bound and I/O-bound threads together: the classic convoy.

usage: mix.py [SECONDS]

Two threads compute, four pass bytes through pipes and count their calls.
"""
import os
import sys
import time

import common

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
until = 0.0
calls = {}


def burn():
    n = 0
    while time.monotonic() < until:
        n = sum(range(2000))
    return n


def pump(name):
    reader, writer = os.pipe()
    n = 0
    while time.monotonic() < until:
        os.write(writer, b".")
        os.read(reader, 1)
        time.sleep(0.001)
        n += 3
    calls[name] = n


crew = common.Crew()
for i in range(2):
    crew.add(f"cpu{i}", burn)
for i in range(4):
    crew.add(f"io{i}", pump, f"io{i}")
common.ready(tids=crew.tids)
common.go()
began = time.monotonic_ns()
until = time.monotonic() + seconds
crew.work()
common.done(tids=crew.tids, calls=calls, wall_ns=time.monotonic_ns() - began)
