"""An asyncio program whose selector counts its own epoll calls.

usage: aio.py [CLIENTS [MESSAGES]]

Echo over socket pairs, tasks that sleep, and a thread that wakes the loop from outside.  The loop runs on an
EpollSelector whose epoll object counts every poll: calls, events returned, and polls that were
willing to wait and returned nothing (time-outs).
"""
import asyncio
import selectors
import socket
import sys
import threading
import time

import common

RINGS = 15
count = {"calls": 0, "events": 0, "timeouts": 0, "nonblocking": 0}


class CountingEpoll:
    def __init__(self, epoll):
        self.epoll = epoll

    def __getattr__(self, name):
        return getattr(self.epoll, name)

    def poll(self, timeout=None, maxevents=-1):
        count["calls"] += 1
        count["nonblocking"] += timeout == 0
        events = self.epoll.poll(timeout, maxevents)
        count["events"] += len(events)
        count["timeouts"] += not events and timeout != 0
        return events


class CountingSelector(selectors.EpollSelector):
    def __init__(self):
        super().__init__()
        self._selector = CountingEpoll(self._selector)


async def serve(sock):
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(sock, 100):
        await loop.sock_sendall(sock, data)


async def talk(sock, messages):
    loop = asyncio.get_running_loop()
    for i in range(messages):
        await loop.sock_sendall(sock, b"%d" % i)
        await loop.sock_recv(sock, 100)
        if i % 10 == 0:
            await asyncio.sleep(0.003)
    sock.close()


def ring(loop, rung):
    for _ in range(RINGS):
        time.sleep(0.01)
        loop.call_soon_threadsafe(lambda: None)
    loop.call_soon_threadsafe(rung.set)


async def jobs_of(clients, messages):
    jobs = []
    for _ in range(clients):
        a, b = socket.socketpair()
        a.setblocking(False)
        b.setblocking(False)
        jobs += [talk(a, messages), serve(b)]
    await asyncio.gather(*jobs)
    for _ in range(20):
        await asyncio.sleep(0.005)
    rung = asyncio.Event()
    threading.Thread(target=ring, args=(asyncio.get_running_loop(), rung)).start()
    await rung.wait()


def run(clients, messages):
    """All of it, in a loop of its own in this thread.  Return: the counts."""
    loop = asyncio.SelectorEventLoop(CountingSelector())
    loop.run_until_complete(jobs_of(clients, messages))
    loop.close()
    return count


def main(clients=8, messages=100):
    common.ready()
    common.go()
    common.done(**run(clients, messages))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
