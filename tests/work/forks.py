"""Children of every kind, each making a known number of blocking calls.

usage: forks.py [CALLS]

Two children by os.fork, one by subprocess (a new interpreter) and one by multiprocessing
(fork).  Each works, notes its pid, and stays until told to end; the first child forks a
grandchild.  A take of the GIL per call and a few more are to be seen in each.
"""
import json
import multiprocessing
import os
import subprocess
import sys
import time

import common

calls = int(sys.argv[1]) if len(sys.argv) > 1 else 500
null = os.open("/dev/null", os.O_WRONLY)
told, tell = os.pipe()
gate = common.Gate()
CHILD = """
import os, sys, time
time.sleep(1)
null = os.open("/dev/null", os.O_WRONLY)
for _ in range(int(sys.argv[1])):
    os.write(null, b".")
print("done", flush=True)
sys.stdin.read(1)
"""


def work():
    for _ in range(calls):
        os.write(null, b".")


def child(kind):
    os.close(gate.writer)  # the parent's end, in whatever way, opens the gate
    work()
    os.write(tell, f"{kind} {os.getpid()}\n".encode())
    gate.wait()


def fork(kind, grandchild=None):
    if pid := os.fork():
        return pid
    if grandchild:
        fork(grandchild)
    child(kind)
    os._exit(0)


common.ready()
common.go()
fork("fork", "grandchild")
fork("fork2")
multiprocessing.get_context("fork").Process(target=child, args=("multiprocessing",)).start()
new = subprocess.Popen([sys.executable, "-S", "-c", CHILD, str(calls)],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
new.stdout.read(5)
lines = b""
while lines.count(b"\n") < 4:
    lines += os.read(told, 4096)
pids = {kind: int(pid) for kind, pid in (line.split() for line in lines.decode().splitlines())}
pids["subprocess"] = new.pid
time.sleep(0.2)
common.say(json.dumps({"pids": pids, "calls": calls}))
os.read(0, 1)
gate.open(4)
new.stdin.close()
os._exit(0)
