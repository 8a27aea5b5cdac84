"""Many threads alive at once, each making a known number of blocking calls.

usage: threads.py [THREADS [CALLS]]

Takes per thread: one per call, one for the start gate, one for the note of its end.
"""
import os
import sys
import threading

import common

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
calls = int(sys.argv[2]) if len(sys.argv) > 2 else 10
null = os.open("/dev/null", os.O_WRONLY)


def work():
    for _ in range(calls):
        os.write(null, b".")


threading.stack_size(128 * 1024)
crew = common.Crew()
for i in range(threads):
    crew.add(f"t{i}", work)
common.ready()
common.go()
crew.work()
common.done(tids=crew.tids, takes=calls + 2)
