"""What gilscope costs, side by side in one run.

Each load (load.py) is run untraced and traced in turn, REPEATS times; the table shows the median
of each and their ratio, with the spread of the untraced runs: a ratio inside that spread is noise.
Peers that are installed (bpftrace, perf) trace the same two functions on the same load, where the
interpreter has symbols for them.  Then: how long attaching and detaching take, and what gilscope
itself needs with a thousand threads.
"""
import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GILSCOPE = os.environ["GILSCOPE"]
LOADS = {"read_loop": [], "pingpong": [], "asyncio_echo": [], "mix": [], "cpu4": [],
         "alloc": ["--with", "refs"]}
LIMIT_S = 120


class Process:
    """A child with pipes, which ends with the block."""

    def __init__(self, argv):
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.pid = self.p.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()
        self.p.stdout.close()

    def send(self):
        self.p.stdin.write(b".")
        self.p.stdin.flush()

    def line(self):
        return self.p.stdout.readline().decode().strip()

    def interrupt(self):
        """Returns how long it took to end, in seconds."""
        began = time.perf_counter()
        self.p.send_signal(signal.SIGINT)
        self.p.communicate(timeout=LIMIT_S)
        return time.perf_counter() - began


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


def attach(pid, argv):
    """Start a tracer; return it once the target's text shows its probes, and a little more."""
    t = Process(argv)
    until = time.monotonic() + 30
    while not text_differs(pid):
        if time.monotonic() > until or t.p.poll() is not None:
            t.__exit__()
            return None
        time.sleep(0.02)
    time.sleep(0.5)
    return t


def timed(load, tracer):
    """Seconds the load takes; tracer(pid) gives the command that traces it, or None."""
    with Process([sys.executable, f"{HERE}/load.py", load]) as work:
        if work.line() != "READY":
            raise RuntimeError(f"{load}: does not start")
        t = None
        if tracer:
            t = attach(work.pid, tracer(work.pid))
            if not t:
                return None
        work.send()
        took = float(work.line())
        if t:
            with t:
                t.interrupt()
        return took


def symbols():
    """Has this interpreter symbols for the two functions that peers need?"""
    if not shutil.which("nm"):
        return False
    exe = os.path.realpath(sys.executable)
    out = subprocess.run(["nm", exe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return bool(re.search(rb" [tT] take_gil\b", out) and re.search(rb" [tT] drop_gil\b", out))


def peers():
    """{name: command for pid} of the other tracers that can do the same here."""
    found = {}
    exe = os.path.realpath(sys.executable)
    if shutil.which("bpftrace") and symbols():
        script = ("uprobe:EXE:take_gil { @t[tid] = nsecs; } "
                  "uretprobe:EXE:take_gil /@t[tid]/ { @wait[tid] = hist(nsecs - @t[tid]); @h[tid] = nsecs; } "
                  "uprobe:EXE:drop_gil /@h[tid]/ { @hold[tid] = hist(nsecs - @h[tid]); }")
        found["bpftrace"] = lambda pid: ["bpftrace", "-p", str(pid), "-e", script.replace("EXE", exe)]
    if not found:
        print("peers: bpftrace is not installed, or this Python has no symbols it could use: left out")
    return found


def overheads(repeats, loads):
    tracers = {"untraced": None}
    others = peers()
    print(f"\n{'load':14} {'untraced':>10} {'spread':>8} {'gilscope':>10} {'ratio':>7}"
          + "".join(f" {n:>10} {'ratio':>7}" for n in others))
    for load in loads:
        options = LOADS[load]
        tracers["gilscope"] = lambda pid: [GILSCOPE, "stat", "-p", str(pid), "--format", "json", *options]
        tracers.update(others)
        runs = {name: [] for name in tracers}
        for _ in range(repeats):
            for name, tracer in tracers.items():
                runs[name].append(timed(load, tracer))
        plain = statistics.median(runs["untraced"])
        spread = (max(runs["untraced"]) - min(runs["untraced"])) / plain
        row = f"{load:14} {plain:8.3f} s {spread:8.0%}"
        for name in list(tracers)[1:]:
            got = [r for r in runs[name] if r is not None]
            if got:
                mid = statistics.median(got)
                row += f" {mid:8.3f} s {mid / plain:7.2f}"
            else:
                row += f" {'failed':>10} {'-':>7}"
        print(row, flush=True)


def attach_detach(repeats):
    ups, downs = [], []
    with Process([sys.executable, f"{HERE}/load.py", "mix"]) as work:
        work.line()
        for _ in range(repeats):
            began = time.perf_counter()
            with Process([GILSCOPE, "stat", "-p", str(work.pid), "-i", "0.01", "--format", "jsonl"]) as t:
                t.line()
                ups.append(time.perf_counter() - began - 0.01)
                downs.append(t.interrupt())
    print(f"\nfrom start to first figures: {statistics.median(ups):.3f} s "
          f"(of {min(ups):.3f} to {max(ups):.3f}); from SIGINT to the end: "
          f"{statistics.median(downs):.3f} s (of {min(downs):.3f} to {max(downs):.3f})")


def own_needs():
    """Memory and CPU of gilscope with 1,000 threads at one result a second."""
    work_py = os.path.join(HERE, "..", "work", "threads.py")
    with Process([sys.executable, work_py, "1000", "200"]) as work:
        work.line()
        with tempfile.TemporaryFile() as out:
            t = subprocess.Popen([GILSCOPE, "stat", "-p", str(work.pid), "-i", "1", "-d", "6",
                                  "--format", "jsonl"], stdout=out, stderr=subprocess.DEVNULL)
            time.sleep(1.5)
            work.send()
            time.sleep(3)
            with open(f"/proc/{t.pid}/status") as f:
                status = dict(line.split(":", 1) for line in f)
            t.wait(timeout=LIMIT_S)
            out.seek(0)
            last = [json.loads(line) for line in out][1:]
    cpu = sum(r["overhead"]["tracer_cpu_ns"] for r in last) / sum(r["duration_ns"] for r in last)
    print(f"with 1,000 threads at -i 1: resident {int(status['VmRSS'].split()[0]) / 1024:.1f} MiB "
          f"(peak {int(status['VmHWM'].split()[0]) / 1024:.1f}), {cpu:.1%} of a CPU")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--load", action="append", choices=list(LOADS), help="only this one; may be repeated")
    a = p.parse_args()
    print(f"{os.uname().release}, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}, "
          f"{a.repeats} repeats, medians")
    overheads(a.repeats, a.load or list(LOADS))
    attach_detach(a.repeats)
    own_needs()


if __name__ == "__main__":
    main()
