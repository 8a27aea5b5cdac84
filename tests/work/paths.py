"""Threads whose every possible stack the program knows: sys.setprofile() saw each of them once.

usage: paths.py SECONDS [PATHS [THREADS]]

Each of THREADS goes through the same PATHS, lists of the functions of layers.py; at the end of one it
sleeps with the GIL, computes, releases it, collects, or is 200 calls deep.  In its first turn each call
is seen by learn(), later by whoever traces.  A stack is known by a hash of its newest function and of
the function, file and line of each older one, the newest 127 frames in all.  One more thread runs code
that lives for one call, or on if N % 10 is 0: "fresh_N" in file "<fresh N>", called by calls_K with
K = N % 7.
"""
import ctypes
import dis
import gc
import hashlib
import os
import random
import sys
import threading
import time

import common
import layers

MOST = 127
usleep = ctypes.PyDLL(None).usleep
known = set()
lines = {}
generators = set()
clock = time.monotonic


def name_of(code):
    return "%s|%s|%d" % (getattr(code, "co_qualname", code.co_name), code.co_filename, code.co_firstlineno)


def learn(frame, event, arg):
    if event != "call":
        return
    code = frame.f_code
    name = name_of(code)
    if name not in lines:
        lines[name] = sorted({n for _, n in dis.findlinestarts(code) if n} | {code.co_firstlineno})
    if code.co_flags & 0x2a0:
        generators.add(name)
    told = [name]
    frame = frame.f_back
    while frame and len(told) < MOST:
        told.append("%s|%s" % (name_of(frame.f_code), frame.f_lineno))
        frame = frame.f_back
    told.append("cut" if frame else "whole")
    known.add(hashlib.sha1("\n".join(told).encode("utf-8", "replace")).hexdigest()[:16])


def asleep(rest):
    usleep(150)


def computing(rest):
    n = 0
    for i in range(1500):
        n += i
    return n


def releasing(rest):
    time.sleep(0.0002)


def collecting(rest):
    gc.collect(0)


def deep(rest, n=200):
    return deep(rest, n - 1) if n else computing(rest)


def calls_0(f): return f(0)
def calls_1(f): return f(1)
def calls_2(f): return f(2)
def calls_3(f): return f(3)
def calls_4(f): return f(4)
def calls_5(f): return f(5)
def calls_6(f): return f(6)


CALLS = [calls_0, calls_1, calls_2, calls_3, calls_4, calls_5, calls_6]
LAST = [asleep, computing, computing, releasing, collecting]


def fresh():
    """Functions whose code dies with them, but for some, all alike but for the name and the file."""
    n, kept = 0, []
    gates[1].wait()
    while clock() < end:
        n += 1
        name = "%07d" % n
        space = {"usleep": usleep}
        exec(compile("def fresh_" + name + "(k):\n usleep(200)\n", "<fresh " + name + ">", "exec"), space)
        CALLS[n % 7](space["fresh_" + name])
        if n % 10 == 0:
            kept.append(space)
        del space
        time.sleep(0.0005)


def run(paths):
    turn = 0
    while True:
        gates[turn].wait()  # 0 is open, 1 opens at go, 2 never
        while True:
            for path in paths:
                layers.call(path)
            if turn == 0 or clock() > end:
                break
        if turn == 0:
            sys.setprofile(None)
        os.write(turned, b".")
        turn += 1


seconds = float(sys.argv[1])
rng = random.Random(11)
ways = [way for way in layers.LAYERS if way is not layers.far_apart] + [layers.compiled() for _ in range(6)]
paths = [[rng.choice(ways) for _ in range(rng.randrange(2, 11))] + [rng.choice(LAST)]
         for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 60)]
paths[-1][-1] = deep
gates = [common.Gate() for _ in range(3)]
turn_end, turned = os.pipe()
threads = [threading.Thread(target=run, args=(paths,), daemon=True)
           for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 3)]
threading.setprofile(learn)
gates[0].open(len(threads))
for thread in threads:
    thread.start()
    os.read(turn_end, 1)
threading.setprofile(None)
threads.append(threading.Thread(target=fresh, daemon=True))
threads[-1].start()
end = 0
common.ready()
common.go()
end = clock() + seconds
gates[1].open(len(threads))
for _ in threads[:-1]:
    os.read(turn_end, 1)
threads[-1].join()
common.done(known=sorted(known), lines=lines, generators=sorted(generators), tids=[t.native_id for t in threads], most=MOST)
