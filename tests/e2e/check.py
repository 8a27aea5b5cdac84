"""Checks on what gilscope prints, for the scripts in this folder.

As a module (a script's `check RESULT [TRUTH…] <<'EOF'` starts with `from check import *`):
`result` and `truth` are the JSON of the first two files, `results` and `truths` all of them.
Every check says what it expected and what it saw; failures are collected and reported
together at the end, with exit code 1.

As a program: text-restored PID, links-left PID… (see the functions of those names).
"""
import atexit
import json
import os
import re
import subprocess
import sys
import time

failures = []
passed = 0


def expect(ok, what, expected, seen):
    global passed
    if ok:
        passed += 1
    else:
        failures.append(f"{what}: expected {expected}, seen {seen}")
    return ok


def equal(what, expected, seen):
    return expect(expected == seen, what, repr(expected), repr(seen))


def between(what, low, high, seen):
    ok = isinstance(seen, (int, float)) and low <= seen <= high
    return expect(ok, what, f"{low:.10g} to {high:.10g}", seen)


def near(what, expected, seen, share=0.0, slack=0):
    """@seen is within @share of @expected, or within @slack, whichever allows more."""
    by = max(abs(expected) * share, slack)
    return between(what, expected - by, expected + by, seen)


def finish():
    for f in failures:
        print("    " + f)
    if not passed and not failures:
        print("    no check was made")
    sys.stdout.flush()
    if failures or not passed:
        os._exit(1)


def load(path):
    """The JSON objects in a file: one, or one per line."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as e:
        sys.exit(f"    {os.path.basename(path)} is not JSON ({e}): {text[:300]!r}")


# --- figures -------------------------------------------------------------------------------

def process(result, pid):
    """The process with that pid; fails the script at once if there is none."""
    for p in result["processes"]:
        if p["pid"] == pid:
            return p
    failures.append(f"process {pid}: not in {[p['pid'] for p in result['processes']]}")
    sys.exit(1)


def only_process(result):
    if not equal("number of processes", 1, len(result["processes"])):
        sys.exit(1)
    return result["processes"][0]


def gil(p):
    if not equal("number of GILs", 1, len(p["gils"] or [])):
        sys.exit(1)
    return p["gils"][0]


def threads(p):
    return {t["tid"]: t for t in p["threads"]}


def thread(p, tid):
    found = threads(p).get(tid)
    if found is None:
        failures.append(f"thread {tid}: not among the {len(p['threads'])} of the result")
        sys.exit(1)
    return found


def lost(result, cause=None):
    causes = {row["cause"]: row["count"] for row in result["lost"]}
    return causes if cause is None else causes.get(cause, 0)


def nothing_lost(result, but=()):
    """No loss but those named; what was going on at attach may always be counted."""
    allowed = {"attach_mid_hold", "attach_mid_wait", "attach_mid_gc", *but}
    return equal("losses", {}, {c: n for c, n in lost(result).items() if n and c not in allowed})


def generation(p, n):
    """A generation's row; one of zeros where it has none."""
    for row in p["gc"]:
        if row["generation"] == n:
            return row
    hist = dict.fromkeys(HIST, 0)
    return {"generation": n, "collections": 0, "collected": 0, "uncollectable": 0,
            "pause": hist, "stalled_ns": 0}


def io(p, *calls):
    """The sum of these calls' counts (libc makes select() a pselect6, and so on)."""
    total = dict.fromkeys(("calls", "wakeups", "timeouts", "errors", "events"), 0)
    blocked = 0
    for row in p["io"]:
        if row["call"] in calls:
            for key in total:
                total[key] += row[key]
            blocked += (row["blocked"] or {}).get("sum_ns", 0)
    total["blocked_ns"] = blocked
    return total


# --- the contract --------------------------------------------------------------------------

