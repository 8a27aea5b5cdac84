"""Interpreters with GILs of their own, one that shares the main one's, and known holds of each.

usage: subinterps.py

Interpreters "both" and "other" compute at the same time; "both" then has two threads that want its
GIL.  "late" is made after go.  "shared" has the main interpreter's GIL.  The main thread computes
in "other" and then in the main interpreter, so it uses two GILs in turn.  Each tells how long it
computed, by its own clock; nothing releases a GIL meanwhile but the calls that are counted.  At
most what was run in an interpreter took, as seen from outside, was its GIL held.  "keeper" holds its
own from before READY on, asleep in C, to the end.  One of the two threads of "both" collects,
a known number of times, and the other one needs the GIL meanwhile.
"""
import os
import threading
import time

import _interpreters
import common

try:
    from concurrent import interpreters
except ImportError:  # before 3.14
    interpreters = None

CALLS = 300
COLLECTIONS = 3
HEAP = 200_000
PREPARE = """
import os, threading, time
def burn(seconds):
    end = began = time.monotonic_ns()
    while end - began < seconds * 1e9:
        end = time.monotonic_ns()
    return end - began
"""
TELL = "os.write(%d, b'%%d\\n' %% (%s))"


def make(own=True):
    began = time.monotonic_ns()
    if own and interpreters:
        made = interpreters.create()
        kept.append(made)  # its interpreter goes with it
        id = made.id
    else:
        id = _interpreters.create("isolated" if own else "legacy")
    run(id, PREPARE)
    spent[id] = time.monotonic_ns() - began
    return id


def run(id, code):
    began = time.monotonic_ns()
    failed = _interpreters.exec(id, code)
    if failed:
        raise RuntimeError(failed)
    spent[id] = spent.get(id, 0) + time.monotonic_ns() - began


def timed(id, expression):
    """What @expression is worth in interpreter @id."""
    r, w = os.pipe()
    run(id, TELL % (w, expression))
    told = int(os.read(r, 64))
    os.close(r)
    os.close(w)
    return told


kept, spent, truth = [], {}, {}
exec(PREPARE)
both, other, shared, keeper = make(), make(), make(False), make()
spent[both] = spent[other] = 0  # from here on


def compute(name, id, seconds):
    truth[name] = timed(id, f"burn({seconds})")


def two_threads():
    run(both, """
import gc
gate, times, pauses = threading.Barrier(2), [], []
def told(phase, info):
    if phase == "start":
        pauses.append(-time.monotonic_ns())
    else:
        pauses[-1] += time.monotonic_ns()
def contend(collections):
    gate.wait()
    began = time.monotonic_ns()
    burn(0.25)
    for _ in range(collections):
        gc.collect()
    burn(0.25)
    times.append((began, time.monotonic_ns()))
gc.disable()
heap = [[i] for i in range(%d)]
gc.callbacks.append(told)
crew = [threading.Thread(target=contend, args=(n,)) for n in (%d, 0)]
for t in crew: t.start()
for t in crew: t.join()
gc.callbacks.clear()
took = min(end for _, end in times) - max(began for began, _ in times)
""" % (HEAP, COLLECTIONS))
    truth["contended_ns"] = timed(both, "took")
    truth["pauses_ns"] = timed(both, "sum(pauses)")


def keep():
    """Its GIL is not released before something can be read, which never is."""
    truth["keeper"] = threading.get_native_id()
    run(keeper, f"import ctypes; libc = ctypes.PyDLL(None); os.write({told[1]}, b'k'); "
                f"libc.read({never[0]}, ctypes.create_string_buffer(1), 1)")


told, never = os.pipe(), os.pipe()
threading.Thread(target=keep).start()
os.read(told[0], 1)
time.sleep(0.05)  # from the write to the read it may give the GIL away
common.ready()
common.go()
began = time.monotonic_ns()
crew = [threading.Thread(target=compute, args=("both_ns", both, 0.8)),
        threading.Thread(target=compute, args=("other_ns", other, 0.8))]
for t in crew:
    t.start()
for t in crew:
    t.join()
truth["together_ns"] = time.monotonic_ns() - began
run(other, f"for _ in range({CALLS}): time.sleep(0)")
truth["turn_ns"] = timed(other, "burn(0.15)")
truth["main_ns"] = burn(0.15)
late = make()
crew = [threading.Thread(target=compute, args=("late_ns", late, 0.5)),
        threading.Thread(target=compute, args=("shared_ns", shared, 0.3))]
for t in crew:
    t.start()
for t in crew:
    t.join()
t = threading.Thread(target=two_threads)
t.start()
t.join()
truth.update(both_most_ns=spent[both], other_most_ns=spent[other], late_most_ns=spent[late])
common.done(calls=CALLS, tid=threading.get_native_id(), collections=COLLECTIONS, **truth)
