"""Hold gilscope's exact mode against the bundled runtime, which knows its own true counts.

usage: calibrate.py [--quick] [--write FILE]

Runs the runtime's workloads (tour/calibrate.c) under `gilscope stat`, from the first instruction
to the end, and compares figure by figure.  Every count must be equal, in every run.  Sums of times
must agree within 2 % or 50 us, maxima within 50 us.  Prints a table; --write puts it, with the
machine it was made on, into a file.  Exit code 1 if any figure is off.

Why times differ at all: the runtime reads its clock under the GIL's mutex, the probes lie after
that is released, on purpose (a probe inside would lengthen the lock).  A thread descheduled just
between the two points is measured differently by both, rightly so by each: a run with times off
is made again, up to ATTEMPTS times.
"""
import json
import os
import platform
import subprocess
import sys
import tempfile

BUILD = os.environ.get("O", "build")
GILSCOPE = os.environ.get("GILSCOPE", f"{BUILD}/gilscope")
RUNTIME = os.environ.get("GILSCOPE_RT", f"{BUILD}/gilscope-rt")

ATTEMPTS = 5

QUICK = [("compute", 2, 500), ("compute", 4, 500), ("blocking", 4, 200), ("mixed", 4, 100),
         ("storm", 2, 5000), ("flood", 4, 3000), ("select", 4, 100), ("poll", 4, 100),
         ("epoll", 4, 100)]
FULL = ([(w, n, max(r // n, 40)) for w, r in (("compute", 6000), ("blocking", 3000), ("mixed", 3000))
         for n in (1, 2, 4, 8, 16, 32, 64)]
        + [("storm", n, 20000) for n in (1, 4, 16)] + [("flood", n, 20000) for n in (1, 4, 16)]
        + [(w, n, 300) for w in ("select", "poll", "epoll") for n in (1, 8, 64)])


HEAD = """# Calibration

Made by `make calibrate`, on {machine}.

The bundled runtime counts what happens to it; gilscope traces it from the first instruction to the
last, and every figure is compared: takes, contended takes, handovers, forced releases, holds and
waits, collections with what they found and their pauses by generation, deallocations by type, calls,
wake-ups, time-outs and events of each back end of the loop. Counts are equal in every run. Sums of
times agree within 2 % or 50 us, maxima within 50 us.

`held` and `waited` are how much more gilscope says than the runtime. The runtime reads its clock under
the GIL's mutex, the probes lie after it is released: holds of a few microseconds come out shorter, by 11
to 29 % in a trial with threads that did nothing but block, and are beyond what exact mode measures well.
The workloads here hold for some tens of microseconds and more. `runs`: how often the workload was run until no thread was descheduled between a
clock reading and its probe.

| workload | threads or sockets | takes | contended | held | waited | figures | off | runs |
|---|---|---|---|---|---|---|---|---|
"""


def trace(workload):
    with tempfile.TemporaryFile() as account:
        os.set_inheritable(account.fileno(), True)
        env = dict(os.environ, GILSCOPE_ACCOUNT_FD=str(account.fileno()))
        families = ["--with", "refs", "--budget", "none"] if workload[0] == "flood" else []
        done = subprocess.run([GILSCOPE, "stat", "--mode", "exact", "--format", "json", *families, "--", RUNTIME,
                               "--calibrate", *map(str, workload)], env=env, timeout=120,
                              pass_fds=[account.fileno()], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{workload}: {done.stderr}")
        account.seek(0)
        return json.load(account), json.loads(done.stdout)


def row(rows, key, value):
    return next((r for r in rows or [] if r[key] == value), None)


class Table:
    def __init__(self):
        self.rows, self.off, self.counts_off = [], 0, 0

    def add(self, what, truth, seen, most):
        ok = seen is not None and abs(seen - truth) <= most
        self.off += not ok
        self.rows.append((what, truth, seen, ok))

    def count(self, what, truth, seen):
        self.add(what, truth, seen, 0)
        self.counts_off += seen != truth

    def sum(self, what, truth, seen):
        self.add(what, truth, seen, max(truth * 0.02, 50_000))

    def maximum(self, what, truth, seen):
        self.add(what, truth, seen, 50_000)

    def hist(self, what, truth, seen):
        self.count(f"{what}: count", truth["count"], seen["count"])
        self.sum(f"{what}: sum, ns", truth["sum_ns"], seen["sum_ns"])
        self.maximum(f"{what}: longest, ns", truth["max_ns"], seen["max_ns"])


def compare(truth, seen):
    t, told, saw = Table(), truth["processes"][0], seen["processes"][0]
    g, s = told["gils"][0], saw["gils"][0]
    for key in ("takes", "contended_takes", "handovers", "forced_releases"):
        t.count(key, g[key], s[key])
    t.sum("held, ns", g["held_ns"], s["held_ns"])
    t.sum("waited, ns", g["wait_ns"], s["wait_ns"])
    for what in ("hold", "wait"):
        longest = [max((r[what]["max_ns"] for r in p["threads"]), default=0) for p in (told, saw)]
        t.maximum(f"longest {what}, ns", *longest)
    for gc in told["gc"] or []:
        other = row(saw["gc"], "generation", gc["generation"])
        for key in ("collections", "collected", "uncollectable"):
            t.count(f"generation {gc['generation']}: {key}", gc[key], other[key])
        t.hist(f"generation {gc['generation']}: pause", gc["pause"], other["pause"])
    for io in told["io"] or []:
        other = row(saw["io"], "call", io["call"]) or row(saw["io"], "call", "pselect6")
        for key in ("calls", "wakeups", "timeouts", "errors", "events"):
            t.count(f"{io['call']}: {key}", io[key], other and other[key])
    if saw["types"] is not None:
        for ty in told["types"] or []:
            other = row(saw["types"], "type", ty["type"])
            t.count(f"type {ty['type']}: deallocs", ty["deallocs"], other and other["deallocs"])
    t.count("lost", 0, sum(loss["count"] for loss in seen["lost"]))
    return t


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    return f"Linux {platform.release()}, {os.cpu_count()} CPUs, {cpu}"


def main():
    args = sys.argv[1:]
    workloads = QUICK if "--quick" in args else FULL
    lines, off = [], 0
    for workload in workloads:
        for attempt in range(1, ATTEMPTS + 1):
            t = compare(*trace(workload))
            if t.counts_off or not t.off:
                break
        off += t.off
        g = {what: (truth, seen) for what, truth, seen, _ in t.rows}
        held, waited = g["held, ns"], g["waited, ns"]
        lines.append(f"| {workload[0]} | {workload[1]} | {g['takes'][0]} | {g['contended_takes'][0]} | "
                     f"{(held[1] - held[0]) / max(held[0], 1) * 100:+.2f} % | "
                     f"{(waited[1] - waited[0]) / max(waited[0], 1) * 100:+.2f} % | "
                     f"{len(t.rows)} | {t.off or 'none'} | {attempt} |")
        print(f"{' '.join(map(str, workload)):24} {len(t.rows)} figures, {t.off or 'none'} off")
        for what, truth, seen, ok in t.rows:
            if not ok:
                print(f"    {what}: the runtime says {truth}, gilscope {seen}")
    if "--write" in args:
        with open(args[args.index("--write") + 1], "w") as out:
            out.write(HEAD.format(machine=machine()) + "\n".join(lines) + "\n")
    print(f"{len(workloads)} workloads, {off or 'no'} figures off")
    return off > 0


sys.exit(main())
