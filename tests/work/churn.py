"""Thousands of threads that live shortly, a few at a time.

usage: churn.py [THREADS [CALLS]]

Every thread makes CALLS blocking calls, and so takes the GIL at least CALLS + 1 times.
"""
import os
import sys
import threading

import common

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
calls = int(sys.argv[2]) if len(sys.argv) > 2 else 5
at_once = 8
null = os.open("/dev/null", os.O_WRONLY)
ran = [0] * at_once


def work(lane):
    for _ in range(calls):
        os.write(null, b".")
    ran[lane] += 1


common.ready()
common.go()
for _ in range(threads // at_once):
    batch = [threading.Thread(target=work, args=(lane,)) for lane in range(at_once)]
    for t in batch:
        t.start()
    for t in batch:
        t.join()
common.done(threads=sum(ran), calls=calls)
