"""What threads of a free-threaded build wait for: a mutex, a critical section, a stopped world.

argument: "waits" (the default), or the file of a module that needs the GIL: it is imported, then the
GIL is taken a known number of times.

A PyMutex is a byte; bit 1 of it says that somebody sleeps for it.  So whoever has it can hold it until
that is so, and each round is one wait.
"""
import ctypes
import gc
import importlib.machinery
import importlib.util
import random
import resource
import sys
import threading
import time

import common

ROUNDS = 10
HOLD_S = 0.02
COLLECTIONS = 20
TAKES = 500
SORTED = 400_000
SORTS = 20  # at most

api = ctypes.pythonapi
api.PyMutex_Lock.restype = api.PyMutex_Unlock.restype = None
mutex = ctypes.c_uint8(0)
turns = [common.Gate() for _ in range(ROUNDS)]
back = [common.Gate() for _ in range(ROUNDS)]
waits, appends, pauses = [], [], []
numbers = []
slept = 0
working = True


def timed(times, call, *args):
    began = time.monotonic_ns()
    call(*args)
    times.append(time.monotonic_ns() - began)


def hold():
    for turn, came_back in zip(turns, back):
        api.PyMutex_Lock(ctypes.byref(mutex))
        turn.open(1)
        while not mutex.value & 2:
            time.sleep(0.001)
        time.sleep(HOLD_S)
        api.PyMutex_Unlock(ctypes.byref(mutex))
        came_back.wait()


def wait():
    for turn, came_back in zip(turns, back):
        turn.wait()
        timed(waits, api.PyMutex_Lock, ctypes.byref(mutex))
        api.PyMutex_Unlock(ctypes.byref(mutex))
        came_back.open(1)


def sleeps():
    """How often this thread has given up the CPU because it could not go on."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def append():
    """While the list is sorted, its lock is held.  Whoever wants it looks again some times before it sleeps."""
    global slept
    while working:
        before = sleeps()
        timed(appends, numbers.append, 0.5)
        slept += sleeps() > before
        time.sleep(0.001)


def sort():
    for _ in range(SORTS):
        numbers[:] = [random.random() for _ in range(SORTED)]
        numbers.sort()
        if slept > 0:
            return


def compute():
    while working:
        pass


def told(phase, info):
    if phase == "start":
        pauses.append(-time.monotonic_ns())
    else:
        pauses[-1] += time.monotonic_ns()


def collect():
    gc.callbacks.append(told)
    for _ in range(COLLECTIONS):
        gc.collect()
    gc.callbacks.clear()


def measure_waits():
    global working
    gc.disable()
    first, second, third = common.Crew(), common.Crew(), common.Crew()
    first.add("holder", hold)
    first.add("waiter", wait)
    second.add("appender", append)
    third.add("computes until it is told to stop", compute)
    common.ready()
    common.go()
    first.work()
    second.start()
    time.sleep(0.01)
    sort()
    working = False
    second.join()
    working = True
    third.start()
    collect()
    working = False
    third.join()
    common.done(tids={**first.tids, **second.tids, **third.tids}, tid=threading.get_native_id(), enabled=sys._is_gil_enabled(),
                rounds=ROUNDS, hold_ns=int(HOLD_S * 1e9), waits=waits, append_max_ns=max(appends), slept=slept,
                collections=COLLECTIONS, pauses_ns=sum(pauses))


def switch_on(path):
    common.ready()
    common.go()
    before = sys._is_gil_enabled()
    loader = importlib.machinery.ExtensionFileLoader("needsgil", path)
    importlib.util.module_from_spec(importlib.util.spec_from_file_location("needsgil", path, loader=loader))
    for _ in range(TAKES):
        time.sleep(0)
    common.done(tid=threading.get_native_id(), before=before, after=sys._is_gil_enabled(), takes=TAKES)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] != "waits":
        switch_on(sys.argv[1])
    else:
        measure_waits()
