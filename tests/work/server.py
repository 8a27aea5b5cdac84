"""A threaded HTTP server under load from its own clients, which count what fails.

usage: server.py [CLIENTS]

The clients run in a process of their own, so that the tracer's work on the server cannot hide
in them.  They start at READY, not at go; go ends the load.  A thread of the server also
computes, so that requests meet a GIL that is taken.
"""
import http.client
import http.server
import json
import os
import sys
import threading
import time

import common

clients = int(sys.argv[1]) if len(sys.argv) > 1 else 4


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        body = (self.path * 50).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def compute():
    while True:
        sum(range(20_000))
        time.sleep(0.005)


def ask(port, tally, stop):
    n = 0
    while not stop.is_set():
        n += 1
        path = f"/{n}"
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            c.request("GET", path)
            r = c.getresponse()
            if r.status != 200 or r.read() != (path * 50).encode():
                raise ValueError(f"wrong answer: {r.status}")
            c.close()
            tally["requests"] += 1
        except (OSError, ValueError, http.client.HTTPException) as e:
            tally["failed"] += 1
            tally["why"] = repr(e)
        time.sleep(0.004)


def load(port, ended, report):
    tallies = [{"requests": 0, "failed": 0} for _ in range(clients)]
    stop = threading.Event()
    threads = [threading.Thread(target=ask, args=(port, t, stop)) for t in tallies]
    for t in threads:
        t.start()
    os.read(ended, 1)
    stop.set()
    for t in threads:
        t.join()
    total = {"requests": sum(t["requests"] for t in tallies),
             "failed": sum(t["failed"] for t in tallies),
             "why": [t["why"] for t in tallies if "why" in t]}
    os.write(report, json.dumps(total).encode() + b"\n")


server = Server(("127.0.0.1", 0), Handler)
ended, end = os.pipe()
reported, report = os.pipe()
client = os.fork()
if client == 0:
    os.close(end)  # the server's end is the client's end of file
    os.close(0)
    load(server.server_port, ended, report)
    os._exit(0)
os.close(ended)
os.close(report)
threading.Thread(target=server.serve_forever, name="accept", daemon=True).start()
threading.Thread(target=compute, name="compute", daemon=True).start()
common.ready(client=client)
common.go()
os.write(end, b".")
truth = b""
while not truth.endswith(b"\n"):
    chunk = os.read(reported, 4096)
    if not chunk:
        break
    truth += chunk
common.done(**json.loads(truth or b'{"requests": 0, "failed": -1}'))
