"""A fixed amount of work to be timed: load.py NAME; prints READY, waits for go, prints seconds.

The amount does not depend on the time it takes, so that traced and untraced runs compare.
"""
import asyncio
import os
import socket
import sys
import threading
import time


def read_loop():
    """One thread, os.read only: the worst case, millions of takes a second."""
    fd = os.open("/dev/zero", os.O_RDONLY)
    read = os.read
    for _ in range(600_000):
        read(fd, 1)


def pingpong():
    """Eight threads in pairs over pipes."""
    def play(reader, writer, serves):
        for _ in range(20_000):
            if serves:
                os.write(writer, b".")
            os.read(reader, 1)
            if not serves:
                os.write(writer, b".")
    run = []
    for _ in range(4):
        a, b = os.pipe(), os.pipe()
        run += [(play, (a[0], b[1], True)), (play, (b[0], a[1], False))]
    together(run)


def asyncio_echo():
    """Echo over eight socket pairs in one loop."""
    async def serve(sock):
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(sock, 64):
            await loop.sock_sendall(sock, data)

    async def talk(sock):
        loop = asyncio.get_running_loop()
        for _ in range(1500):
            await loop.sock_sendall(sock, b"ping")
            await loop.sock_recv(sock, 64)
        sock.close()

    async def main():
        jobs = []
        for _ in range(8):
            a, b = socket.socketpair()
            a.setblocking(False)
            b.setblocking(False)
            jobs += [talk(a), serve(b)]
        await asyncio.gather(*jobs)
    asyncio.run(main())


def mix():
    """Two threads that compute, four that do I/O."""
    def compute():
        for _ in range(220):
            sum(range(50_000))

    def pump():
        reader, writer = os.pipe()
        for _ in range(60):
            os.write(writer, b".")
            os.read(reader, 1)
            time.sleep(0.001)
    together([(compute, ())] * 2 + [(pump, ())] * 4)


def cpu4():
    """Four threads that compute."""
    def compute():
        for _ in range(130):
            sum(range(50_000))
    together([(compute, ())] * 4)


class Thing:
    pass


def alloc():
    """Objects made and dropped; traced with --with refs."""
    for _ in range(150_000):
        Thing(), [1], {1: 1}


def together(work):
    threads = [threading.Thread(target=f, args=a) for f, a in work]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


work = globals()[sys.argv[1]]
os.write(1, b"READY\n")
os.read(0, 1)
began = time.perf_counter()
work()
took = time.perf_counter() - began
os.write(1, f"{took:.6f}\n".encode())
os.read(0, 1)