HIST = ("count", "sum_ns", "max_ns", "p50_ns", "p90_ns", "p99_ns")
COUNT, REAL, TEXT, FLAG = "count", "real", "text", "flag"
SHAPE = {
    "schema": TEXT, "gilscope": TEXT, "kernel": TEXT, "mode": TEXT,
    "started_unix_ns": COUNT, "duration_ns": COUNT,
    "processes": [{
        "pid": COUNT, "ns_pid": COUNT, "exited": FLAG,
        "python": {"version": TEXT, "path": TEXT, "build_id": TEXT,
                   "free_threaded": FLAG, "debug": FLAG},
        "gils": [{"address": TEXT, "held_ns": COUNT, "held_ratio": REAL, "held_source": TEXT,
                  "held_error_ratio": REAL, "takes": COUNT, "contended_takes": COUNT,
                  "handovers": COUNT, "forced_releases": COUNT, "wait_ns": COUNT,
                  "held_offcpu_ns": COUNT}],
        "threads": [{"tid": COUNT, "ns_tid": COUNT, "name": TEXT, "takes": COUNT,
                     "contended_takes": COUNT, "held_ns": COUNT, "held_offcpu_ns": COUNT,
                     "wait_ns": COUNT, "hold": HIST, "wait": HIST}],
        "blame": [{"holder_tid": COUNT, "waiter_tid": COUNT, "waits": COUNT, "wait_ns": COUNT}],
        "gc": [{"generation": COUNT, "collections": COUNT, "collected": COUNT,
                "uncollectable": COUNT, "pause": HIST, "stalled_ns": COUNT}],
        "io": [{"call": TEXT, "calls": COUNT, "wakeups": COUNT, "timeouts": COUNT,
                "errors": COUNT, "events": COUNT, "blocked": HIST, "wake_to_run": HIST,
                "wake_to_gil": HIST}],
        "types": [{"type": TEXT, "deallocs": COUNT}],
        "asyncio": [{"tid": COUNT, "name": TEXT, "exited": FLAG, "iterations": COUNT,
                     "iteration": HIST, "steps": COUNT, "step": HIST, "blocked": COUNT,
                     "blocked_ns": COUNT, "blocked_steps": COUNT, "blocked_over_ns": COUNT,
                     "running_ns": COUNT}],
        "types_coverage": TEXT}],
    "totals": {"processes": COUNT, "running": COUNT, "threads": COUNT, "measured_ns": COUNT,
               "held_ns": COUNT, "takes": COUNT, "wait_ns": COUNT, "collections": COUNT,
               "io_wakeups": COUNT},
    "probes": [{"family": TEXT, "event": TEXT, "file": TEXT, "offset": TEXT, "found_by": TEXT,
                "instruction": TEXT, "hits": COUNT}],
    "lost": [{"cause": TEXT, "count": COUNT}],
    "overhead": {"tracer_cpu_ns": COUNT, "probe_hits": COUNT, "target_cpu_ns_estimate": COUNT},
}
# What may be null where it was not measured; the rest always has a value.
NEVER_NULL = {"schema", "gilscope", "kernel", "mode", "started_unix_ns", "duration_ns",
              "processes", "pid", "ns_pid", "exited", "python", "path", "free_threaded",
              "debug", "probes", "lost", "overhead", "tid", "name", "generation", "call", "type",
              "family", "event", "cause", "count"}


def shape_errors(value, shape, where):
    if isinstance(shape, tuple):
        shape = dict.fromkeys(shape, COUNT)
        if isinstance(value, dict) and value.get("count") == 0:
            shape.update(p50_ns=None, p90_ns=None, p99_ns=None)  # quantiles of nothing
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: no object but {value!r}"]
        bad = [f"{where}.{key}: missing" for key in shape if key not in value]
        for key in shape.keys() & value.keys():
            if value[key] is None and key not in NEVER_NULL:
                continue
            bad += shape_errors(value[key], shape[key], f"{where}.{key}")
        return bad
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: no list but {value!r}"]
        return [e for i, v in enumerate(value) for e in shape_errors(v, shape[0], f"{where}[{i}]")]
    ok = {COUNT: type(value) is int and value >= 0,
          REAL: type(value) in (int, float) and value >= 0,
          TEXT: type(value) is str and value.isprintable(),
          FLAG: type(value) is bool,
          None: True}[shape]
    return [] if ok else [f"{where}: no {shape} but {value!r}"]


def sums_agree(p):
    """What must hold in any process's figures, whatever it did."""
    rows = p["threads"]
    for key in ("takes", "contended_takes", "held_ns", "wait_ns", "held_offcpu_ns"):
        if any(row[key] is None for row in rows + p["gils"]):
            continue
        total = sum(t[key] for t in rows)
        # Rows are read one after the other while the program runs.
        near(f"sum of the threads' {key} against the GIL's", sum(g[key] for g in p["gils"]), total, 0.001,
             20 if "takes" in key else 5_000_000)
    for t in rows:
        h = t["hold"]
        if h:
            expect(h["count"] <= t["takes"] + 1, f"holds of thread {t['tid']}",
                   f"at most its takes, {t['takes']}", h["count"])
            expect(h["sum_ns"] <= t["held_ns"], f"held_ns of thread {t['tid']}",
                   f"at least its finished holds, {h['sum_ns']}", t["held_ns"])
        for h in filter(None, (t["hold"], t["wait"])):
            if h["count"]:
                q = [h[k] for k in ("p50_ns", "p90_ns", "p99_ns", "max_ns")]
                expect(q == sorted(q), "order of p50, p90, p99, max", sorted(q), q)


