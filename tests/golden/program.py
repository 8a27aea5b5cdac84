"""What the golden recordings are of: a little of everything, names of threads that bite, a child.

    gilscope record --children --with refs,asyncio,stacks -o tests/golden/vN/recording -- python3 tests/golden/program.py
"""
import asyncio
import ctypes
import gc
import os
import select
import threading
import time

HOSTILE = ('quote " and \'', "comma, semi; tab\t", "</script><b>", "new\nline", "back\\slash {}",
           "\u202eright to left", "umläut 日本")


class Node:
    pass


def litter(n):
    for _ in range(n):
        a, b = Node(), Node()
        a.other, b.other = b, a
    gc.collect(1)


def compute():
    x = 0
    end = time.monotonic() + 0.03
    while time.monotonic() < end:
        x += 1


def blocks():
    reader, writer = os.pipe()
    select.select([reader], [], [], 0.01)
    os.write(writer, b".")
    select.select([reader], [], [], 1)
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    poll.poll(5)


async def ticks():
    for _ in range(3):
        await asyncio.sleep(0.002)


def main():
    jobs = [compute, compute, blocks, lambda: litter(200), lambda: asyncio.run(ticks()), blocks,
            lambda: litter(50)]
    # Long enough for their names to be read, before they are busy.
    threads = [threading.Thread(target=lambda job=job: (time.sleep(0.6), job()), name=name) for job, name in zip(jobs, HOSTILE)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    ctypes.PyDLL(None).usleep(20000)  # asleep with the GIL
    child = os.fork()
    if not child:
        litter(20)
        os._exit(0)
    os.waitpid(child, 0)


main()
