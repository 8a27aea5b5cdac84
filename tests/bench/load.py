"""A fixed amount of work to be timed: load.py NAME; prints READY, waits for go, prints the times,
and begins again, until there is no more go.

The amount does not depend on the time it takes, so that traced and untraced runs compare.  A
workload is a function that prepares (threads, sockets, a client) and returns what is to be timed;
its row in LOADS says what it is.  With --knock a thread measures every millisecond how long taking
the GIL takes, as gilknocker does from inside a program.

load.py paced THREADS CALLS_PER_SECOND SECONDS works at a rate instead, and prints how often it took
the GIL; load.py pingpong_for SECONDS plays until the time is over.
"""
import asyncio
import functools
import gc
import hashlib
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "work"))
sys.setswitchinterval(0.005)


def together(work):
    """Threads for these (function, arguments), started; returns what lets them go and waits."""
    gate, opener = os.pipe()

    def run(f, args):
        os.read(gate, 1)
        f(*args)
    threads = [threading.Thread(target=run, args=w, daemon=True) for w in work]
    for t in threads:
        t.start()

    def go():
        os.write(opener, b"." * len(threads))
        for t in threads:
            t.join()
    return go


def cpu4():
    def compute():
        for _ in range(175):
            sum(range(50_000))
    return together([(compute, ())] * 4)


def play(sock, serves, rounds):
    for _ in range(rounds):
        if serves:
            sock.send(b".")
        sock.recv(1)
        if not serves:
            sock.send(b".")


def pingpong():
    work = []
    for _ in range(4):
        a, b = socket.socketpair()
        work += [(play, (a, True, 6_000)), (play, (b, False, 6_000))]
    return together(work)


def read_loop():
    fd = os.open("/dev/zero", os.O_RDONLY)

    def go():
        read = os.read
        for _ in range(500_000):
            read(fd, 1)
    return go


