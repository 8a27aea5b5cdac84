"""An event loop of uvloop's whose epoll calls are counted by a library between it and libc.

usage: uv.py      with a library preloaded that counts into the longs counted_calls, _events, _timeouts

Tasks that sleep, that only yield, and that wait for what another thread rings; each counts its steps.
"""
import asyncio
import ctypes
import queue
import threading
import time

import uvloop

import common

SLEEPS, YIELDS, RINGS = 20, 100, 25
counted = {key: ctypes.c_long.in_dll(ctypes.CDLL(None), f"counted_{key}")
           for key in ("calls", "events", "timeouts")}
asked = queue.SimpleQueue()
steps = 0


def ring(loop):
    for _ in range(RINGS):
        future = asked.get()
        time.sleep(0.01)
        loop.call_soon_threadsafe(future.set_result, None)


async def resumed(awaitable):
    global steps
    await awaitable
    steps += 1


async def task(make, times):
    """@make gives what always suspends."""
    global steps
    steps += 1
    for _ in range(times):
        await resumed(make())


async def main():
    global steps
    steps += 1
    loop = asyncio.get_running_loop()

    def rung():
        future = loop.create_future()
        asked.put(future)
        return future
    await resumed(asyncio.gather(task(lambda: asyncio.sleep(0.005), SLEEPS), task(lambda: asyncio.sleep(0), YIELDS),
                                 task(rung, RINGS)))


loop = uvloop.new_event_loop()
ringer = threading.Thread(target=ring, args=(loop,), daemon=True)
common.ready()
common.go()
ringer.start()
loop.run_until_complete(main())
common.done(tid=threading.get_native_id(), loop=f"{type(loop).__module__}.{type(loop).__name__}", rings=RINGS,
            sleeps=SLEEPS, steps=steps, **{key: value.value for key, value in counted.items()})
