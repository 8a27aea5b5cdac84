"""Threads that sleep again and again, each in one place, below calls of every kind.

usage: sleeps.py

They are told by their ids: 5, 100 and 200 calls deep.
"""
import threading
import time

import common


def asleep():
    while True:
        time.sleep(0.02)


def deep(n):
    return deep(n - 1) if n else asleep()


def items(n):
    yield deep(n)


def begin(n):
    tids.append(threading.get_native_id())
    sorted([1], key=lambda _: [x for x in items(n)])


tids = []
for depth in 5, 100, 200:
    threading.Thread(target=begin, args=(depth,), daemon=True).start()
while len(tids) < 3:
    time.sleep(0.01)
common.ready(tids=tids)
common.go()
