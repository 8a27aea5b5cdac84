"""Event loops whose iterations, task steps and blocking callbacks are known.

usage: tasks.py [LOOPS [TASKS [ROUNDS [BLOCK_MS [late]]]]]

Each loop has a thread of its own (the first one the main thread), an epoll object that counts and
times its polls, TASKS tasks that each yield ROUNDS times, a callback and a task's step that block
the loop for BLOCK_MS each, a task that is cancelled, and one that itself polls another epoll.  One
more thread polls an epoll in a loop, and is no event loop.  With `late` asyncio is imported
after go.
"""
import select
import sys
import threading
import time

import common

POLLS = 150  # of the thread that is no event loop
INNER_POLLS = 7  # of the task that polls
BLOCKED_NS = 100_000_000


def ordinary():
    with select.epoll() as e:
        for _ in range(POLLS):
            e.poll(0)


def make(tasks=4, rounds=100, block_ms=150):
    """A class of loops; asyncio is imported here."""
    import asyncio
    import selectors

    class CountingEpoll:
        def __init__(self, epoll):
            self.epoll = epoll
            self.calls, self.events, self.timeouts = 0, 0, 0
            self.since, self.busy = 0, []

        def __getattr__(self, name):
            return getattr(self.epoll, name)

        def poll(self, timeout=None, maxevents=-1):
            if self.calls:
                self.busy.append(time.monotonic_ns() - self.since)
            self.calls += 1
            events = self.epoll.poll(timeout, maxevents)
            self.since = time.monotonic_ns()
            self.events += len(events)
            self.timeouts += not events and timeout != 0
            return events

    class Loop:
        def __init__(self):
            selector = selectors.EpollSelector()
            self.epoll = selector._selector = CountingEpoll(selector._selector)
            self.loop = asyncio.SelectorEventLoop(selector)
            self.steps = 0

        def run(self):
            self.tid = threading.get_native_id()
            self.loop.run_until_complete(self.main())
            self.loop.close()

        def truth(self):
            blocked = [ns for ns in self.epoll.busy if ns > BLOCKED_NS]
            return {"tid": self.tid, "iterations": self.epoll.calls - 1, "steps": self.steps,
                    "blocked": len(blocked), "blocked_ns": sum(blocked), "block_ms": block_ms}

        async def worker(self):
            self.steps += 1
            for _ in range(rounds):
                await asyncio.sleep(0)
                self.steps += 1

        async def sleeper(self):
            self.steps += 1
            await asyncio.sleep(600)

        async def poller(self):
            """A step that polls another epoll: no iteration of the loop."""
            self.steps += 1
            with select.epoll() as e:
                for _ in range(INNER_POLLS):
                    e.poll(0)
            await asyncio.sleep(0.005)
            self.steps += 1

        async def wait(self, awaitable):
            result = await awaitable
            self.steps += 1
            return result

        async def main(self):
            self.steps += 1
            await self.wait(asyncio.gather(*[self.worker() for _ in range(tasks)]))
            self.loop.call_soon(time.sleep, block_ms / 1000)
            await self.wait(asyncio.sleep(0.01))
            await self.wait(asyncio.sleep(0))
            time.sleep(block_ms / 1000)
            await self.wait(asyncio.sleep(0.01))
            # Who awaits an exception, a cancellation or another's, is resumed by a throw(), which is
            # no step: neither of the two is.
            cancelled = self.loop.create_task(self.sleeper())
            await self.wait(asyncio.sleep(0.01))
            cancelled.cancel()
            try:
                await cancelled
            except asyncio.CancelledError:
                pass
            await self.wait(self.loop.create_task(self.poller()))

    return Loop


def main(loops=3, *what, late=False):
    running = []

    def run():
        loop = (make(*what) if late else Loop)()
        running.append(loop)
        loop.run()

    Loop = None if late else make(*what)
    crew = common.Crew()
    for n in range(loops - 1):
        crew.add(f"loop-{n}", run)
    crew.add("ordinary", ordinary)
    common.ready()
    common.go()
    if late:
        make(*what)
        time.sleep(1.5)  # the tracer looks once a second
    crew.start()
    run()
    crew.join()
    common.done(loops=[l.truth() for l in running], ordinary=crew.tids["ordinary"])


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:5]], late="late" in sys.argv)
