"""A host's services for the fleet's test: rounds of work, each of them told with its own counts.

usage: fleet.py web REQUESTS       a threaded HTTP server; a client, a process of its own, asks REQUESTS times a round
       fleet.py loop TASKS STEPS   an event loop: tasks that give way STEPS times, and three collections a round
       fleet.py batch N            N collections and the end, without rounds
       fleet.py gc SECONDS         from go on collections that take 0.3 s each, as what they find is slow to end
       fleet.py blocked SECONDS    from go on an event loop that sleeps where it should await

A round begins with the byte g on standard input and ends with a line of JSON; q ends the program.
Collections are those that are asked for, and no others: of generation 1 one for each request, of
generation 2 those of the loop, timed by the collector's own callbacks.
"""
import gc

gc.disable()
import asyncio  # noqa: E402
import http.client
import http.server
import json
import os
import sys
import threading
import time

import common

gc.freeze()
CLIENTS = 4
lock = threading.Lock()
done = {"requests": 0, "computed": 0.0}


class Handler(http.server.BaseHTTPRequestHandler):
    """A thread for each request; what it has done is counted before it answers."""

    def do_GET(self):
        began = time.thread_time()
        while time.thread_time() - began < 0.001:
            sum(range(500))
        gc.collect(1)
        with lock:
            done["requests"] += 1
            done["computed"] += time.thread_time() - began
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def ask(port, requests):
    for _ in range(requests):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/")
        if connection.getresponse().read() != b"ok":
            os._exit(1)
        connection.close()
        time.sleep(0.02)


def client(port, requests, asked, tell):
    while os.read(asked, 1):
        before = time.process_time()
        threads = [threading.Thread(target=ask, args=(port, requests // CLIENTS)) for _ in range(CLIENTS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        os.write(tell, b"%f\n" % (time.process_time() - before))
    os._exit(0)


def rounds(one):
    """One after the other, as they are asked for."""
    while os.read(0, 1) == b"g":
        before = time.process_time()
        truth = one()
        common.say(json.dumps({**truth, "cpu": time.process_time() - before}))
    os._exit(0)


def web(requests):
    server = Server(("127.0.0.1", 0), Handler)
    (asked, ask_it), (told, tell) = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.close(ask_it)  # ours to end by
        os.close(0)
        client(server.server_port, requests, asked, tell)
    os.close(tell)  # the client's end is the end of what it tells
    threading.Thread(target=server.serve_forever, name="accept", daemon=True).start()

    def one():
        before = dict(done)
        os.write(ask_it, b"g")
        clients = os.read(told, 100)
        if not clients:
            os._exit(1)
        return {"client_cpu": float(clients), **{k: v - before[k] for k, v in done.items()}}

    common.ready()
    rounds(one)


def loop(tasks, steps):
    pauses = []

    def watch(phase, info):
        pauses.append((-1 if phase == "start" else 1) * time.monotonic_ns())

    gc.callbacks.append(watch)
    ballast = [[i] for i in range(50_000)]  # so that a collection takes longer than telling of it

    async def task():
        for _ in range(steps):
            await asyncio.sleep(0)

    async def one():
        await asyncio.gather(*(task() for _ in range(tasks)))
        # each task is resumed once more than it gives way; this one begins, and goes on once
        common.say(json.dumps({"steps": tasks * (steps + 1) + 2, "collections": 3,
                               "paused": sum(pauses) / 1e9, "ballast": len(ballast)}))

    def begin():
        if os.read(0, 1) != b"g":
            os._exit(0)
        pauses.clear()
        for _ in range(3):
            gc.collect()
        kept.append(runner.create_task(one()))

    kept = []
    runner = asyncio.new_event_loop()
    runner.add_reader(0, begin)
    common.ready()
    runner.run_forever()


def batch(collections):
    time.sleep(0.4)  # it is measured by then
    for _ in range(collections):
        gc.collect()
    os._exit(0)


class Slow:
    def __del__(self):
        time.sleep(0.3)


def collect(seconds):
    common.ready()
    common.go()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        cycle = Slow()
        cycle.itself = cycle
        del cycle
        gc.collect()
        time.sleep(0.3)
    common.done()


def blocked(seconds):
    async def main():
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.15)
            await asyncio.sleep(0.1)

    common.ready()
    common.go()
    asyncio.run(main())
    common.done()


what, *numbers = sys.argv[1:]
{"web": web, "loop": loop, "batch": batch, "gc": collect, "blocked": blocked}[what](*map(int, numbers))
