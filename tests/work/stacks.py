"""Threads that stand still at places that the program itself tells, and some that do not.

usage: stacks.py [THREADS [BUSY]]

Each of THREADS waits at a gate, below a stack of its own: functions, methods, lambdas, closures,
comprehensions, decorators, generators, coroutines, names in other scripts, code whose lines are far
apart.  One is 300 calls deep, one is in a callback of the collector, one runs in an interpreter of its
own where there can be one.  The truth is what sys._current_frames() says of them.  BUSY threads call
functions in turn, each from a line of its own.
"""
import asyncio
import functools
import gc
import os
import sys
import threading

import common
import layers
from layers import LAYERS, call, rng

try:
    import _interpreters
    create = functools.partial(_interpreters.create, "legacy")
    execute = _interpreters.exec
except ImportError:
    try:
        import _xxsubinterpreters as _interpreters
        create = functools.partial(_interpreters.create, **({"isolated": False} if sys.version_info >= (3, 9) else {}))
        execute = _interpreters.run_string
    except ImportError:
        _interpreters = None

gate = common.Gate()


def park():
    gate.wait()


def coroutine(rest):
    async def outer():
        await asyncio.sleep(0)
        return await middle()

    async def middle():
        async for x in stream():
            return x

    async def stream():
        yield call(rest)
    return asyncio.run(outer())


def deep(n):
    return deep(n - 1) if n else park()


def collecting():
    def callback(phase, info):
        if phase == "start" and threading.current_thread().name == "collecting":
            park()
    gc.callbacks.append(callback)
    gc.collect()


def elsewhere():
    execute(create(), "import os\ndef park():\n    os.read(%d, 1)\npark()\n" % gate.reader)


tids = {}


def begin(name, work, *args):
    known = threading.Event()

    def run():
        tids[threading.get_ident()] = threading.get_native_id(), name
        known.set()
        work(*args)
    threading.Thread(target=run, name=name, daemon=True).start()
    known.wait()


def frames_of(frame):
    """Newest first."""
    while frame:
        code = frame.f_code
        kind = ("async_generator" if code.co_flags & 0x200 else "coroutine" if code.co_flags & 0x80
                else "generator" if code.co_flags & 0x20 else "function")
        yield [getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno, kind]
        frame = frame.f_back


def told():
    """All that stand still, once they do."""
    while True:
        now = {ident: list(frames_of(f)) for ident, f in sys._current_frames().items() if ident in tids}
        still = {ident: f for ident, f in now.items() if f[0][0].endswith("wait")
                 and f[1][0] == "park"}
        if len(still) == len(tids) - ("elsewhere" in (name for _, name in tids.values())):
            return [{"tid": tids[ident][0], "name": tids[ident][1], "frames": f} for ident, f in still.items()]
        os.sched_yield()


def count(n):
    for _ in range(n): pass


def first(n):
    count(n)
    second(n)
    third(n); count(n)


def second(n):
    count(n)
    third(n)


def third(n):
    k = n
    list(forth(k))


def forth(n):
    yield 1
    count(n)
    yield 2


def busy(seed):
    n = seed
    while True:
        n = n * 5 % 37
        first(n)


layers.bottom = park
threads = int(sys.argv[1]) if len(sys.argv) > 1 else 200
threading.stack_size(512 << 10)
for i in range(threads):
    layers = [rng.choice(LAYERS) for _ in range(rng.randrange(12))]
    if i % 20 == 7:
        layers.insert(rng.randrange(len(layers) + 1), coroutine)
    begin(f"нить {i}", call, layers)
threading.stack_size(0)
if threads:
    begin("deep", deep, 300)
    begin("collecting", collecting)
    if _interpreters:
        begin("elsewhere", elsewhere)
truth = told()
elsewhere_tid = [tid for tid, name in tids.values() if name == "elsewhere"]
for i in range(int(sys.argv[2]) if len(sys.argv) > 2 else 0):
    begin("busy", busy, i + 2)
common.ready()
common.go()
common.done(threads=truth, elsewhere=elsewhere_tid, busy=[tid for tid, name in tids.values() if name == "busy"],
            qualified=sys.version_info >= (3, 11), file=__file__)
