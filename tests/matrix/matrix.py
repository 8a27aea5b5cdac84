"""Every interpreter, in every form, in every place: known answers, and by which evidence it was found.

usage: matrix.py [--subset] [--only WORD[,WORD...]]      words that a cell's name is to contain

A cell (places.py) is two workloads, tests/work/known.py and cpu.py.  Many of them are measured by one
tracer, and their parts that are only counted run at the same time; what is timed, a few at a time; who
computes, alone, with watch mode beside.  Prints a table of the cells.  $GILSCOPE is the tracer, $O/pythons
has the interpreters.  Exit code 1 if any cell failed, 77 if there is none.
"""
import argparse
import itertools
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
sys.argv, ARGS = sys.argv[:1], sys.argv[1:]
import answers  # noqa: E402 (it reads sys.argv)
import check  # noqa: E402
import places  # noqa: E402

BATCH = 20  # cells that one tracer measures
TIMED = 4  # of which so many are in their timed part at the same time
GILSCOPE = os.environ["GILSCOPE"]


class Failed(Exception):
    """What the rest of a cell, or of a batch, cannot do without."""


TROUBLE = (Failed, OSError, ValueError, subprocess.SubprocessError)


class Work:
    """A workload of a cell (tests/work/common.py says how it is talked to)."""

    def __init__(self, cell, script, args, into):
        words, env = cell.command(script, into)
        self.cell, self.script, self.buffer, self.pid = cell, script, b"", None
        self.errors = tempfile.TemporaryFile()
        self.proc = subprocess.Popen(words + args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=self.errors, env=env)

    def line(self, start, seconds=60):
        """Its next line, which begins with @start."""
        with selectors.DefaultSelector() as s:
            s.register(self.proc.stdout, selectors.EVENT_READ)
            until = time.monotonic() + seconds
            while b"\n" not in self.buffer:
                more = os.read(self.proc.stdout.fileno(), 65536) if s.select(until - time.monotonic()) else b""
                if not more:
                    self.errors.seek(0)
                    said = self.errors.read().decode(errors="replace").strip().splitlines()[-1:]
                    raise Failed(f"{self.script}: no {start} in {seconds} s; {' '.join(said)}")
                self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\n")
        if not line.startswith(start.encode()):
            raise Failed(f"{self.script}: {line[:100]!r}, not {start}")
        return line.decode()

    def ready(self):
        self.line("READY")
        self.pid = self.proc.pid
        if self.cell.place == "namespaces":
            with open(f"/proc/{self.pid}/task/{self.pid}/children") as f:
                self.pid = int(f.read())

    def go(self):
        os.write(self.proc.stdin.fileno(), b"g")

    def truth(self):
        return json.loads(self.line("{"))

    def end(self):
        self.proc.kill()
        self.proc.communicate()


class Scope:
    """A tracer that measures until it is told to stop."""

    def __init__(self, mode, pids, scopes, seconds=60):
        self.out, self.errors = tempfile.TemporaryFile(), tempfile.NamedTemporaryFile()
        self.proc = subprocess.Popen(
            [GILSCOPE, "stat", "--mode", mode, "--with", "asyncio", "--format", "json", "-d", "600",
             "-p", ",".join(map(str, pids))], stdout=self.out, stderr=self.errors, stdin=subprocess.DEVNULL)
        scopes.append(self)
        until = time.monotonic() + seconds
        while "measuring" not in self.said():
            if self.proc.poll() is not None or time.monotonic() > until:
                raise Failed(f"gilscope in {mode} mode: does not measure; {self.said()}")
            time.sleep(0.02)

    def said(self):
        with open(self.errors.name) as f:
            return f.read().strip()

    def stop(self):
        self.proc.send_signal(signal.SIGINT)
        code = self.proc.wait(60)
        if code != 0:
            raise Failed(f"gilscope: exit code {code} after SIGINT; {self.said()}")
        self.out.seek(0)
        return json.load(self.out)

    def end(self):
        self.proc.kill()
        self.proc.wait()


