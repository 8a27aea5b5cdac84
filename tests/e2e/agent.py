"""The agent's tests: services whose own counts it has to tell, and clients that mean no good.

usage: agent.py totals URL PROMETHEUS DIR   services come and go; what is scraped is what they counted
       agent.py exact URL DIR               takes and holds of one program, in exact mode
       agent.py hostile HOST PORT PID DIR   it answers whatever else is connected, and measures on
       agent.py reloads URL PID             SIGHUP again and again while others scrape
       agent.py grew URL FILE               counters in FILE, of an earlier scrape, have not gone back
"""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

sys.argv, ARGS = sys.argv[:1], sys.argv[1:]
import check  # noqa: E402 (it reads sys.argv)

LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}


def get(url, headers={}):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return answer.read().decode()


def must(*of):
    """A check without which the rest makes no sense."""
    if not check.expect(*of):
        sys.exit(1)


def parse(text):
    """{(name, labels): value}; every line has to be one of an exposition."""
    series = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        m = LINE.match(line)
        must(m, "line", "NAME{LABELS} VALUE", line)
        labels = m[2] or ""
        check.equal("what is no label in " + line, "", LABEL.sub("", labels))
        key = m[1], tuple(LABEL.findall(labels))
        check.expect(key not in series, "series", "once", key)
        series[key] = float(m[3])
    return series


def scrape(url):
    text = get(url, OPENMETRICS)
    check.expect(text.endswith("\n# EOF\n"), "end of the exposition", "# EOF", text[-20:])
    return parse(text)


def total(series, name, **labels):
    return sum(v for (n, pairs), v in series.items()
               if n == name and labels.items() <= dict(pairs).items())


def not_gone_back(before, now):
    for key, value in before.items():
        if key[0].endswith(("_total", "_bucket", "_count", "_sum")):
            check.expect(now.get(key, -1) >= value, f"{key} after {value}", "no less", now.get(key))


