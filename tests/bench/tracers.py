"""The columns of the benchmark: one row of tracers() each, with what it can and cannot see.

A column belongs to an interpreter: "system" is Debian's, which is stripped; "symbols" is a build of
the same version in PATH whose take_gil and drop_gil have symbols, for the tools that need them.
gilscope is measured on both, so that ratios compare like with like.
"""
import contextlib
import json
import os
import re
import shutil
import subprocess

from measure import GILSCOPE, LOAD_PY, O, Failed, Process, stat_argv, wait_attached

TRACEFS = ('mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing; '
           'exec "$@"')


def with_tracefs(argv):
    """The command where tracefs is mounted, though it may be nowhere else; it keeps its pid."""
    return ["unshare", "-m", "sh", "-c", TRACEFS, "sh", *argv]


def in_tracefs(script):
    subprocess.run(with_tracefs(["sh", "-c", script]), check=True, stderr=subprocess.DEVNULL)


def segments(file):
    """(address, offset, size) of what an ELF file loads."""
    out = subprocess.run(["readelf", "-lW", file], stdout=subprocess.PIPE, check=True)
    rows = (line.split() for line in out.stdout.decode().splitlines())
    return [(int(w[2], 16), int(w[1], 16), int(w[4], 16)) for w in rows if w[:1] == ["LOAD"]]


def file_offset(file, address):
    return next(address - at + offset for at, offset, size in segments(file) if at <= address < at + size)


