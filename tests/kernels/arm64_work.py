"""What is traced in the arm64 guest: threads that compute and sleep, collections, classes' objects.
Only built-in modules: there is no standard library beside it."""
import _thread
import gc
import time

SLEEPS = 200
OBJECTS = 500
GENERATIONS = (0, 1, 2, 2, 0)
RINGS = 7

gc.disable()
ended = []


def compute():
    end = time.monotonic() + 2
    while time.monotonic() < end:
        pass
    ended.append(1)


def sleep():
    for _ in range(SLEEPS):
        time.sleep(0.001)
    ended.append(1)


class Plain:
    pass


for work in (compute, compute, sleep, sleep):
    _thread.start_new_thread(work, ())
while len(ended) < 4:
    time.sleep(0.05)
for generation in GENERATIONS:
    for _ in range(RINGS):
        ring = []
        ring.append(ring)
    del ring
    print("collected", generation, gc.collect(generation), flush=True)
for _ in range(OBJECTS):
    Plain()
