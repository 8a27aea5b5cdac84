"""Sections of the report: what tracing costs the target, what the tools see of it, and what
gilscope itself needs.  Each is a function that returns plain data for report.py and verdicts.py."""
import json
import subprocess
import time

import load
from measure import (GILSCOPE, LOAD_PY, Failed, Process, cpu_s, memory, noise_floor, run, say, spread,
                     stat_argv)

AGAIN = "untraced again"


def one_round(name, columns, python, other, runs, turn):
    """A run of each column; another column comes first in each round."""
    turned = columns[turn % len(columns):] + columns[:turn % len(columns)]
    for column, tracer in turned:
        if len(runs[column]["failed"]) > 1 or tracer and tracer.skipped:
            continue
        try:
            got = run(name, tracer, python, other)
            runs[column]["runs"][turn] = got
            say(f" {got['wall']:.2f}")
        except (Failed, OSError, subprocess.SubprocessError) as e:
            runs[column]["failed"].append(str(e))
            say(" failed")


def column_result(got, plain):
    """Ratios to the untraced run of the same round."""
    rounds = sorted(set(got["runs"]) & set(plain["runs"]))
    result = {"wall": None, "cpu": None, "failed": got["failed"][:1] or None,
              "seconds": [round(got["runs"][i]["wall"], 6) for i in rounds]}
    for what in ("wall", "cpu"):
        if rounds:
            result[what] = spread([got["runs"][i][what] / plain["runs"][i][what] for i in rounds])
    return result


def workload(name, group, pythons, tracers, repeats):
    """One workload on one interpreter: every column, in alternation."""
    python = pythons[group].path
    other = next((p.path for g, p in pythons.items() if g != group), python)
    columns = [("untraced", None), (AGAIN, None)]
    columns += [(t.name, t) for t in tracers
                if t.python == group and (not t.loads or name in t.loads)]
    runs = {column: {"runs": {}, "failed": []} for column, _ in columns}
    for turn in range(repeats):
        say(f"{name} on {pythons[group].version}, round {turn + 1} of {repeats}:")
        one_round(name, columns, python, other, runs, turn)
        say("\n")
    plain, again = runs["untraced"], runs[AGAIN]
    both = sorted(set(plain["runs"]) & set(again["runs"]))
    first = next(iter(plain["runs"].values()), {})
    return {
        "name": name, "what": load.LOADS[name], "with": first.get("with"), "python": group,
        "untraced_s": spread([r["wall"] for r in plain["runs"].values()]),
        "noise": noise_floor([plain["runs"][i]["wall"] for i in both],
                             [again["runs"][i]["wall"] for i in both], repeats),
        "columns": {c: column_result(runs[c], plain) for c, t in columns[1:] if not (t and t.skipped)},
    }


def overheads(names, pythons, tracers, repeats):
    return [workload(name, group, pythons, tracers, repeats) for name in names for group in pythons
            if any(t.python == group and not t.skipped for t in tracers) or group == "system"]


# Workloads that know how often they take the GIL, without the few takes of their start and end.
COUNTED = {"pingpong": 8 * 2 * 12_000, "read_loop": 1_000_000}


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
            until = time.monotonic() + 30
            while "measuring" not in stat.said():
                if stat.p.poll() is not None or time.monotonic() > until:
                    raise Failed(stat.complaint())
                time.sleep(0.02)
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
