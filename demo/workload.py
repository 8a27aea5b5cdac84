"""Something worth looking at: a web service with the usual ways of fighting over the GIL.

- an HTTP server (a thread per request) that renders a page in Python, with clients in a process
  of their own that ask about 100 times a second;
- two threads, compute-0 and compute-1, that compute in bursts;
- an asyncio loop in thread asyncio-loop: timers and an echo over a socket pair;
- a thread, litter, that makes cyclic garbage for the collector;
- a thread, native-hold, that now and then keeps the GIL for 30 ms inside C code.

Prints "READY" when all of it runs, and ends on SIGTERM, on SIGINT and when whoever started it is
gone (its standard input ends).
"""
import asyncio
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


class Service(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def client(port):
    while True:
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            c.request("GET", "/")
            c.getresponse().read()
            c.close()
        except (OSError, http.client.HTTPException):
            pass  # the service is ending
        time.sleep(0.03)


def clients(port):
    """In a child process: three clients, until the service is gone."""
    for _ in range(3):
        threading.Thread(target=client, args=(port,), daemon=True).start()
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


async def echo(sock):
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(sock, 64):
        await loop.sock_sendall(sock, data)


async def ask(sock):
    loop = asyncio.get_running_loop()
    while True:
        await loop.sock_sendall(sock, b"ping")
        await loop.sock_recv(sock, 64)
        await asyncio.sleep(0.01)


async def chatter():
    a, b = socket.socketpair()
    a.setblocking(False)
    b.setblocking(False)
    await asyncio.gather(echo(a), ask(b))


def main():
    service = Service(("127.0.0.1", 0), Page)
    child = os.fork()
    if child == 0:
        service.socket.close()
        clients(service.server_port)

    def end(*_):
        os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    parts = [("http-accept", service.serve_forever), ("compute-0", compute),
             ("compute-1", compute), ("asyncio-loop", lambda: asyncio.run(chatter())),
             ("litter", litter), ("native-hold", native_hold)]
    for name, work in parts:
        threading.Thread(target=work, name=name, daemon=True).start()
    print("READY", flush=True)
    while os.read(0, 64):
        pass
    end()


main()
