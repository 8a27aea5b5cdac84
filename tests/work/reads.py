"""Takes of the GIL as fast as they come, then none; with waits and collections of known number.

usage: reads.py BUSY_S QUIET_S

The main thread reads from /dev/zero for BUSY_S seconds, hundreds of thousands of takes a second,
then only sleeps for QUIET_S.  Five times a second, busy or not, it collects once, then wakes
"waiter" and keeps the GIL for 60 ms: so the waiter waits for it, once each time, less what it
takes until it gets a CPU.
"""
import ctypes
import gc
import os
import sys
import threading
import time

import common

BUSY_NS, QUIET_NS = (int(float(a) * 1e9) for a in sys.argv[1:3])
ROUND_NS = 140_000_000
KEEP_US = 60_000

libc = ctypes.PyDLL(None)  # its calls keep the GIL
woken_r, woken_w = os.pipe()
zero = os.open("/dev/zero", os.O_RDONLY)
truth = {"rounds": 0, "wait_ns": 0}
woken_at = [0]
tid = []


def waiter():
    tid.append(threading.get_native_id())
    while os.read(woken_r, 1) == b"w":
        truth["wait_ns"] += time.monotonic_ns() - woken_at[0]


def one_round():
    gc.collect()
    woken_at[0] = time.monotonic_ns()
    libc.write(woken_w, b"w", 1)
    libc.usleep(KEEP_US)
    truth["rounds"] += 1


def busy(until):
    while time.monotonic_ns() < until:
        for _ in range(200):
            os.read(zero, 1)


def quiet(until):
    time.sleep(max(0, until - time.monotonic_ns()) / 1e9)


gc.disable()
threading.Thread(target=waiter, name="waiter", daemon=True).start()
time.sleep(0.1)
common.ready(waiter=tid[0])
common.go()
start = time.monotonic_ns()
end = start + BUSY_NS + QUIET_NS
while (now := time.monotonic_ns()) < end:
    (busy if now < start + BUSY_NS else quiet)(now + ROUND_NS)
    one_round()
time.sleep(0.05)
common.done(waiter=tid[0], **truth)
