"""Pairs of threads that pass a byte to and fro over pipes: a known number of takes.

usage: pingpong.py [PAIRS [ROUNDS]]

Each thread makes ROUNDS os.read and ROUNDS os.write calls; each such call releases the GIL
once and takes it once, and so do the start gate and the note that the thread has finished.
Nothing else a thread does between the gates releases the GIL, unless another one asks for it.
"""
import os
import sys

import common


def play(reader, writer, serves, rounds):
    for _ in range(rounds):
        if serves:
            os.write(writer, b".")
            os.read(reader, 1)
        else:
            os.read(reader, 1)
            os.write(writer, b".")


def join(crew, pairs, rounds):
    """Add them to a crew.  Return: the takes of each."""
    for p in range(pairs):
        a, b = os.pipe(), os.pipe()
        crew.add(f"ping{p}", play, a[0], b[1], True, rounds)
        crew.add(f"pong{p}", play, b[0], a[1], False, rounds)
    return 2 * rounds + 2


def main(pairs=1, rounds=2000):
    crew = common.Crew()
    takes = join(crew, pairs, rounds)
    common.ready(tids=crew.tids)
    common.go()
    crew.work()
    common.done(tids=crew.tids, rounds=rounds, takes=takes)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
