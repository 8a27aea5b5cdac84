"""Whatever threads do, at random, from a seed: what modes and recordings say of one run is compared.

usage: chaos.py SEED SECONDS

Some threads live all along, others begin and end.  Each does one thing after the other: computes, sleeps,
passes bytes through a pipe, waits for a lock or a condition, collects garbage, sleeps in C holding the GIL,
polls, starts a thread and waits for its end.
"""
import ctypes
import gc
import os
import random
import select
import sys
import threading
import time

import common

seed, seconds = int(sys.argv[1]), float(sys.argv[2])
chance = random.Random(seed)
usleep = ctypes.PyDLL(None).usleep
lock, turn = threading.Lock(), threading.Condition()
until = 0.0
done = {}


def compute(r):
    stop = time.monotonic() + r.choice((0.0001, 0.001, 0.01, 0.03))
    while time.monotonic() < stop:
        sum(range(50))


def nap(r):
    time.sleep(r.choice((0, 0.0001, 0.001, 0.005)))


def pipe(r):
    for _ in range(r.randrange(1, 20)):
        os.write(ends[1], b".")
        os.read(ends[0], 1)


def locked(r):
    with lock:
        compute(r) if r.random() < 0.3 else nap(r)


def notified(r):
    with turn:
        turn.notify() if r.random() < 0.5 else turn.wait(0.002)


def collect(r):
    gc.collect(r.randrange(3))


def hold(r):
    usleep(r.choice((50, 500, 3000, 8000)))


def poll(r):
    select.poll().poll(r.choice((0, 1, 3)))


def child(r):
    t = threading.Thread(target=live, args=(random.Random(r.random()), time.monotonic() + r.random() * 0.05))
    t.start()
    t.join()


def live(r, stop):
    likes = r.sample(WHAT, r.randrange(1, len(WHAT) + 1))
    while True:
        now = time.monotonic()
        if now > stop or now > until:
            break
        what = r.choice(likes)
        what(r)
        done[what.__name__] = done.get(what.__name__, 0) + 1


def resident():
    live(random.Random(chance.random()), until)


WHAT = [compute, nap, pipe, locked, notified, collect, hold, poll]
RESIDENT = chance.randrange(1, 7)
if chance.random() < 0.7:
    WHAT.append(child)
if chance.random() < 0.3:
    sys.setswitchinterval(chance.choice((0.0005, 0.02)))
if chance.random() < 0.3:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
ends = os.pipe()
heap = [[i] for i in range(chance.choice((0, 1000, 50000)))]
crew = common.Crew()
for i in range(RESIDENT):
    crew.add(f"resident{i}", resident)
common.ready(tids=crew.tids)
common.go()
until = time.monotonic() + seconds
crew.work()
common.done(tids=crew.tids, done=done, residents=RESIDENT)
