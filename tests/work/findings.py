"""Programs that each have one thing wrong with how they use the GIL, and one that has none.

usage: findings.py KIND [SECONDS]

They run for SECONDS from go on.
convoy   a thread computes, another comes back for the GIL every millisecond
ccall    a thread keeps the GIL for 60 ms or more at a time, computing in C; another wants it
starve   forty threads compute, one comes back for the GIL every millisecond
blocked  a thread sleeps in a read() while it keeps the GIL; another wants it
gc       a thread collects all the time
loop     an event loop whose callbacks take 200 ms
healthy  a little of all of this, none of it too much
"""
import asyncio
import ctypes
import gc
import hashlib
import os
import sys
import threading
import time

import common

kind = sys.argv[1]
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3.0
until = 0.0
kept_ns = 0  # asleep in read() with the GIL, by its own clock


def burn():
    n = 0
    while time.monotonic() < until:
        n = sum(range(500))
    return n


def come_back():
    while time.monotonic() < until:
        time.sleep(0.001)


def compute_in_c():
    """One call at a time that adds up in C for 60 ms or more: how many numbers is measured first."""
    size = 1 << 18
    while True:
        before = time.thread_time()
        sum(range(size))
        if time.thread_time() - before > 0.06:
            break
        size *= 2
    while time.monotonic() < until:
        sum(range(size))


def keep_in_read():
    global kept_ns
    read = ctypes.PyDLL(None).read
    reader, writer = os.pipe()
    buffer = ctypes.create_string_buffer(1)
    # A child feeds the pipe: a thread of this process could not while the GIL is held.
    if os.fork() == 0:
        os.close(reader)  # so that it ends with the last reader
        while True:
            time.sleep(0.04)
            os.write(writer, b".")
    while time.monotonic() < until:
        before = time.monotonic_ns()
        read(reader, buffer, 1)
        kept_ns += time.monotonic_ns() - before
        time.sleep(0.002)


def collect():
    ballast = [[i] for i in range(100_000)]
    while time.monotonic() < until:
        gc.collect()
    return ballast


async def turn(each, pause):
    while time.monotonic() < until:
        end = time.monotonic() + each
        while time.monotonic() < end:
            pass
        await asyncio.sleep(pause)


def loop():
    asyncio.run(turn(0.2, 0.02))


def tick():
    asyncio.run(turn(0.002, 0.02))


def pause():
    while time.monotonic() < until:
        hashlib.sha256(b"x" * 4096).hexdigest()
        gc.collect(0)
        time.sleep(0.02)


PARTS = {
    "convoy": [burn, come_back],
    "ccall": [compute_in_c, come_back],
    "starve": [burn] * 40 + [come_back],
    "blocked": [keep_in_read, come_back],
    "gc": [collect],
    "loop": [loop],
    "healthy": [pause, come_back, tick],
}

crew = common.Crew()
for number, part in enumerate(PARTS[kind]):
    crew.add(f"{part.__name__}{number}", part)
common.ready(tids=crew.tids)
common.go()
until = time.monotonic() + seconds
crew.work()
common.done(tids=crew.tids, kept_ns=kept_ns)
