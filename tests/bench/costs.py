"""Sections of the report: what tracing costs the target, what the tools see of it, and what
gilscope itself needs.  Each is a function that returns plain data for report.py and verdicts.py."""
import json
import statistics
import subprocess
import time

import load
from measure import (GILSCOPE, LOAD_PY, Failed, Load, Process, cpu_s, memory, noise_floor, run, say,
                     spread, stat_argv, wait_measuring)

class Column:
    """What the runs of one column came to."""

    def __init__(self, tracer):
        self.tracer, self.seconds, self.failed = tracer, [], []
        self.ratios = {"wall": [], "cpu": []}

    def take(self, got, untraced):
        self.seconds.append(round(got["wall"], 6))
        for what, ratios in self.ratios.items():
            ratios.append(got[what] / statistics.mean(u[what] for u in untraced))

    def result(self):
        return {"failed": self.failed[:1] or None, "seconds": self.seconds,
                **{what: spread(ratios) for what, ratios in self.ratios.items()}}


def traced(work, column, name, python, other):
    """A run under the column's tracer; None, and a word, if it failed."""
    try:
        got = run(name, column.tracer, python, other) if column.tracer.inside else work(column.tracer)
        say(f" {got['wall']:.2f}")
        return got
    except (Failed, OSError, subprocess.SubprocessError) as e:
        column.failed.append(str(e))
        say(" failed")
        return None


def one_round(name, columns, python, other):
    """A run of each column, and untraced ones between them: (what each came to, untraced runs)."""
    rows, plain = [], []
    with Load(name, python, other) as load:
        def untraced():
            plain.append(load.work())
            say(f" [{plain[-1]['wall']:.2f}]")
        untraced()
        for at, column in enumerate(columns):
            got = traced(load.work, column, name, python, other)
            if not got:
                break  # whatever state the load is in
            rows.append((column, got, len(plain) - 1))
            # Two of those whose cost is large share their neighbours.
            if column.tracer.close or at + 1 == len(columns) or columns[at + 1].tracer.close or \
                    len(rows) > 1 and rows[-2][2] == rows[-1][2]:
                untraced()
        while len(plain) < 3:  # for the noise
            untraced()
    return rows, plain


def runs(tracer, name):
    """Is it a column of that workload?"""
    return (not tracer.loads or name in tracer.loads) and tracer.name in load.ONLY.get(name, {tracer.name})


def workload(name, group, pythons, tracers, repeats):
    """One workload on one interpreter: every column, in alternation."""
    python = pythons[group].path
    other = next((p.path for g, p in pythons.items() if g != group), python)
    columns = [Column(t) for t in tracers
               if t.python == group and runs(t, name) and not t.skipped]
    walls, again, note = [], [], None
    for turn in range(repeats):
        say(f"{name} on {pythons[group].version}, round {turn + 1} of {repeats}:")
        left = [c for c in columns if len(c.failed) < 2]
        turned = left[turn % len(left):] + left[:turn % len(left)] if left else []
        while turned or not walls:
            try:
                rows, plain = one_round(name, turned, python, other)
            except Failed as e:
                say(f" the load failed: {e}")
                break
            for column, got, before in rows:
                column.take(got, plain[before:before + 2])
            walls += [u["wall"] for u in plain]
            again += [b["wall"] / statistics.mean((a["wall"], c["wall"]))
                      for a, b, c in zip(plain, plain[1:], plain[2:])]
            note = plain[0]["with"]
            turned = turned[len(rows) + 1:]  # those behind one that failed
        say("\n")
    return {
        "name": name, "what": load.LOADS[name], "with": note, "python": group,
        "untraced_s": spread(walls), "noise": noise_floor(again, repeats),
        "columns": {c.tracer.name: c.result() for c in columns},
    }


def overheads(names, pythons, tracers, repeats):
    return [workload(name, group, pythons, tracers, repeats) for name in names for group in pythons
            if group == "system" or any(t.python == group and not t.skipped and runs(t, name) for t in tracers)]


# Workloads that know how often they take the GIL, without the few takes of their start and end.
COUNTED = {"pingpong": 8 * 2 * 6_000, "read_loop": 500_000}


def seen(names, pythons, tracers):
    """How many of the takes there were each tool has counted."""
    rows = []
    for t in tracers:
        if not t.seen or t.skipped:
            continue
        for name in names:
            say(f"what {t.name} sees of {name}:")
            try:
                python = pythons[t.python].path
                got = run(name, t, python, python, count=True)["seen"]
            except (Failed, OSError, subprocess.SubprocessError) as e:
                got = None
                say(f" {e}")
            say(f" {got}\n")
            rows.append({"name": t.name, "load": name, "calls": COUNTED[name], "counted": got})
    return rows


