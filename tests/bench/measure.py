"""What every part of the benchmark measures with: processes, attaching, ratios and their noise.

A ratio is that of a traced run and the mean of the untraced ones before and after it, in one and the
same process; its figure is the median of the rounds, each of which has a process of its own.  The
noise floor of such a figure comes from ratios of untraced runs to the untraced ones around them
(A/A): 95 % of the medians of as many of those, drawn again and again, are no further from 1.
"""
import json
import os
import random
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LOAD_PY = os.path.join(HERE, "load.py")
GILSCOPE = os.environ["GILSCOPE"]
O = os.environ.get("O", "build")
RUN_LIMIT_S = 180  # of one run, traced or not


class Failed(Exception):
    """A run that came to nothing; says why."""


def say(text):
    """To a person who waits."""
    sys.stderr.write(text)
    sys.stderr.flush()


class Process:
    """A child with pipes, and a file for what it complains about; ends with the block."""

    def __init__(self, argv, env=None, limit_s=RUN_LIMIT_S):
        self.err = tempfile.TemporaryFile()
        self.until = time.monotonic() + limit_s
        try:
            self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=self.err, bufsize=0, env=env)
        except OSError as e:
            raise Failed(f"{argv[0]}: {e.strerror}") from e
        self.pid = self.p.pid
        os.set_blocking(self.p.stdout.fileno(), False)
        self.rest = b""
        self.output = ""  # after interrupt(): what it still printed
        self.told = False  # to end

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait()
        self.p.stdin.close()
        self.p.stdout.close()
        self.err.close()

    def send(self):
        self.p.stdin.write(b".")

    def said(self):
        """What is on its standard error so far."""
        size = self.err.seek(0, os.SEEK_END)
        return os.pread(self.err.fileno(), size, 0).decode(errors="replace")

    def complaint(self):
        """Its last words, or how it ended."""
        lines = [w.strip() for w in self.said().splitlines() if w.strip()]
        return lines[-1] if lines else f"ended with exit code {self.p.poll()}"

    def line(self):
        """The next line, without its end; Failed if there is none before the limit."""
        while b"\n" not in self.rest:
            got = self.p.stdout.read(1 << 16)
            if got == b"":
                self.p.wait(timeout=10)
                raise Failed(self.complaint())
            if got is None:
                left = self.until - time.monotonic()
                if left <= 0 or not select.select([self.p.stdout], [], [], left)[0]:
                    raise Failed("took too long")
            else:
                self.rest += got
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def poll_line(self):
        """The next line if it is there already, else None."""
        if b"\n" not in self.rest:
            self.rest += self.p.stdout.read(1 << 16) or b""
        return self.line() if b"\n" in self.rest else None

    def signal_end(self):
        """Tell it to end, as a user would."""
        self.p.send_signal(signal.SIGINT)
        self.told = True

    def interrupt(self):
        """End it as a user would; returns how long that took, in seconds."""
        began = time.perf_counter()
        os.set_blocking(self.p.stdout.fileno(), True)
        if not self.told:
            self.signal_end()
        try:
            self.output = (self.rest + self.p.communicate(timeout=60)[0]).decode(errors="replace")
        except subprocess.TimeoutExpired as e:
            raise Failed("does not end on SIGINT") from e
        return time.perf_counter() - began


def stat_argv(pid, *options):
    pids = pid if isinstance(pid, str) else str(pid)
    return [GILSCOPE, "stat", "-p", pids, *options]


def text_differs(pid):
    """Has any program text of the process been changed: is a tracer attached?"""
    with open(f"/proc/{pid}/maps") as f:
        maps = [line.split(None, 5) for line in f]
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for row in maps:
            if len(row) == 6 and "x" in row[1] and "python" in row[5]:
                start, end = (int(x, 16) for x in row[0].split("-"))
                with open(f"/proc/{pid}/map_files/{start:x}-{end:x}", "rb") as f:
                    f.seek(int(row[2], 16))
                    mem.seek(start)
                    if mem.read(end - start) != f.read(end - start):
                        return True
    return False


