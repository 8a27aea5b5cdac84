"""A part of a made-up host: a thread pool, an event loop, or a short batch, each with its own counts.

usage: services.py web REQUESTS     four threads; each request computes and collects generation 1 once
       services.py loop TASKS STEPS tasks that give way STEPS times each
       services.py batch N          N collections of generation 2, without READY or go; then it ends

The truth is printed at the end; web and loop end after quit, as programs do.
"""
import gc

gc.disable()  # only those that are asked for; what the imports below leave, too
import asyncio  # noqa: E402
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import common

gc.freeze()


def request(n):
    began = time.thread_time()
    while time.thread_time() - began < 0.01:
        sum(range(2000))
    gc.collect(1)
    return time.thread_time() - began


def web(requests):
    with ThreadPoolExecutor(4) as pool:
        met = threading.Barrier(4)
        list(pool.map(lambda _: met.wait(), range(4)))  # its threads are there
        common.ready()
        common.go()
        before = gc.get_stats()[1]["collections"]
        held = sum(pool.map(request, range(requests)))
        return {"collections": gc.get_stats()[1]["collections"] - before, "held": held}


def loop(tasks, steps):
    resumed = 0

    async def task():
        nonlocal resumed
        resumed += 1
        for _ in range(steps):
            await asyncio.sleep(0)
            resumed += 1

    async def main():
        nonlocal resumed
        resumed += 1
        await asyncio.gather(*(task() for _ in range(tasks)))
        resumed += 1

    common.ready()
    common.go()
    runner = asyncio.new_event_loop()
    runner.run_until_complete(main())
    runner.close()
    return {"steps": resumed}


def batch(collections):
    time.sleep(0.15)
    for _ in range(collections):
        gc.collect()
    os._exit(0)


what, *numbers = sys.argv[1:]
common.done(**globals()[what](*map(int, numbers)))
