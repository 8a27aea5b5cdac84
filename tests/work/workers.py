"""Workers by each of multiprocessing's ways to start one, each making a known number of calls.

usage: workers.py METHOD [WORKERS [CALLS]]      METHOD: fork, forkserver or spawn

Each call is a take of the GIL.  What starts and ends a worker takes it, too; a new interpreter
some hundred times.
"""
import json
import multiprocessing
import os
import sys
import time

import common

method = sys.argv[1]
workers = int(sys.argv[2]) if len(sys.argv) > 2 else 3
calls = int(sys.argv[3]) if len(sys.argv) > 3 else 500


def work(answers, stay, calls):
    time.sleep(0.7)  # a new interpreter is looked at some milliseconds after it began
    null = os.open("/dev/null", os.O_WRONLY)
    for _ in range(calls):
        os.write(null, b".")
    answers.put(os.getpid())
    stay.wait()


def main():
    context = multiprocessing.get_context(method)
    common.ready()
    common.go()
    answers, stay = context.SimpleQueue(), context.Event()
    all_of_them = [context.Process(target=work, args=(answers, stay, calls)) for _ in range(workers)]
    for p in all_of_them:
        p.start()
    pids = sorted(answers.get() for _ in range(workers))
    common.say(json.dumps({"pids": pids, "calls": calls, "method": method}))
    os.read(0, 1)
    stay.set()
    for p in all_of_them:
        p.join()
    os._exit(0)


if __name__ == "__main__":
    main()