class Work:
    """A program of tests/work, under a name of its own."""

    def __init__(self, directory, name, script, *args):
        path = os.path.join(directory, name)
        if not os.path.lexists(path):
            os.symlink(os.path.join(os.environ["WORK_DIR"], script), path)
        self.process = subprocess.Popen(["/usr/bin/python3", path, *map(str, args)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ready(self):
        line = self.process.stdout.readline()
        must(line.startswith("READY"), "workload", "READY", line)
        return self

    def go(self):
        self.process.stdin.write("g")
        self.process.stdin.flush()

    def truth(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.communicate("q")


def until(what, url, condition, seconds=20):
    """Scrape until it is so."""
    deadline = time.monotonic() + seconds
    while True:
        series = scrape(url)
        if condition(series):
            return series
        must(time.monotonic() < deadline, what, f"within {seconds} s", "not")
        time.sleep(0.1)


def running(service, n):
    return lambda series: total(series, "gilscope_processes", service=service) == n


def run_web(url, directory, requests):
    work = Work(directory, "web.py", "services.py", "web", requests).ready()
    until("a process of web", url, running("web", 1))
    # what it did before it was attached is not counted, what it does from here on is
    before = scrape(url)
    work.go()
    told = work.truth()
    work.end()
    return told, before


def cmd_totals(url, prometheus, directory):
    began = scrape(url)
    loop = Work(directory, "loop.py", "services.py", "loop", 20, 30).ready()
    batches = [Work(directory, "batch.py", "services.py", "batch", 3) for _ in range(2)]
    first, at_first = run_web(url, directory, 60)
    loop.go()
    batches += [Work(directory, "batch.py", "services.py", "batch", 3) for _ in range(4)]
    second, at_second = run_web(url, directory, 40)
    run_starts(url, directory, 4)
    steps = loop.truth()["steps"]
    loop.end()
    for b in batches:
        b.end()
    series = until("all to have ended", url, lambda s: all(
        running(name, 0)(s) for name in ("web", "loop.py", "batch.py")))
    for before, now in ((began, at_first), (at_first, at_second), (at_second, series)):
        not_gone_back(before, now)
    compare(series, first, second, steps)
    for cause in ("threads_full", "processes_full", "processes_dropped"):
        check.equal(cause, 0, total(series, "gilscope_lost_events_total", cause=cause))
    for name in ("gilscope_process_starts_total", "cpython_gc_collections_total", "gilscope_asyncio_steps_total",
                 "gilscope_gil_wait_seconds_total"):
        own = sum(total(series, name, service=s) for s in ("web", "loop.py", "batch.py"))
        check.near(f"{name} in the store", own, stored(prometheus, name, own), 0, 1e-6)


def run_starts(url, directory, times):
    """Forked, started and other children, and what their services tell of them."""
    os.symlink(os.path.join(os.environ["WORK_DIR"], "starts.py"), os.path.join(directory, "started.py"))
    work = Work(directory, "starts.py", "starts.py", times).ready()
    until("a process of starts.py", url, running("starts.py", 1))
    work.go()
    told = work.truth()
    work.end()
    series = until("the end of all that it started", url,
                   lambda s: running("starts.py", 0)(s) and running("started.py", 0)(s))
    starts = "gilscope_process_starts_total"
    check.equal("processes of starts.py: itself, and those it forked", told["own"],
                total(series, starts, service="starts.py"))
    check.equal("processes of started.py", told["started"], total(series, starts, service="started.py"))


def stored(prometheus, name, expected):
    """What the store says, once it has scraped that, or after a while."""
    query = urllib.parse.urlencode({"query": f'sum({name}{{service=~"web|loop.py|batch.py"}})'})
    for _ in range(100):
        answer = json.loads(get(f"{prometheus}/api/v1/query?{query}"))["data"]["result"]
        value = float(answer[0]["value"][1]) if answer else -1
        if abs(value - expected) < 1e-6:
            break
        time.sleep(0.1)
    return value


def compare(series, first, second, steps):
    def seen(name, service, **labels):
        return total(series, name, service=service, **labels)

    check.equal("collections of web, which was started anew", first["collections"] + second["collections"],
                seen("cpython_gc_collections_total", "web", cpython_gc_generation="1"))
    check.equal("processes of web", 2, seen("gilscope_process_starts_total", "web"))
    check.equal("processes of batch", 6, seen("gilscope_process_starts_total", "batch.py"))
    check.equal("collections of batch", 18,
                seen("cpython_gc_collections_total", "batch.py", cpython_gc_generation="2"))
    check.equal("pauses of batch", 18,
                seen("gilscope_gc_pause_seconds_count", "batch.py", cpython_gc_generation="2"))
    check.equal("steps of loop", steps, seen("gilscope_asyncio_steps_total", "loop.py"))
    # Its CPU time: what it held off the CPU does not count; its start was measured, too.
    held, ran = first["held"] + second["held"], (seen("gilscope_gil_held_seconds_total", "web") -
                                                 seen("gilscope_gil_held_off_cpu_seconds_total", "web"))
    check.between("seconds that web held the GIL on a CPU", held * 0.6, held * 1.4 + 0.6, ran)
    check.expect(seen("gilscope_gil_contended_takes_total", "web") > 20, "contended takes of web", "more than 20",
                 seen("gilscope_gil_contended_takes_total", "web"))
    check.near("waits of web in the histogram", seen("gilscope_gil_contended_takes_total", "web"),
               seen("gilscope_gil_wait_duration_seconds_count", "web"), 0, 4)


def cmd_exact(url, directory):
    work = Work(directory, "pairs.py", "pingpong.py", 2, 500).ready()
    until("the program", url, running("pairs.py", 1))
    time.sleep(0.5)  # what is told is less than that old
    before = scrape(url)  # its threads wait; they took the GIL to get there
    work.go()
    told = work.truth()
    time.sleep(0.5)
    series = scrape(url)
    for name, tid in told["tids"].items():
        own = {"service": "pairs.py", "thread": name, "tid": str(tid), "pid": str(work.process.pid)}

        def more(metric):
            return total(series, metric, **own) - total(before, metric, **own)

        takes = more("gilscope_thread_gil_takes_total") - more("gilscope_thread_gil_forced_releases_total")
        check.equal(f"takes of {name}, but for those after forced releases", told["takes"], takes)
        check.near(f"holds of {name}", more("gilscope_thread_gil_takes_total"),
                   more("gilscope_thread_gil_hold_duration_seconds_count"), 0, 2)
    work.end()
    series = until("its end", url, running("pairs.py", 0))
    not_gone_back({key: v for key, v in before.items() if not key[0].startswith("gilscope_thread_")}, series)
    check.equal("series of its threads", 0, total(series, "gilscope_thread_gil_takes_total", service="pairs.py"))
    check.expect(total(series, "gilscope_gil_takes_total", service="pairs.py") >= 4 * told["takes"], "takes of all",
                 4 * told["takes"], total(series, "gilscope_gil_takes_total", service="pairs.py"))


def talk(host, port, data, seconds=5):
    """What is answered to @data, up to the end of the connection."""
    with socket.create_connection((host, port), timeout=seconds) as s:
        try:
            s.sendall(data)
            answer = b""
            while more := s.recv(65536):
                answer += more
        except OSError:
            pass
        return answer


def status(answer):
    m = re.match(rb"HTTP/1\.[01] (\d+) ", answer)
    return int(m[1]) if m else None


def held_by(pid):
    """(sockets, files in memory, bytes of its own memory): other descriptors come with each interpreter that is met"""
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass  # the listing's own, or closed meanwhile
    with open(f"/proc/{pid}/status") as f:
        own = int(re.search(r"RssAnon:\s+(\d+) kB", f.read())[1]) * 1024
    return sum(link.startswith("socket:") for link in links), sum("gilscope-metrics" in link for link in links), own


def closed(s, seconds=5):
    """Does the other side close it?  What is read before that does not matter."""
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def slow_readers(host, port, pid, ask, room):
    """They ask for all there is, and take none of it."""
    readers = []
    for _ in range(3 * room):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        s.connect((host, port))
        s.sendall(ask)
        readers.append(s)
        time.sleep(0.03)  # each of some gets an answer of its own
    check.expect(held_by(pid)[1] <= room + 1, "answers that wait for readers", f"{room} and the last one", held_by(pid)[1])
    check.equal("a scrape beside readers that read nothing", 200, status(talk(host, port, ask)))
    time.sleep(1.5)  # more than they are given
    check.equal("readers that were waited for", 0, sum(not closed(s) for s in readers))
    for s in readers:
        s.close()


def many_at_once(host, port, ask, n):
    """Each gets its answer, or is closed for one that came later."""
    clients = []
    for _ in range(n):
        clients.append(socket.create_connection((host, port), timeout=5))
    for s in clients:
        try:
            s.sendall(ask.replace(b"/metrics", b"/healthz"))
        except OSError:
            pass
    codes = []
    for s in clients:
        s.settimeout(5)
        try:
            codes.append(status(s.recv(65536)))
        except ConnectionError:
            codes.append(None)
        s.close()
    check.expect(set(codes) <= {200, None} and 200 in codes, f"answers to {n} at once", "200 or none", set(codes))


def pipelined(host, port, ask, n):
    """One connection asks again and again, and waits for nothing: it gets the first answer, and the end."""
    with socket.create_connection((host, port), timeout=5) as s:
        try:
            s.sendall(ask * n)
        except OSError:
            pass
        answer = b""
        try:
            while more := s.recv(1 << 20):
                answer += more
        except ConnectionError:
            pass
    check.between(f"answers to {n} pipelined requests", 0, 1, answer.count(b"HTTP/1.1 "))


def cmd_hostile(host, port, pid, directory):
    port = int(port)
    ask = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    status(talk(host, port, ask))
    before = held_by(pid)
    beside = Work(directory, "beside.py", "services.py", "batch", 3)
    for what, data, expected in (
            ("a scrape", ask, {200}),
            ("HEAD", ask.replace(b"GET", b"HEAD"), {200}),
            ("health", ask.replace(b"/metrics", b"/healthz"), {200}),
            ("ready", ask.replace(b"/metrics", b"/-/ready"), {200}),
            ("another path", ask.replace(b"/metrics", b"/metrics/../etc/passwd"), {404}),
            ("a NUL", ask.replace(b"/metrics", b"/\0etrics"), {400, 404, None}),
            ("an escaped NUL", ask.replace(b"/metrics", b"/metrics%00x"), {404}),
            ("a long path", ask.replace(b"/metrics", b"/" + b"x" * 100_000), {414, 431, None}),
            ("a large header", ask[:-2] + b"X: " + b"y" * 100_000 + b"\r\n\r\n", {431, 413, None}),
            ("many headers", ask[:-2] + b"A: b\r\n" * 20_000 + b"\r\n", {431, 413, None}),
            ("a body", b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"z" * 65536, {405}),
            ("another method", ask.replace(b"GET", b"DELETE"), {405}),
            ("a method of its own", ask.replace(b"GET", b"get"), {405, 400, None}),
            ("OPTIONS", ask.replace(b"GET", b"OPTIONS"), {405}),
            ("TRACE", ask.replace(b"GET", b"TRACE"), {405}),
            ("CONNECT", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n", {405, 400}),
            ("a body in pieces", b"PUT /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
             b"ffff\r\n" + b"z" * 0xffff + b"\r\n0\r\n\r\n", {405}),
            ("a body that is to be asked for", b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
             b"Content-Length: 9\r\n\r\n", {405}),
            ("two lengths", ask[:-2] + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n", {200, 400, None}),
            ("a length below zero", ask[:-2] + b"Content-Length: -1\r\n\r\n", {400, 413, None}),
            ("another version", ask.replace(b"HTTP/1.1", b"HTTP/9.9"), {200, 400, 505, None}),
            ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00" + bytes(range(256)), {400, None}),
            ("half a request", b"GET /metr", {None, 408}),
            ("nothing", b"\r\n\r\n\r\n", {400, None})):
        code = status(talk(host, port, data))
        check.expect(code in expected, f"answer to {what}", expected, code)
    head = talk(host, port, ask.replace(b"GET", b"HEAD"))
    check.equal("what follows the head", b"", head.split(b"\r\n\r\n", 1)[1])
    # More connections than it has room for, that say nothing, or a byte now and then.
    idle = []
    for n in range(300):
        s = socket.create_connection((host, port), timeout=5)
        if n % 2:
            s.sendall(b"GET /metrics HTTP/1.1\r\nX")
        idle.append(s)
        if n % 50 == 49:
            check.equal(f"a scrape beside {n + 1} connections", 200, status(talk(host, port, ask)))
    for s in idle:
        try:
            s.sendall(b"-")
        except OSError:
            pass  # closed, as it should be
    check.equal("a scrape after all of them", 200, status(talk(host, port, ask)))
    time.sleep(0.5)  # what is told is less than that old
    series = parse(talk(host, port, ask).split(b"\r\n\r\n", 1)[1].decode())
    check.between("connections cut", 200, 310, total(series, "gilscope_agent_http_cut_total"))
    for s in idle:
        s.close()
    pipelined(host, port, ask, 2)
    pipelined(host, port, ask, 5000)
    many_at_once(host, port, ask, 200)
    slow_readers(host, port, pid, ask, 8)
    with socket.create_connection((host, port), timeout=5) as s:
        check.expect(closed(s), "one who asks nothing", "closed in time", "still open")
    beside.end()
    series = until("the end of what worked beside", f"http://{host}:{port}/metrics",
                   lambda s: not total(s, "gilscope_processes", process="beside.py"))
    check.equal("collections of what worked beside", 3,
                total(series, "cpython_gc_collections_total", process="beside.py", cpython_gc_generation="2"))
    time.sleep(0.3)
    after = held_by(pid)
    check.expect(after[0] <= before[0] + 2, "sockets afterwards", f"{before[0]}, as before", after[0])
    check.expect(after[1] <= 2, "answers kept afterwards", "one of each form", after[1])
    check.expect(after[2] <= before[2] + (16 << 20), "bytes of memory afterwards", f"{before[2]} and some", after[2])


def slow_reader(url):
    """An answer of which nearly nothing has been taken yet, and how long its body is."""
    host, port = urllib.parse.urlsplit(url).netloc.rsplit(":", 1)
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # else the kernel takes all of it from the agent
    s.connect((host.strip("[]"), int(port)))
    s.sendall(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n")
    answer = http.client.HTTPResponse(s)
    answer.begin()
    time.sleep(0.2)  # as much of it as goes is in the kernel's hands
    return answer, int(answer.headers["Content-Length"])


def cmd_reloads(url, pid):
    """Who is being answered is, to the end; who comes is answered, by the new configuration."""
    whole, cut, hups, began = [], [], [], scrape(url)
    slow, expected = slow_reader(url)

    def ask():
        while len(hups) < 20:
            try:
                text = get(url, OPENMETRICS)
            except (OSError, http.client.HTTPException) as e:
                cut.append(repr(e))
                continue
            check.expect(text.endswith("\n# EOF\n"), "end of an answer", "# EOF", text[-20:])
            whole.append(len(text))

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for t in askers:
        t.start()
    for _ in range(20):
        os.kill(int(pid), signal.SIGHUP)
        time.sleep(0.03)
        hups.append(True)
    for t in askers:
        t.join()
    check.expect(len(whole) > 20, "answers meanwhile", "more than 20", len(whole))
    check.equal("answers cut off", [], cut)
    try:
        check.equal("an answer that was begun before", expected, len(slow.read()))
    except (OSError, http.client.HTTPException) as e:
        check.equal("an answer that was begun before", expected, repr(e))
    not_gone_back(began, scrape(url))


def cmd_grew(url, path):
    with open(path) as f:
        before = parse(f.read())
    check.expect(len(before) > 50, "series before", "more than 50", len(before))
    not_gone_back(before, parse(get(url)))


if __name__ == "__main__":
    globals()["cmd_" + ARGS[0]](*ARGS[1:])
