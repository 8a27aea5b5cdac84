"""CPU-bound threads that count how often the GIL went from one of them to another.

usage: cpu.py [THREADS [SECONDS]]

Each thread notes itself as the last one that ran; finding another there means the GIL was
handed over, which between threads that never block only a forced release can do.
"""
import sys
import time

import common

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1.5
last = -1
switches = 0
until = 0.0
cpu_ns = {}


def burn(me):
    global last, switches
    while time.monotonic() < until:
        for _ in range(200):
            if last != me:
                last = me
                switches += 1
    cpu_ns[me] = time.thread_time_ns()


crew = common.Crew()
for i in range(threads):
    crew.add(f"cpu{i}", burn, i)
common.ready(tids=crew.tids)
common.go()
began = time.monotonic_ns()
until = time.monotonic() + seconds
crew.work()
common.done(tids=crew.tids, switches=switches, cpu_ns=cpu_ns,
            wall_ns=time.monotonic_ns() - began)
