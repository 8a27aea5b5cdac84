"""Something worth looking at: a web service with the usual ways of fighting over the GIL.

- an HTTP server, worker threads http_0 to http_3, that renders a page in Python, with clients in a
  process of their own that ask about 100 times a second;
- two threads, compute-0 and compute-1, that compute in bursts;
- an asyncio loop in thread asyncio-loop: timers, and an echo service with one client over there;
- a thread, litter, that makes cyclic garbage for the collector;
- a thread, native-hold, that now and then keeps the GIL for 30 ms inside C code.

Prints "READY" when all of it runs, and ends on SIGTERM, on SIGINT and when whoever started it is
gone (its standard input ends).
"""
import asyncio
import concurrent.futures
import ctypes
import http.client
import http.server
import os
import signal
import socket
import threading
import time


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        rows = "".join(f"<tr><td>{i}</td><td>{i * i}</td></tr>" for i in range(300))
        body = f"<table>{rows}</table>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Service(http.server.HTTPServer):
    request_queue_size = 64
    pool = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="http")

    def process_request(self, request, address):
        self.pool.submit(self.answer, request, address)

    def answer(self, request, address):
        try:
            self.finish_request(request, address)
        except OSError:
            pass  # the client went away
        finally:
            self.shutdown_request(request)


def http_client(port):
    while True:
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            c.request("GET", "/")
            c.getresponse().read()
            c.close()
        except (OSError, http.client.HTTPException):
            pass  # the service is ending
        time.sleep(0.03)


def echo_client(port):
    with socket.create_connection(("127.0.0.1", port)) as sock:
        while True:
            sock.sendall(b"ping")
            if not sock.recv(64):
                return
            time.sleep(0.01)


def clients(http_port, echo_port):
    """In a child process, until the service is gone."""
    for work, port in [(http_client, http_port)] * 3 + [(echo_client, echo_port)]:
        threading.Thread(target=work, args=(port,), daemon=True).start()
    service = os.getppid()
    while os.getppid() == service:
        time.sleep(0.2)
    os._exit(0)


def compute():
    while True:
        until = time.monotonic() + 0.06
        while time.monotonic() < until:
            sum(i * i for i in range(2000))
        time.sleep(0.14)


class Node:
    pass


def litter():
    keep = [[i] for i in range(50_000)]  # makes full collections take a while
    while keep:
        for _ in range(400):
            a, b = Node(), Node()
            a.other, b.other = b, a
        time.sleep(0.01)


def native_hold():
    usleep = ctypes.PyDLL(None).usleep  # PyDLL: the GIL stays held during the call
    while True:
        usleep(30_000)
        time.sleep(0.5)


async def echo(reader, writer):
    while data := await reader.read(64):
        writer.write(data)
        await writer.drain()


async def chatter(listener):
    await asyncio.start_server(echo, sock=listener)
    while True:
        await asyncio.sleep(0.02)


def main():
    service = Service(("127.0.0.1", 0), Page)
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        echo_port = listener.getsockname()[1]
        listener.close()
        service.socket.close()
        clients(service.server_port, echo_port)

    def end(*_):
        os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    parts = [("http-accept", service.serve_forever), ("compute-0", compute),
             ("compute-1", compute), ("asyncio-loop", lambda: asyncio.run(chatter(listener))),
             ("litter", litter), ("native-hold", native_hold)]
    for name, work in parts:
        threading.Thread(target=work, name=name, daemon=True).start()
    print("READY", flush=True)
    while os.read(0, 64):
        pass
    end()


main()
