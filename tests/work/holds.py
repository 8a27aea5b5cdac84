"""GIL holds of a known length: C code that sleeps while it keeps the GIL.

"holder" sleeps HOLDS times 50 ms inside a function called through ctypes.PyDLL (keeps the
GIL), with a short voluntary pause between; "waiter0..2" come back for the GIL every
millisecond; "releaser" sleeps inside ctypes.CDLL (releases the GIL).  The switch interval is
so long that nobody ever asks for the GIL: no release is forced, and so every stretch timed
here is one hold.
"""
import ctypes
import sys
import threading
import time

import common

HOLDS = 40
HOLD_US = 50_000
RELEASES = 30
WAITERS = 3

keep = ctypes.PyDLL(None).usleep
drop = ctypes.CDLL(None).usleep
looping = []
stop = threading.Event()


def holder(truth, holds, hold_us):
    while len(looping) < WAITERS:  # so that no wait falls outside a waiter's own clock
        drop(1000)
        truth["lead_in"] += 1
    for _ in range(holds):
        before = time.monotonic_ns()
        keep(hold_us)
        truth["holds_ns"].append(time.monotonic_ns() - before)
        drop(2000)
    stop.set()


def waiter(truth, name):
    rounds = late = 0
    looping.append(name)
    while not stop.is_set():
        before = time.monotonic_ns()
        drop(1000)
        late += time.monotonic_ns() - before - 1_000_000
        rounds += 1
    truth["waiters"][name] = {"rounds": rounds, "late_ns": late}


def releaser(truth, releases):
    before = time.monotonic_ns()
    for _ in range(releases):
        drop(50_000)
    truth["released_ns"] = time.monotonic_ns() - before


def join(crew, holds=HOLDS, hold_us=HOLD_US, releases=RELEASES):
    """Add them to a crew.  Return: the truth, complete when the crew has worked."""
    truth = {"holds_ns": [], "waiters": {}, "lead_in": 0, "hold_us": hold_us, "releases": releases}
    crew.add("holder", holder, truth, holds, hold_us)
    for i in range(WAITERS):
        crew.add(f"waiter{i}", waiter, truth, f"waiter{i}")
    crew.add("releaser", releaser, truth, releases)
    return truth


def main():
    sys.setswitchinterval(1000)
    crew = common.Crew()
    truth = join(crew)
    common.ready(tids=crew.tids)
    common.go()
    crew.work()
    common.done(tids=crew.tids, **truth)


if __name__ == "__main__":
    main()
