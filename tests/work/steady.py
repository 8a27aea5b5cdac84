"""Known numbers of objects made and dropped, at a steady rate, for so long.

usage: steady.py RATE SECONDS

A Widget and a list, RATE times a second each, and half as many dicts; a batch every millisecond,
or as often as makes two of them.  On SIGUSR1 it makes next to nothing any more.
"""
import gc
import signal
import sys
import time

import common

rate, seconds = int(sys.argv[1]), float(sys.argv[2])
TICK = max(0.001, 2 / rate)
calm = False


class Widget:
    pass


def on_signal(*_):
    global calm
    calm = True


signal.signal(signal.SIGUSR1, on_signal)
gc.disable()
batch = round(rate * TICK)
common.ready()
common.go()
made = ticks = 0
start = time.perf_counter()
while (now := time.perf_counter() - start) < seconds:
    n = batch // 100 if calm else batch
    for i in range(n):
        Widget(), [i]
        if i & 1:
            {i: i}
    made += n
    ticks += 1
    late = ticks * TICK - now
    if calm:
        time.sleep(0.01)  # the clock readings of a loop make objects, too
    elif late > 0:
        time.sleep(late)
common.done(rates={"Widget": made / now, "list": made / now, "dict": made / 2 / now},
            counts={"Widget": made}, seconds=now)