def asyncio_echo():
    async def serve(sock):
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(sock, 64):
            await loop.sock_sendall(sock, data)

    async def talk(sock):
        loop = asyncio.get_running_loop()
        for _ in range(1000):
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
    return lambda: asyncio.run(main())


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: no waiting for a delayed ACK

    def do_GET(self):
        body = json.dumps({"path": self.path, "numbers": list(range(50))}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@functools.cache
def serving():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def http_server():
    """The client may run on another interpreter (CLIENT_PYTHON), so that no tracer sees it."""
    server = serving()
    client = subprocess.Popen([os.environ.get("CLIENT_PYTHON", sys.executable), __file__, "http_client",
                               str(server.server_port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    client.stdout.readline()

    def go():
        client.stdin.write(b".")
        client.stdin.flush()
        if not client.stdout.readline():
            raise RuntimeError("the client failed")
    return go


def http_client(port):
    connections = [http.client.HTTPConnection("127.0.0.1", int(port)) for _ in range(4)]
    failed = []

    def ask(c, times):
        try:
            for i in range(times):
                c.request("GET", f"/{i}")
                c.getresponse().read()
        except OSError as e:
            failed.append(e)
    for c in connections:
        ask(c, 1)
    go = together([(ask, (c, 450)) for c in connections])
    os.write(1, b"READY\n")
    os.read(0, 1)
    go()
    if not failed:
        os.write(1, b"DONE\n")


def pure():
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    return lambda: fib(32)


class Thing:
    pass


def alloc(times=2_000_000):
    def go():
        for _ in range(times):
            Thing(), [1], {1: 1}
    return go


def alloc_long():
    """A budget is a share of time, so some time has to go by: at the start all is counted until it is spent."""
    return alloc(30_000_000)


def gc_storm():
    """Cycles made and found by the collector: young ones all the time, all of them now and then."""
    old = [[i] for i in range(20_000)]

    def go():
        for i in range(1800):
            for _ in range(60):
                a, b = [], []
                a.append(b)
                b.append(a)
            gc.collect(2 if i % 20 == 0 else 0)
        old.clear()
    return go


def file_io():
    directory = tempfile.TemporaryDirectory(prefix="gilscope-load.")
    block = b"x" * 16_384

    def work(name):
        path = os.path.join(directory.name, name)
        for _ in range(400):
            with open(path, "wb", 0) as f:
                for _ in range(4):
                    f.write(block)
            with open(path, "rb", 0) as f:
                while f.read(16_384):
                    pass
    go = together([(work, (str(i),)) for i in range(4)])

    def all_of_it():
        go()
        directory.cleanup()
    return all_of_it


try:
    if sys.argv[1:2] != ["numpy_work"]:
        raise ImportError
    import numpy
except ImportError:
    numpy = None


def numpy_work():
    """Long operations that release the GIL; where there is no numpy, hashes of large blocks do."""
    def arrays():
        a = numpy.linspace(0, 1, 100_000)
        for _ in range(1000):
            numpy.sin(a, out=a)

    def hashes():
        block = b"x" * 500_000
        for _ in range(300):
            hashlib.sha1(block).digest()
    return together([(arrays if numpy else hashes, ())] * 4)


LOADS = {
    "cpu4": "4 threads that compute",
    "pingpong": "8 threads ping-ponging over sockets",
    "read_loop": "1 thread, os.read of one byte in a loop",
    "asyncio_echo": "asyncio, 8 echoing socket pairs",
    "http_server": "ThreadingHTTPServer, 4 connections from a client in another process",
    "pure": "1 thread of pure Python",
    "alloc": "objects made and dropped, 1 thread",
    "alloc_long": "the same for some seconds, for what has a budget",
    "gc_storm": "cyclic garbage and collections, 1 thread",
    "file_io": "4 threads that write and read files",
    "numpy_work": "4 threads of numpy operations that release the GIL",
}


# Workloads for these columns only.
ONLY = {"alloc_long": {"refs, budget", "refs, stacks, budget"}}


def knock():
    """How long taking the GIL takes, each millisecond: the share of the time it was not to be had."""
    waited = 0

    def run():
        nonlocal waited
        while True:
            began = time.perf_counter()
            time.sleep(0.001)
            waited += time.perf_counter() - began - 0.001
    threading.Thread(target=run, daemon=True).start()


def timed(name):
    go = globals()[name]()
    if "--knock" in sys.argv:
        knock()
    note = {"with": None}
    if name == "numpy_work":
        note["with"] = f"numpy {numpy.__version__}" if numpy else "hashlib, for want of numpy"
    while True:
        os.write(1, b"READY " + json.dumps(note).encode() + b"\n")
        if not os.read(0, 1):
            os._exit(0)
        began, cpu = time.perf_counter(), time.process_time()
        go()
        result = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        os.write(1, json.dumps(result).encode() + b"\n")
        go = globals()[name]()


def paced(threads, rate, seconds):
    """Blocking calls at a rate, in batches of a millisecond or more; the truth is their number."""
    import common
    threads, rate, seconds = int(threads), float(rate), float(seconds)
    null = os.open("/dev/null", os.O_WRONLY)
    each = max(2, round(rate / threads / 1000))  # calls a tick, one of which is the sleep
    tick, batch = each * threads / rate, each - 1
    calls = [0] * threads

    def work(me):
        end = time.monotonic() + seconds
        due = time.monotonic() + tick * me / threads
        write, made = os.write, 0
        while True:
            now = time.monotonic()
            if now >= end:
                break
            if now < due:
                time.sleep(due - now)
                made += 1
            due += tick
            for _ in range(batch):
                write(null, b".")
            made += batch
        calls[me] = made
    threading.stack_size(128 * 1024)
    crew = common.Crew()
    for i in range(threads):
        crew.add(f"t{i}", work, i)
    common.ready()
    common.go()
    crew.work()
    # Each thread also takes the GIL after its start gate and after the note of its end.
    common.done(tids=sorted(crew.tids.values()), takes=sum(calls) + 2 * threads)


def pingpong_for(seconds):
    """Until the time is over; prints how many calls there were, each of which took the GIL."""
    import common
    calls = []

    def serve(sock):
        end, made = time.monotonic() + float(seconds), 0
        while time.monotonic() < end:
            for _ in range(500):
                sock.send(b".")
                sock.recv(1)
            made += 1000
        sock.send(b"q")
        calls.append(made + 1)

    def answer(sock):
        made = 1
        while sock.recv(1) == b".":
            sock.send(b".")
            made += 2
        calls.append(made)
    crew = common.Crew()
    for i in range(4):
        a, b = socket.socketpair()
        crew.add(f"serve{i}", serve, a)
        crew.add(f"answer{i}", answer, b)
    common.ready()
    signal.alarm(int(float(seconds)) + 600)
    common.go()
    crew.work()
    common.done(tids=sorted(crew.tids.values()), takes=sum(calls) + 2 * len(crew.threads))


if __name__ == "__main__":
    name, *args = [a for a in sys.argv[1:] if a != "--knock"]
    if name in LOADS:
        timed(name)
    elif name in ("http_client", "paced", "pingpong_for"):
        globals()[name](*args)
    else:
        sys.exit(f"load.py: {name}: unknown; there are {', '.join(LOADS)}")