def wait_measuring(process):
    """Until gilscope says that it measures."""
    until = time.monotonic() + 30
    while "measuring" not in process.said():
        if process.p.poll() is not None or time.monotonic() > until:
            raise Failed(process.complaint())
        time.sleep(0.05)


def wait_attached(tracer, process, pid):
    """Until it measures, by its own word or by the target's text; and a little more."""
    until = time.monotonic() + 30

    def attached():
        if tracer.ready == "says":
            return "measuring" in process.said()
        return text_differs(pid)
    if tracer.ready != "soon":
        while not attached():
            if process.p.poll() is not None:
                raise Failed(process.complaint())
            if time.monotonic() > until:
                raise Failed("does not attach in 30 s")
            time.sleep(0.02)
    time.sleep(0.5 if tracer.ready == "soon" else 0.25)
    if process.p.poll() is not None:
        raise Failed(process.complaint())


class Load:
    """A process that does a load's work each time it is asked to; ends with the block."""

    def __init__(self, name, python, other_python, *options):
        self.name = name
        self.process = Process([python, LOAD_PY, name, *options],
                               dict(os.environ, CLIENT_PYTHON=other_python))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.__exit__()

    def prepared(self):
        """It is about to work; returns what it works with, for the report."""
        self.process.until = time.monotonic() + RUN_LIMIT_S
        first = self.process.line()
        if not first.startswith("READY "):
            raise Failed(f"{self.name}: does not start: {self.process.complaint()}")
        return json.loads(first[6:])

    def work(self, tracer=None, count=False):
        """{"wall": s, "cpu": s, "with": note, "seen": what the tracer counted, if asked for} of one
        go of the work; Failed says why not."""
        note = self.prepared()
        if not tracer or tracer.inside:
            self.process.send()
            return {**json.loads(self.process.line()), **note}
        with tracer.on(self.process.pid) as t:
            wait_attached(tracer, t, self.process.pid)
            self.process.send()
            took = json.loads(self.process.line())
            if t.p.poll() is not None:
                raise Failed(t.complaint())
            t.interrupt()
            seen = tracer.seen(t.output, t.said()) if count else None
        return {**took, **note, "seen": seen}


def run(name, tracer, python, other_python, count=False):
    """One go of a load in a process of its own; as Load.work() says."""
    with Load(name, python, other_python, *(["--knock"] if tracer and tracer.inside else [])) as load:
        return load.work(tracer, count)


def spread(values):
    """Median, quartiles and extremes."""
    v = sorted(values)
    if not v:
        return None

    def at(q):
        i = q * (len(v) - 1)
        low = int(i)
        return v[low] + (v[min(low + 1, len(v) - 1)] - v[low]) * (i - low)
    return {"median": statistics.median(v), "p25": at(0.25), "p75": at(0.75), "min": v[0],
            "max": v[-1], "n": len(v)}


def noise_floor(ratios, repeats):
    """How far from 1 a median of REPEATS such ratios of untraced to untraced runs may well be."""
    pool = ratios + [1 / x for x in ratios]
    if not pool:
        return None
    rng = random.Random(len(pool))
    off = sorted(abs(statistics.median(rng.choices(pool, k=repeats)) - 1) for _ in range(2000))
    return off[int(0.95 * len(off))]


def cpu_s(pid):
    """CPU time that the threads of a process have used so far, in seconds."""
    total = 0
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def memory(pid):
    """Resident memory, its peak, and what its BPF maps take in the kernel; bytes."""
    with open(f"/proc/{pid}/status") as f:
        status = dict(line.split(":", 1) for line in f)
    maps = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                info = dict(line.split(":", 1) for line in f if ":" in line)
        except OSError:
            continue
        if "map_id" in info and "memlock" in info:
            maps[info["map_id"]] = int(info["memlock"])
    kib = {k: int(status[k].split()[0]) for k in ("VmRSS", "VmHWM")}
    return {"rss": kib["VmRSS"] * 1024, "peak": kib["VmHWM"] * 1024, "kernel": sum(maps.values())}
