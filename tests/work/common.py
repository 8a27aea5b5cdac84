"""What every workload shares: say READY, wait for go, tell the truth, wait to quit.

A test starts a workload with a pipe as its standard input and waits for its
line "READY {json}".  It attaches the tracer, writes one byte (go), and waits
for the workload's one line of JSON: the truth, by its own count.  Then it
stops the tracer and writes a second byte (quit).  Both waits are a read():
the GIL is free meanwhile, and no call of the io family is made.
"""
import json
import os
import signal
import threading

LIFE_S = 600  # a forgotten workload ends by itself


def say(line):
    os.write(1, line.encode() + b"\n")


def ready(**info):
    signal.alarm(LIFE_S)
    info.update(pid=os.getpid(), main_tid=threading.get_native_id())
    say("READY " + json.dumps(info))


def go():
    """Wait for the go byte."""
    if os.read(0, 1) == b"":
        os._exit(1)


def done(**truth):
    """Print the truth, wait for the quit byte, end without any clean-up."""
    say(json.dumps(truth))
    os.read(0, 1)
    os._exit(0)


class Gate:
    """Threads wait in read() until it opens; then it stays open.  Reading releases the GIL
    once, and takes it once: the only trace a gate leaves in the counts."""

    def __init__(self):
        self.reader, self.writer = os.pipe()

    def wait(self):
        os.read(self.reader, 1)

    def open(self, waiters):
        os.write(self.writer, b"." * waiters)


class Crew:
    """Threads that exist before go, work between two gates, and stay until quit."""

    def __init__(self):
        self.start_gate = Gate()
        self.end_gate = Gate()
        self.finished, self.finish = os.pipe()
        self.tids = {}
        self.threads = []

    def add(self, name, work, *args):
        known = threading.Event()

        def run():
            self.tids[name] = threading.get_native_id()
            known.set()
            self.start_gate.wait()
            work(*args)
            os.write(self.finish, b".")
            self.end_gate.wait()

        t = threading.Thread(target=run, name=name, daemon=True)
        t.start()
        known.wait()
        self.threads.append(t)

    def start(self):
        """Let them all work."""
        self.start_gate.open(len(self.threads))

    def join(self):
        """Return when the last one is at the end gate."""
        for _ in self.threads:
            os.read(self.finished, 1)

    def work(self):
        self.start()
        self.join()
