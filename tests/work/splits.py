"""Holders that block in known system calls, and threads that wait for the GIL meanwhile.

usage: splits.py ROUNDS

"sleeper" sleeps and "reader" reads what another process writes when asked, ROUNDS times each,
without giving up the GIL.  Two more want it all the time.  Nobody is made to give it up: the switch
interval is ten seconds; so what a thread's clock says before and after a call is about the call.
"""
import ctypes
import os
import sys
import threading
import time

import common

rounds = int(sys.argv[1])
libc = ctypes.PyDLL(None)
reader, writer = os.pipe()
asked, ask = os.pipe()
byte = ctypes.create_string_buffer(b".", 1)
spent = {"sleeper": 0, "reader": 0}
over = threading.Event()


def answer():
    os.close(ask)
    while os.read(asked, 1):
        time.sleep(0.01)
        os.write(writer, b".")
    os._exit(0)


def read():
    """What it asks for comes later: it sleeps in read()."""
    libc.write(ask, byte, 1)
    libc.read(reader, byte, 1)


def in_call(name, call, *args):
    clock = time.monotonic_ns
    for _ in range(rounds):
        begin = clock()
        call(*args)
        spent[name] += clock() - begin
        time.sleep(0.004)


def nap():
    while not over.is_set():
        time.sleep(0.0005)


sys.setswitchinterval(10)
if not os.fork():
    answer()
os.close(asked)
crew = common.Crew()
crew.add("sleeper", in_call, "sleeper", libc.usleep, 15_000)
crew.add("reader", in_call, "reader", read)
for i in range(2):
    crew.add(f"napper{i}", nap)
common.ready()
common.go()
crew.start()
os.read(crew.finished, 1)  # neither of the nappers ends before these two
os.read(crew.finished, 1)
over.set()
os.read(crew.finished, 1)
os.read(crew.finished, 1)
common.done(tids=crew.tids, spent=spent, rounds=rounds)
