"""Cyclic garbage, collected on request and by itself, with the collector's own statistics.

Counts, objects collected and uncollectable are differences of gc.get_stats(); pauses are the
time between the collector's own start and stop callbacks.  In the incremental collector of 3.14.0 to
3.14.4 the statistics leave out increments that only mark, or find that nothing is due; callbacks are
told of them, and they count.
"""
import gc
import sys
import threading
import time

import common

INCREMENTAL = (3, 14) <= sys.version_info < (3, 14, 5) and getattr(sys, "_is_gil_enabled", bool)()
EXPLICIT = (5, 4, 3)  # gc.collect(0), (1), (2)
pauses = [[], [], []]
began = 0


def watch(phase, info):
    global began
    if phase == "start":
        began = time.monotonic_ns()
    else:
        pauses[info["generation"]].append(time.monotonic_ns() - began)


class Node:
    pass


def litter(n):
    for _ in range(n):
        a, b = Node(), Node()
        a.other, b.other = b, a


def begin():
    """Count from here on.  Return: what end() takes."""
    gc.callbacks.append(watch)
    return gc.get_stats()


def work():
    litter(30_000)
    for generation, times in enumerate(EXPLICIT):
        for _ in range(times):
            litter(50)
            gc.collect(generation)


def end(before):
    """The last collection has been.  Return: the truth since begin()."""
    after = gc.get_stats()
    gc.callbacks.clear()
    gc.disable()
    stats = [{k: a[k] - b[k] for k in a} for a, b in zip(after, before)]
    if INCREMENTAL:
        stats[1]["collections"] = max(stats[1]["collections"], len(pauses[1]))
    return {"stats": stats,
            "pauses": [{"count": len(p), "sum_ns": sum(p), "max_ns": max(p, default=0)}
                       for p in pauses]}


def main():
    ballast = [[i] for i in range(100_000)]  # something to walk in generation 2
    gc.collect()
    common.ready()
    common.go()
    before = begin()
    work()
    common.done(explicit=EXPLICIT, tid=threading.get_native_id(), **end(before))


if __name__ == "__main__":
    main()
