"""Waits for the GIL, collections and iterations of an event loop, as long as it is told to make them.

usage: holding.py WAIT_MS GC_MS LOOP_MS (0: none)
"""
import asyncio
import ctypes
import gc
import sys
import threading
import time

import common

sleep_holding = ctypes.PyDLL(None).usleep


class Slow:
    """Garbage that takes so long to be collected."""

    def __init__(self, seconds):
        self.seconds, self.me = seconds, self

    def __del__(self):
        time.sleep(self.seconds)


def wait(ms):
    """One thread waits about so long for the GIL, which another one keeps in its sleep."""
    holder = threading.Thread(target=sleep_holding, args=(ms * 1000,), name="holder")
    waiter = threading.Thread(target=time.sleep, args=(0.005,), name="waiter")
    waiter.start()
    holder.start()
    for t in (holder, waiter):
        t.join()


def main():
    wait_ms, gc_ms, loop_ms = map(int, sys.argv[1:])
    gc.disable()
    common.ready()
    common.go()
    if wait_ms:
        wait(wait_ms)
    if gc_ms:
        Slow(gc_ms / 1000)
        gc.collect()
    if loop_ms:
        async def block():
            time.sleep(loop_ms / 1000)
        asyncio.run(block())
    common.done()


if __name__ == "__main__":
    main()
