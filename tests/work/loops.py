"""Event loops: one whose tasks all wait, at places and for each other as the program tells; one that runs.

usage: loops.py [HOLD_MS]

In the thread "waiting", tasks wait in chains of coroutines, some for other tasks.  In "spinning" the
task "spinner" never awaits anything.  With HOLD_MS there is no "spinning": "keeper" keeps the GIL for so
long again and again, asleep, gives it away for a tenth of that, and "comes back" wants it; the truth
then has when each of its holds began, by CLOCK_MONOTONIC.
"""
import asyncio
import ctypes
import sys
import threading
import time
import types

import common

usleep = ctypes.PyDLL(None).usleep
waiting = threading.Event()
spinning = threading.Event()
tids = {}
tasks = {}
awaited_by = {}


async def leaf():
    await asyncio.sleep(3600)


async def middle():
    first = 1
    return first, await leaf()


@types.coroutine
def old_fashioned():
    return (yield from middle())


class Service:
    async def handle(self):
        async with asyncio.Lock():
            await old_fashioned()


async def waits_for(task):
    return await task


async def 待つ():
    await asyncio.get_running_loop().create_future()


def begin(name, coroutine, *by):
    task = asyncio.get_running_loop().create_task(coroutine)
    task.set_name(name)
    tasks[name] = task
    awaited_by[name] = sorted(by)
    return task


async def main():
    tids["waiting"] = threading.get_native_id()
    tasks["основа"] = asyncio.current_task()
    tasks["основа"].set_name("основа")
    awaited_by["основа"] = []
    chain = begin("chain", Service().handle(), "waits 1", "waits 2", "основа")
    begin("waits 1", waits_for(chain), "основа")
    begin("waits 2", waits_for(chain), "основа")
    begin("alone", leaf())
    begin("未来", 待つ(), "основа")
    for _ in range(3):
        await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(waiting.set)
    await asyncio.gather(*[tasks[name] for name in ("chain", "waits 1", "waits 2", "未来")])


def chain_of(coroutine):
    """Newest first: function, file, line."""
    frames = []
    while True:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if not frame:
            return frames[::-1]
        code = frame.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


async def spin():
    spinning.set()
    while True:
        usleep(300)


async def spins():
    tids["spinning"] = threading.get_native_id()
    task = asyncio.get_running_loop().create_task(spin())
    task.set_name("spinner")
    await task


def keep():
    while True:
        began.append(time.monotonic_ns())
        usleep(hold_ms * 1000)
        time.sleep(hold_ms / 10000)


def come_back():
    tids["comes back"] = threading.get_native_id()
    while True:
        time.sleep(0.001)


hold_ms = int(sys.argv[1]) if len(sys.argv) > 1 else 0
began = []
threading.Thread(target=asyncio.run, args=(main(),), name="waiting", daemon=True).start()
waiting.wait()
common.ready()
common.go()
truth = [{"name": name, "frames": chain_of(task.get_coro()), "awaited_by": awaited_by[name]}
         for name, task in tasks.items()]
if hold_ms:
    threading.Thread(target=keep, name="keeper", daemon=True).start()
    threading.Thread(target=come_back, name="comes back", daemon=True).start()
    while len(began) < 2:
        time.sleep(0.01)
else:
    threading.Thread(target=asyncio.run, args=(spins(),), name="spinning", daemon=True).start()
    spinning.wait()
common.done(tasks=truth, tids=tids, began=began)