def contract(result):
    bad = shape_errors(result, SHAPE, "result")
    expect(not bad, "shape of the result", "as in the contract", "; ".join(bad[:8]))
    equal("schema", "gilscope.stat/1", result.get("schema"))
    for p in result["processes"]:
        if p["gils"]:
            sums_agree(p)
        for g in p["gils"] or []:
            if g["held_ns"] is None:  # watch mode, and it ended before the first sample
                continue
            expect(g["held_ns"] <= result["duration_ns"] * 1.001 + 1_000_000, "held_ns of the GIL",
                   f"at most the duration, {result['duration_ns']}", g["held_ns"])
            near("held_ratio", g["held_ns"] / (p.get("measured_ns") or result["duration_ns"]),
                 g["held_ratio"], 0.01, 0.001)


# --- processes and their memory ------------------------------------------------------------

def proc_status(pid, key):
    """A number of /proc/PID/status: kB for VmRSS and VmHWM."""
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(rf"^{key}:\s*(\d+)", f.read(), re.M)[1])


def cmd_text_restored(pid):
    """Is every byte of the program text mapped from files what it is in the file?"""
    compared = different = 0
    where = []
    with open(f"/proc/{pid}/maps") as f:
        maps = [line.split(None, 5) for line in f]
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for row in maps:
            if len(row) < 6 or "x" not in row[1] or not row[5].startswith("/"):
                continue
            start, end = (int(x, 16) for x in row[0].split("-"))
            with open(f"/proc/{pid}/map_files/{start:x}-{end:x}", "rb") as file:
                file.seek(int(row[2], 16))
                want = file.read(end - start)
            mem.seek(start)
            have = mem.read(len(want))
            compared += len(want)
            if have != want:
                bad = [i for i, (a, b) in enumerate(zip(have, want)) if a != b]
                different += len(bad)
                where += [f"{row[5].strip()}+{int(row[2], 16) + i:#x}" for i in bad[:4]]
    if compared == 0:
        sys.exit("    no program text to compare")
    if different:
        sys.exit(f"    {different} bytes of {compared} differ from the file: {' '.join(where[:6])}")


def bpf_holders():
    """{program id: [pid…]} of the processes that have a program, or a link to it, open."""
    holders = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if "bpf" in os.readlink(f"/proc/{pid}/fd/{fd}"):
                    with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                        for id in re.findall(r"^prog_id:\s*(\d+)", f.read(), re.M):
                            holders.setdefault(int(id), []).append(int(pid))
        except OSError:
            pass  # ended meanwhile
    return holders


def bpf_programs():
    """{id: (name, [pid…])} of gilscope's programs on this machine, by the names they all bear."""
    out = subprocess.run(["bpftool", "-j", "prog", "show"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, timeout=30)
    rows = [r for r in json.loads(out.stdout or b"[]") if r.get("name", "").startswith("gs_")]
    holders = bpf_holders()  # after the list, so that no program of it can be without its holder
    return {r["id"]: (r["name"], holders.get(r["id"], [])) for r in rows}


def cmd_bpf_left(*pids):
    """Does any of these processes, or no process at all, hold a program of ours (gs_…)?

    The kernel frees what an ended process held a little later: those found first count, if they
    are still there after ten seconds.  Others may come and go, with other tracers.
    """
    mine = set(map(int, pids))

    def left():
        return {id: f"{id} {name} held by {who or 'nobody'}"
                for id, (name, who) in bpf_programs().items() if not who or mine & set(who)}

    first = left()
    until = time.monotonic() + 10
    while first and time.monotonic() < until:
        time.sleep(0.2)
        now = left()
        first = {id: text for id, text in first.items() if id in now}
    if first:
        sys.exit("    BPF programs left: " + "; ".join(list(first.values())[:6]))


def cmd_links_of(pid):
    """How many BPF links does this process hold?"""
    n = 0
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                n += "link_type:" in f.read()
        except OSError:
            pass
    print(n)


def cmd_native(python):
    """Print the path of the executable behind a python command, if it is a CPython 3.11."""
    code = ("import sys, os; print(os.path.realpath(sys.executable)) "
            "if sys.implementation.name == 'cpython' and sys.version_info[:2] == (3, 11) else 0")
    out = subprocess.run([python, "-I", "-S", "-c", code], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=20)
    print(out.stdout.decode().strip())


def start():
    """Load the files named on the command line into the caller's names."""
    global result, truth, results, truths
    files = [load(path) for path in sys.argv[1:]]
    results = files[0] if files else []
    truths = [f[0] for f in files[1:]]
    result = results[0] if results else None
    truth = truths[0] if truths else None
    atexit.register(finish)


if __name__ == "__main__":
    globals()["cmd_" + sys.argv[1].replace("-", "_")](*sys.argv[2:])
else:
    start()