def semaphores(file):
    """{offset of a USDT probe point: offset of what the kernel counts up to switch it on}."""
    out = subprocess.run(["readelf", "-nW", file], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = re.findall(r"Location: (0x[0-9a-f]+), Base: 0x[0-9a-f]+, Semaphore: (0x0*[1-9a-f][0-9a-f]*)",
                       out.stdout.decode())
    return {file_offset(file, int(a, 16)): file_offset(file, int(s, 16)) for a, s in found}


class Interpreter:
    """A python, and where its code is."""

    def __init__(self, path):
        code = ("import sys, platform; print(sys.executable); print(platform.python_version()); "
                "print(platform.python_implementation()); "
                "print(*{w[5] for w in (l.split(None, 5) for l in open('/proc/self/maps')) "
                "if len(w) == 6 and 'x' in w[1] and 'python' in w[5]}, sep='', end='')")
        out = subprocess.run([path, "-I", "-S", "-c", code], stdout=subprocess.PIPE, timeout=30,
                             stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL).stdout.decode()
        lines = out.splitlines()
        if len(lines) < 4:
            raise Failed(f"{path}: not a Python that runs")
        self.path, self.version, self.implementation = lines[:3]
        self.path = os.path.realpath(self.path)
        # Where it is in a shared library, the executable is small and of no interest.
        self.file = max(lines[3:], key=os.path.getsize)
        self.symbols = self.find_symbols()

    def find_symbols(self):
        """Offsets in the file of take_gil and drop_gil, or None."""
        if not shutil.which("nm"):
            return None
        nm = subprocess.run(["nm", self.file], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        found = {n: int(a, 16) for a, n in re.findall(r"^([0-9a-f]+) [tT] (take_gil|drop_gil)$",
                                                         nm.stdout.decode(), re.M)}
        if len(found) != 2:
            return None
        return {n: file_offset(self.file, a) for n, a in found.items()}

    def describe(self):
        return {"name": os.path.basename(self.path), "version": self.version, "symbols": bool(self.symbols)}


def interpreters():
    """{"system": Debian's, "symbols": another of its version with symbols, if there is one}."""
    system = Interpreter("/usr/bin/python3")
    found = {"system": system}
    for directory in os.environ.get("PATH", "").split(":"):
        for name in ("python3", "python3.11"):
            path = os.path.join(directory, name)
            if not os.access(path, os.X_OK):
                continue
            try:
                p = Interpreter(path)
            except (Failed, OSError, subprocess.SubprocessError):
                continue
            if p.symbols and p.implementation == "CPython" and p.path != system.path and \
                    p.version.split(".")[:2] == system.version.split(".")[:2]:
                found["symbols"] = p
                return found
    return found


class Tracer:
    """A column; .skipped says why it is not measured."""

    def __init__(self, name, python, command, sees, blind, loads=None, ready="says", inside=False,
                 seen=None, tool=None, close=False):
        self.name, self.python, self.command = name, python, command
        self.sees, self.blind, self.loads = sees, blind, loads
        self.ready = ready  # "says": that it measures; "text": shows in the target; "soon": neither
        self.close = close  # to 1, or to another column: untraced runs right before and after it
        self.inside = inside  # a thread of the target, no process of its own
        self.seen = seen  # f(stdout, stderr): how many takes it counted
        self.tool = tool or [GILSCOPE, "--version"]
        self.version = None
        self.skipped = None
        self.sweep = None  # what to remove after a run

    @contextlib.contextmanager
    def on(self, pid):
        try:
            with Process(self.command(pid)) as p:
                yield p
        finally:
            if self.sweep:
                self.sweep()

    def try_out(self, python):
        """Attach to an idle process; Failed says in the tool's own words why that cannot be."""
        if self.inside:
            return
        with Process([python, LOAD_PY, "pure"]) as work:
            work.line()
            with self.on(work.pid) as p:
                wait_attached(self, p, work.pid)
                p.interrupt()
        if self.tool:
            out = subprocess.run(self.tool, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.version = (out.stdout.decode().splitlines() or [""])[0]

    def describe(self):
        return {"name": self.name, "python": self.python, "sees": self.sees, "cannot": self.blind,
                "version": self.version, "skipped": self.skipped,
                "loads": sorted(self.loads) if self.loads else None}


def empty_sites(*options):
    """Sites are asked of gilscope for each process: they are the same ones."""
    switched = {}

    def command(pid):
        out = subprocess.run([GILSCOPE, "probes", "-p", str(pid), "--format", "json", *options],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if out.returncode:
            raise Failed(out.stderr.decode().strip().splitlines()[-1])
        process = json.loads(out.stdout)["processes"][0]
        file = process["python"]["path"]
        offsets = {int(p["offset"], 16) for p in process["probes"] if p["offset"] not in (None, "0x0")}
        if file not in switched:
            switched[file] = semaphores(file)
        return [f"{O}/bench/empty_sites", str(pid), file,
                *(f"{o:#x}:{switched[file].get(o, 0):#x}" for o in sorted(offsets))]
    return command


def gil_sites(pid):
    """(file, offsets of owned, offsets of released) as gilscope finds them."""
    out = subprocess.run([GILSCOPE, "probes", "-p", str(pid), "--format", "json"], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process = json.loads(out.stdout)["processes"][0]
    return process["python"]["path"], *(
        [p["offset"] for p in process["probes"] if p["event"] == event] for event in ("owned", "released"))


BY_SYMBOL = ("uprobe:FILE:take_gil { @t[tid] = nsecs; } "
             "uretprobe:FILE:take_gil /@t[tid]/ { @wait[tid] = hist(nsecs - @t[tid]); @h[tid] = nsecs; } "
             "uprobe:FILE:drop_gil /@h[tid]/ { @hold[tid] = hist(nsecs - @h[tid]); }")


def bpftrace_by_symbol(tool, file):
    return lambda pid: with_tracefs([*tool, "-p", str(pid), "-e", BY_SYMBOL.replace("FILE", file)])


def bpftrace_at_sites(tool):
    """Two hits a hold instead of three, and no symbols needed: what bpftrace cannot find itself.
    Its -p does not keep other processes' hits away."""
    def command(pid):
        file, owned, released = gil_sites(pid)
        script = (",".join(f"uprobe:{file}:{o}" for o in owned)
                  + f" /pid == {pid}/ {{ @h[tid] = nsecs; }} "
                  + ",".join(f"uprobe:{file}:{o}" for o in released)
                  + " /@h[tid]/ { @hold[tid] = hist(nsecs - @h[tid]); }")
        return with_tracefs([*tool, "--unsafe", "-p", str(pid), "-e", script])
    return command


def count_hist(which):
    """How many values bpftrace's printed histograms of this name hold."""
    def count(out, _):
        total, inside = 0, False
        for line in out.splitlines():
            if line.startswith("@"):
                inside = line.startswith(f"@{which}[") and line.rstrip().endswith(":")
            elif inside and "|" in line:
                total += int(line.split(")" if ")" in line else "]", 1)[1].split("|")[0])
        return total
    return count


def count_stat(out, _):
    return sum(t["takes"] or 0 for p in json.loads(out)["processes"] for t in p["threads"]
               if t["takes"] is not None)


def count_recorded(directory):
    out = subprocess.run([GILSCOPE, "report", directory, "--format", "json"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if out.returncode:
        raise Failed(out.stderr.decode().strip())
    return count_stat(out.stdout, None)


class Perf:
    """perf record on uprobe events at entry and return of both functions, as giltracer does."""

    def __init__(self, interpreter, work):
        self.group = f"gilscope_bench_{os.getpid()}"
        self.interpreter, self.file = interpreter, os.path.join(work, "perf.data")
        self.names = ("take_gil", "take_gil_return", "drop_gil", "drop_gil_return")

    def add(self):
        at = self.interpreter.symbols
        rows = [f"{'r' if '_return' in n else 'p'}:{self.group}/{n} "
                f"{self.interpreter.file}:{at[n.removesuffix('_return')]:#x}" for n in self.names]
        in_tracefs(" && ".join(f"echo '{r}' >>/sys/kernel/tracing/uprobe_events" for r in rows))

    def remove(self):
        in_tracefs("; ".join(f"echo '-:{self.group}/{n}' >>/sys/kernel/tracing/uprobe_events || :"
                             for n in self.names))

    def command(self, pid):
        events = [w for n in self.names for w in ("-e", f"{self.group}:{n}")]
        return with_tracefs(["perf", "record", "-k", "CLOCK_MONOTONIC", "-m", "8M", "-o", self.file,
                             *events, "-p", str(pid)])

    def sweep(self):
        for f in (self.file, self.file + ".old"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f)

    @staticmethod
    def seen(_, err):
        """Of four events a take."""
        found = re.search(r"\((\d+) samples\)", err)
        return int(found.group(1)) // 4 if found else None


EXACT = "every take, release, hold, wait and collection; each hold's time off the CPU; wake-ups of epoll"
# What takes the GIL most, and so shows what a hit costs.
SYMBOL_LOADS = {"read_loop", "pingpong", "asyncio_echo", "http_server"}
REFS_LOADS = {"alloc", "gc_storm"}
# Where stacks are taken most often: at waits, at a holder's leaving the CPU, at collections.
STACKS_LOADS = {"cpu4", "pingpong", "asyncio_echo", "gc_storm"}


def gilscopes(work):
    out = os.path.join(work, "recording")
    rows = [
        Tracer("watch", "system", lambda pid: stat_argv(pid, "--mode", "watch", "--format", "json"),
               "waits and who caused them, share of the time held and by whom (sampled), collections, "
               "wake-ups of epoll", "how often the GIL is taken; holds too short to be sampled", close=True),
        Tracer("exact", "system", lambda pid: stat_argv(pid, "--mode", "exact", "--format", "json"),
               EXACT, "lengths of holds under some microseconds are the probes' own", seen=count_stat,
               close=True),
        Tracer("record", "system",
               lambda pid: [GILSCOPE, "record", "--mode", "exact", "-p", str(pid), "-o", out, "--force"],
               EXACT + "; each with its time", "as exact", seen=lambda *_: count_recorded(out)),
        Tracer("empty programs", "system", empty_sites(), "nothing: the floor of exact mode",
               "sites only, without gilscope's tracepoints of the scheduler and of system calls", close=True),
        Tracer("exact, no sched", "system",
               lambda pid: stat_argv(pid, "--mode", "exact", "--without", "sched", "--format", "json"),
               "as exact, but for what the scheduler tells", "whether a holder was on the CPU, what it slept in",
               loads=STACKS_LOADS),
        Tracer("exact, stacks", "system",
               lambda pid: stat_argv(pid, "--mode", "exact", "--with", "stacks", "--format", "json"),
               EXACT + "; the Python code of each", "as exact", loads=STACKS_LOADS),
        Tracer("exact, stacks, native", "system",
               lambda pid: stat_argv(pid, "--mode", "exact", "--native", "--format", "json"),
               EXACT + "; the Python and C code of each", "as exact", loads=STACKS_LOADS),
        Tracer("watch, stacks", "system",
               lambda pid: stat_argv(pid, "--mode", "watch", "--with", "stacks", "--format", "json"),
               "as watch; the Python code of each figure", "as watch", loads=STACKS_LOADS),
        Tracer("exact, refs", "system",
               lambda pid: stat_argv(pid, "--mode", "exact", "--with", "refs", "--budget", "none", "--format", "json"),
               EXACT + "; every object that ends, by type", "freed objects that the interpreter keeps",
               loads=REFS_LOADS),
        Tracer("empty, refs", "system", empty_sites("--with", "refs"),
               "nothing: the floor of exact mode with refs", "sites only", loads=REFS_LOADS),
        Tracer("refs, budget", "system",
               lambda pid: stat_argv(pid, "--mode", "exact", "--with", "refs", "--budget", "1%",
                                     "--format", "json"),
               EXACT + "; objects by type in bursts, scaled", "what ends between the bursts",
               loads={"alloc", "alloc_long"}, close=True),
        Tracer("refs, stacks, budget", "system",
               lambda pid: stat_argv(pid, "--with", "refs", "--with", "stacks", "--budget", "1%",
                                     "--format", "json"),
               "as watch; objects by type in bursts, scaled; the Python code of each figure",
               "what ends between the bursts", loads={"alloc", "alloc_long"}, close=True),
    ]
    rows[2].sweep = lambda: shutil.rmtree(out, ignore_errors=True)
    return rows


def peers_on_system(work):
    samples = os.path.join(work, "austin")
    austin = Tracer("austin", "system", lambda pid: ["austin", "-i", "1ms", "-o", samples, "-p", str(pid)],
                    "stacks of all threads, sampled", "holds, waits, releases, who waits for whom",
                    ready="soon", tool=["austin", "--version"])
    austin.sweep = lambda: os.path.exists(samples) and os.unlink(samples)
    return [
        Tracer("bpftrace, sites", "system", bpftrace_at_sites(["bpftrace"]),
               "holds by thread, at the sites that gilscope found",
               "waits, blame, collections; it cannot find the sites itself", ready="text",
               seen=count_hist("hold"), tool=["bpftrace", "--version"]),
        austin,
        Tracer("gilknocker's way", "system", None,
               "share of the time in which the GIL could not be had at once",
               "threads, holds, waits, who; blind while a C extension holds the GIL", inside=True,
               tool=None),
    ]


def on_symbols(interpreter, work):
    perf = Perf(interpreter, work)
    newer = os.environ.get("BENCH_BPFTRACE", "").split()
    sees, blind = ("holds and waits by thread",
                   "stripped interpreters, inlined copies of the two functions (their releases go "
                   "uncounted), blame, collections")
    rows = [
        Tracer("exact, symbols", "symbols",
               lambda pid: stat_argv(pid, "--mode", "exact", "--format", "json"), EXACT,
               "as exact", seen=count_stat),
        Tracer("empty, symbols", "symbols", empty_sites(), "nothing: the floor of exact mode",
               "as empty programs"),
        Tracer("bpftrace", "symbols", bpftrace_by_symbol(["bpftrace"], interpreter.file), sees, blind,
               ready="text", seen=count_hist("wait"), tool=["bpftrace", "--version"]),
        Tracer("bpftrace, newer", "symbols", bpftrace_by_symbol(newer, interpreter.file), sees, blind,
               ready="text", seen=count_hist("wait"), tool=[*newer, "--version"]),
        Tracer("perf record", "symbols", perf.command, sees + ", afterwards, from a file", blind,
               ready="text", seen=perf.seen, tool=["perf", "--version"]),
    ]
    for row in rows:
        row.loads = SYMBOL_LOADS
    rows[3].skipped = None if newer else "no other bpftrace is there; scripts/peers.sh fetches it"
    rows[4].sweep = perf.sweep
    return rows, perf


@contextlib.contextmanager
def tracers(pythons, work, wanted=None):
    """All columns, tried out; the names in WANTED only, if given."""
    rows, perf = gilscopes(work) + peers_on_system(work), None
    if "symbols" in pythons:
        more, perf = on_symbols(pythons["symbols"], work)
        rows += more
    rows = [t for t in rows if not wanted or t.name in wanted]
    if perf and any(t.name == "perf record" for t in rows):
        try:
            perf.add()
        except (OSError, subprocess.SubprocessError):
            next(t for t in rows if t.name == "perf record").skipped = "uprobe events cannot be made"
    try:
        for t in rows:
            try:
                if not t.skipped:
                    t.try_out(pythons[t.python].path)
            except (Failed, OSError, subprocess.SubprocessError) as e:
                t.skipped = str(e)
        yield rows
    finally:
        if perf:
            perf.remove()