def attaching(repeats, modes, python):
    """From the start of the program to its first figures, and from SIGINT to its end; seconds."""
    rows = []
    for mode in modes:
        ups, downs = [], []
        with Process([python, LOAD_PY, "paced", "6", "12000", "120"], limit_s=150) as work:
            work.line()
            work.send()
            for _ in range(repeats):
                began = time.perf_counter()
                with Process(stat_argv(work.pid, "--mode", mode, "-i", "0.01", "--format",
                                       "jsonl")) as t:
                    t.line()
                    ups.append(time.perf_counter() - began - 0.01)
                    downs.append(t.interrupt())
        rows.append({"mode": mode, "attach_s": spread(ups), "detach_s": spread(downs)})
    return rows


def discovery(repeats, pythons):
    """How long finding the interpreter's sites takes, without attaching."""
    rows = []
    for group, python in pythons.items():
        took = []
        with Process([python.path, LOAD_PY, "pure"]) as work:
            work.line()
            for _ in range(repeats):
                began = time.perf_counter()
                subprocess.run([GILSCOPE, "probes", "-p", str(work.pid), "--format", "json"], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                took.append(time.perf_counter() - began)
        rows.append({"python": group, "seconds": spread(took)})
    return rows


def errors_of(lines, truths):
    """Takes counted against the workloads' own number; the releases that others asked for, and the
    takes after them, are not in that number.  None where the mode does not count takes."""
    tids = {tid for t in truths for tid in t["tids"]}
    counted = forced = 0
    for line in lines:
        for p in line["processes"]:
            for t in p["threads"]:
                if t["tid"] in tids and t["takes"] is not None:
                    counted += t["takes"]
                    forced += t["forced_releases"] or 0
    truth = sum(t["takes"] for t in truths)
    takes_known = any(t["takes"] is not None for line in lines for p in line["processes"]
                      for t in p["threads"])
    return {"takes": truth, "counted": counted - forced if takes_known else None,
            "error": (counted - forced) / truth - 1 if takes_known else None,
            "lost": sum(x["count"] for line in lines[-1:] for x in line["lost"])}


def collect_lines(stat, works, interval):
    """Lines with the moment each came, until all works have told their truth."""
    lines, lags, truths, marks = [], [], [], []
    waiting = list(works)

    def take():
        line = json.loads(stat.line())
        now = time.time_ns()
        lines.append(line)
        lags.append((now - line["started_unix_ns"] - line["duration_ns"]) / 1e9)
        marks.append((time.monotonic(), cpu_s(stat.pid)))
    for work in waiting:
        work.send()
    take()
    while waiting:
        take()
        while waiting and (text := waiting[0].poll_line()) is not None:
            truths.append(json.loads(text))
            waiting.pop(0)
    needs = memory(stat.pid)
    time.sleep(interval / 4)
    stat.interrupt()
    lines += [json.loads(x) for x in stat.output.splitlines() if x.startswith("{")]
    return lines, lags, truths, marks, needs


def at_scale(mode, processes, threads, rate, seconds, python, interval=1.0):
    """gilscope's own needs, the age of its figures and their error with that many of everything."""
    works, say_what = [], f"{mode}: {processes} processes, {threads} threads, {rate:,} takes/s"
    say(f"{say_what}:")
    try:
        for _ in range(processes):
            works.append(Process([python, LOAD_PY, "paced", str(threads // processes or 1),
                                  str(rate / processes), str(seconds)]))
        for w in works:
            w.line()
        with Process(stat_argv(",".join(str(w.pid) for w in works), "--mode", mode, "-i", str(interval),
                               "--format", "jsonl")) as stat:
            wait_measuring(stat)
            lines, lags, truths, marks, needs = collect_lines(stat, works, interval)
    except Failed as e:
        say(f" {e}\n")
        return {"mode": mode, "processes": processes, "threads": threads, "rate": rate, "failed": str(e)}
    finally:
        for w in works:
            w.__exit__()
    own = (marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0])
    result = {"mode": mode, "processes": processes, "threads": threads, "rate": rate, "failed": None,
              "interval_s": interval, "cpu": own, **needs, "lag_s": spread(lags[1:]),
              "takes_per_s": sum(t["takes"] for t in truths) / seconds, **errors_of(lines, truths)}
    say(f" {own:.1%} of a CPU, {needs['rss'] / 2**20:.0f} MiB\n")
    return result


# What grows while the rest stays: (processes, threads, takes a second).
SCALE = {
    "threads": [(1, n, 2_000) for n in (1, 10, 100, 1000)],
    "processes": [(n, n, 2_000) for n in (1, 8, 64)],
    "takes": [(1, 4, n) for n in (1_000, 10_000, 100_000, 1_000_000)],
}


def scale(modes, python, seconds, quick):
    rows = []
    for what, steps in SCALE.items():
        for processes, threads, rate in (steps[:1] + steps[-1:] if quick else steps):
            for mode in modes:
                rows.append({"grows": what, **at_scale(mode, processes, threads, rate, seconds, python)})
    return rows


def modes(python):
    """Those that this gilscope can do."""
    found = []
    for mode in ("watch", "exact"):
        with Process([python, LOAD_PY, "pure"]) as work:
            work.line()
            done = subprocess.run(stat_argv(work.pid, "--mode", mode, "-d", "0.05", "--format", "json"),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
            if done.returncode == 0:
                found.append(mode)
    return found