def checked(cell, *checks):
    """Run each (FUNCTION, ARG…); what fails is noted at the cell."""
    check.passed = 0
    for function, *args in checks:
        try:
            function(*args)
        except SystemExit:
            pass
        except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as e:
            check.failures.append(f"{function.__name__}: {type(e).__name__}: {e}")
    if not check.passed:
        check.failures.append("no check was made")
    cell.failures += check.failures
    check.failures.clear()


# --- a cell -----------------------------------------------------------------------------

def evidence(cell, pid):
    """Ask for the sites, without a cache; the time that took is an upper bound of discovery's."""
    began = time.monotonic()
    run = subprocess.run([GILSCOPE, "probes", "--with", "asyncio", "--format", "json", "-p", str(pid)],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    cell.seconds = time.monotonic() - began
    if run.returncode:
        raise Failed(f"probes: exit code {run.returncode}; {run.stderr.decode().strip()}")
    return json.loads(run.stdout)


def has_evidence(cell, said):
    p = check.only_process(said)
    by = {}
    for row in p["probes"]:
        by.setdefault(row["family"], []).append(row)
    for family in ("gil", "gc", "asyncio"):
        how = [row["found_by"] for row in by.get(family, ())]
        cell.found[family] = " ".join(f"{how.count(x)} {x}" for x in sorted(set(how))) or "-"
    cell.found["layout"], cell.found["version"] = p["layout"], p["python"]["version"]
    check.expect(re.fullmatch(re.escape(cell.python.minor) + r"(\..*)?", p["python"]["version"]), "version",
                 cell.python.minor, p["python"]["version"])
    events = {(row["family"], row["event"]) for row in p["probes"]}
    wanted = [("gc", "start"), ("gc", "done")]
    wanted += [] if not cell.has_gil else [("gil", "owned"), ("gil", "released"), ("gil", "forced")]
    for want in wanted:
        check.expect(want in events, "sites", want, sorted(events))
    check.expect("asyncio" in by, "sites of asyncio", "some", "none")
    if cell.python.layout(cell.form):
        check.equal("layout", cell.python.layout(cell.form), p["layout"])


def compare(cell, known, cpu, exact, watch):
    """All known answers of one cell."""
    p, q = check.process(exact, known.pid), check.process(exact, cpu.pid)
    t = known.told
    if cell.place == "namespaces":
        check.equal("pid in its namespace", 1, p["ns_pid"])
    if "debug" in cell.form.split():
        check.equal("a debug build", cell.form == "debug build", p["python"]["debug"])
    about_gil = () if not cell.has_gil else (
        (answers.takes_equal, p, t["pairs"], t["takes"]), (answers.holds_near, p, t["holds"]),
        (answers.handovers_near, q, cpu.told), (answers.watch_agrees, q, check.process(watch, cpu.pid)))
    checked(cell, *about_gil, (answers.collections_equal, p, t), (answers.epolls_equal, p, t["epolls"]),
            (answers.loops_equal, p, t["loops"]))


# --- a batch ----------------------------------------------------------------------------

def each(works, step):
    """Do @step with each; one that cannot ends its cell.  Return: the others."""
    good = []
    for pair in works:
        try:
            if not pair[0].cell.failures:
                step(*pair)
                good.append(pair)
        except TROUBLE as e:
            pair[0].cell.failures.append(str(e))
    return good


def timed(works):
    """The parts with a clock, a few at a time."""
    good, waiting = [], []
    for pair in works + [None] * TIMED:
        if pair:
            pair[0].go()
        waiting.append(pair)
        if len(waiting) == TIMED or not pair:
            first = waiting.pop(0)
            good += each([first], lambda known, cpu: setattr(known, "told", known.truth())) if first else []
    return good


def measure(works, scopes):
    """All their answers, seen by one tracer and by themselves; @scopes: the tracers it starts."""
    def ready(known, cpu):
        known.ready()
        cpu.ready()

    def look(known, cpu):
        checked(known.cell, (has_evidence, known.cell, evidence(known.cell, known.pid)))

    def counted(known, cpu):
        known.line("COUNTED")

    def compute(known, cpu):
        cpu.go()
        cpu.told = cpu.truth()

    works = each(each(works, ready), look)
    if not works:
        return
    exact = Scope("exact", [w.pid for pair in works for w in pair], scopes)
    watch = Scope("watch", [cpu.pid for _, cpu in works], scopes)
    for known, _ in works:
        known.go()
    good = each(timed(each(works, counted)), compute)
    w, x = watch.stop(), exact.stop()
    whole = places.Cell(None, None, None)
    checked(whole, (check.contract, x), (check.contract, w), (check.nothing_lost, x))
    for known, cpu in works:
        known.cell.failures += whole.failures
    for known, cpu in good:
        compare(known.cell, known, cpu, x, w)


def batch(rows, into):
    works, scopes = [], []
    try:
        for cell in rows:
            works.append((Work(cell, "known.py", [], into), Work(cell, "cpu.py", ["2", "0.6"], into)))
        measure(works, scopes)
    except TROUBLE as e:
        for cell in rows:
            cell.failures.append(str(e))
    finally:
        for each_one in scopes + [work for pair in works for work in pair]:
            each_one.end()


def batches(rows):
    """Cells whose debug files are in sight, and those whose are not: a file has one layout for a tracer."""
    for hides in (True, False):
        some = [c for c in rows if c.hides == hides]
        n = -(-len(some) // BATCH) or 1
        for i in range(n):
            yield some[i * len(some) // n:(i + 1) * len(some) // n]


HEAD = ("INTERPRETER", "FORM", "PLACE", "LAYOUT", "GIL", "GC", "ASYNCIO", "FOUND IN", "RESULT")


def table(rows):
    lines = [HEAD]
    for c in rows:
        lines.append((c.python.name if c.python.own else c.found.get("version", "?") + c.python.name.lstrip("3.0123456789"), c.form, c.place,
                      c.found.get("layout", "-"), *(c.found.get(k, "-") for k in ("gil", "gc", "asyncio")),
                      f"{c.seconds:.2f} s" if c.seconds else "-", "FAILED" if c.failures else "ok"))
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    for line in lines:
        print("  ".join(x.ljust(w) for x, w in zip(line, widths)).rstrip())
    for c in rows:
        for said in dict.fromkeys(c.failures):
            print(f"    {c}: {said}")


def main():
    a = argparse.ArgumentParser(prog="make matrix", description=__doc__.splitlines()[0])
    a.add_argument("--subset", action="store_true", help="all forms in a chroot, one interpreter everywhere")
    a.add_argument("--only", default="", help="cells whose name contains each of these words (a,b)")
    a = a.parse_args(ARGS)
    rows = places.cells(os.path.join(os.environ.get("O", "build"), "pythons"), a.subset)
    rows = [c for c in rows if all(w in str(c) for w in a.only.split(","))]
    if not rows:
        print("no such cell here; make pythons fetches interpreters")
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    used = {c.python for c in rows}
    work = tempfile.mkdtemp(prefix="gilscope-matrix.")
    made = not os.path.isdir("/usr/lib/debug")
    try:
        os.makedirs("/usr/lib/debug", exist_ok=True)
        for p in used:
            p.prepare()
        began = time.monotonic()
        places.compile_modules(rows, work)
        for some in batches(rows):
            batch(some, work)
    finally:
        for p in used:
            p.clear()
        os.rmdir(work)
        if made:
            os.rmdir("/usr/lib/debug")
    table(rows)
    bad = sum(bool(c.failures) for c in rows)
    print(f"{len(rows) - bad} of {len(rows)} cells as expected, in {time.monotonic() - began:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    code = main()
    check.passed, check.failures = 1, []  # its own verdict at the end is for scripts that are one test
    sys.exit(code)
