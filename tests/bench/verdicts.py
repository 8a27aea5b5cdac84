"""The bounds that gilscope is held to, and what this run says of each.

A row of bounds() is one: how it is measured from the results, the bound, and the noise floor of the
measurement.  What the noise floor hides counts as met.  WHY explains what falls short, by the key of
its row; it is written by a person who has looked.
"""
MERGED = ("two waits of some microseconds that follow each other at once, with a short hold between them, can be one to the "
          "scheduler's view")
WHY = {
    "bpftrace.read_loop": "two hits a take cost what the kernel's breakpoints cost (empty programs on the same sites "
                          "add nine tenths of it); bpftrace's script has two more return probes, which is not enough "
                          "for 0.40 on this machine",
    "agree.count.pingpong": MERGED, "agree.sum.pingpong": MERGED,
    "floor.pingpong": "the floor has no programs at switches and wake-ups, of which this load makes one or two a take; all "
                      "programs together take 0.08 s of CPU (kernel.bpf_stats_enabled). It has two speeds besides, and what "
                      "lengthens a take tips it into the slower one",
    "floor.read_loop": "what a site's program does takes 84 ns a hit (kernel.bpf_stats_enabled), an empty one's next to nothing: "
                       "0.08 s of a million hits",
    "floor.asyncio_echo": "what a site's program does takes 97 ns a hit (kernel.bpf_stats_enabled), an empty one's next to "
                          "nothing: 0.016 s of 168,000 hits; the tracepoints of epoll's calls are not in the floor",
    "bpftrace.asyncio_echo": "as on read_loop",
    "watch.pingpong": "the program at a switch takes 0.25 us (kernel.bpf_stats_enabled), and there are 340,000 a second: 0.028 s "
                      "in 0.33 s, and the processor is virtual",
    "watch.gc_storm": "6,400 collections a second, of two hits each: 0.008 s in 0.28 s, 2.2 us a hit where the collector has just "
                      "been through the caches; exact mode's are the same",
    "watch.file_io": "by chance: 1.01 in 11 more runs; all programs together take 0.003 s of CPU in 0.17 s (kernel.bpf_stats_enabled), "
                     "and the load's own runs differ more than their medians let expect",
    "agree.sum.file_io": "exact mode's waits have the way out of the mutexes and the probe itself in them, some 3 us of the 82 us "
                         "that a wait takes here",
    "detach.exact": "each of the seven system-call tracepoints of the io family waits for a grace period of the kernel's, "
                    "one after another (event_mutex), 40 ms each; results are printed before",
    "agent.growth": "it does not go on: of 25,000 in a row, in another run, 103.4 MiB after 5,000, 104.8 after 10,000, 15,000 and "
                    "20,000, 105.2 after all",
}

MET, HIDDEN, SHORT, ABSENT = "met", "below noise", "not met", "not measured"


def row(key, text, bound, measured, noise=0.0, reason=None):
    """One verdict: MEASURED is at most BOUND, or no further above it than NOISE."""
    if measured is None:
        verdict = ABSENT
    elif measured <= bound:
        verdict = MET
    else:
        verdict = HIDDEN if measured <= bound + (noise or 0) else SHORT
    return {"key": key, "text": text, "bound": bound, "measured": measured, "noise": noise,
            "verdict": verdict, "short_by": measured - bound if verdict == SHORT else None,
            "why": WHY.get(key) if verdict == SHORT else reason if verdict == ABSENT else None}


class Results:
    """The parts of a report that may or may not be there."""

    def __init__(self, report):
        self.report = report
        self.loads = {(w["name"], w["python"]): w for w in report.get("workloads") or []}
        self.tracers = {t["name"]: t for t in report.get("tracers") or []}

    def ratio(self, load, column):
        """(median ratio, noise floor, None) or (None, None, why not)."""
        tracer = self.tracers.get(column)
        if not tracer:
            return None, None, f"{column} was not asked for"
        if tracer["skipped"]:
            return None, None, tracer["skipped"]
        w = self.loads.get((load, tracer["python"]))
        got = w and w["columns"].get(column)
        if not got or not got["wall"]:
            return None, None, got["failed"][0] if got and got["failed"] else "this workload was not run"
        return got["wall"]["median"], w["noise"], None


def at_most_times(r, key, text, load, mine, factor, theirs):
    """The time MINE adds is at most FACTOR times what THEIRS adds."""
    a, noise, why = r.ratio(load, mine)
    b, _, why_b = r.ratio(load, theirs)
    if a is None or b is None:
        return row(key, text, factor, None, reason=why or why_b)
    added, base = a - 1, b - 1
    # The noise is that of the ratios to untraced: as a part of what is added, it is larger.
    if base <= noise or base <= 0:
        hidden = added - factor * max(base, 0) <= noise
        v = row(key, text, factor, factor if hidden else added / max(base, noise, 1e-9), 0)
        v["verdict"] = HIDDEN if hidden else v["verdict"]
        v["measured"] = None if hidden else v["measured"]
        v["detail"] = f"adds {added:+.1%}, against {base:+.1%}; noise floor {noise:.1%}"
        return v
    v = row(key, text, factor, added / base, noise / base)
    v["detail"] = f"adds {added:+.1%}, against {base:+.1%}; noise floor {noise:.1%}"
    return v


def ratio_rows(r, loads):
    rows = []
    for load in loads:
        bound = 1.10 if load == "pingpong" else 1.01
        measured, noise, why = r.ratio(load, "watch")
        rows.append(row(f"watch.{load}", f"watch on {load}: x untraced", bound, measured, noise, why))
    for load in loads:
        rows.append(at_most_times(r, f"floor.{load}", f"exact on {load}: x the time that empty programs "
                                  "on the same sites add", load, "exact", 1.15, "empty programs"))
    for load, factor in (("read_loop", 0.40), ("asyncio_echo", 0.50), ("pingpong", 1.0)):
        rows.append(at_most_times(r, f"bpftrace.{load}", f"exact on {load}: x the time that bpftrace adds",
                                  load, "exact, symbols", factor, "bpftrace"))
    for key, column, text in (("budget.refs", "refs, budget", "refs under --budget 1% on alloc_long: x untraced"),
                              ("budget.stacks", "refs, stacks, budget",
                               "refs and stacks in watch mode under --budget 1% on alloc_long: x untraced")):
        measured, noise, why = r.ratio("alloc_long", column)
        rows.append(row(key, text, 1.02, measured, noise, why))
    for load in ("pingpong", "asyncio_echo"):
        rows.append(at_most_times(r, f"stacks.{load}", f"exact with stacks and sched on {load}: x the time that exact "
                                  "without them adds", load, "exact, stacks", 4 / 3, "exact, no sched"))
    return rows


def agreement_rows(r, loads):
    rows = []
    table = {a["name"]: a for a in r.report.get("agreement") or []}
    for load in loads:
        a = table.get(load)
        none = (a and a["failed"]) or (None if a else "not run")
        for key, bound, what in (("count", 0.01, "contended takes"), ("sum", 0.02, "time waited"),
                                 ("held", 0.02, "share of the time held")):
            value = a and a.get(key)
            rows.append(row(f"agree.{key}.{load}", f"watch against exact on {load}: {what}, off by", bound,
                            value if value is None else abs(value),
                            reason=none or "fewer than 20 contended takes"))
    return rows


def own_rows(r):
    rows = []
    many = [s for s in r.report.get("scale") or [] if s["threads"] == 1000 and not s["failed"]]
    for mode in ("watch", "exact"):
        s = next((s for s in many if s["mode"] == mode), None)
        none = None if s else "not run"
        rows.append(row(f"own.cpu.{mode}", f"gilscope in {mode} mode, 1,000 threads, 1 s: of a core", 0.01,
                        s and s["cpu"], reason=none))
        rows.append(row(f"own.memory.{mode}", f"gilscope in {mode} mode, 1,000 threads, 1 s: MiB resident",
                        64, s and s["rss"] / 2**20, reason=none))
    attach = {a["mode"]: a for a in r.report.get("attaching") or []}
    for mode in ("watch", "exact"):
        a = attach.get(mode)
        none = None if a else "not run"
        rows.append(row(f"attach.{mode}", f"{mode} mode: start to first figures, s", 0.3,
                        a and a["attach_s"]["median"], reason=none))
        rows.append(row(f"detach.{mode}", f"{mode} mode: SIGINT to the end, s", 0.2,
                        a and a["detach_s"]["median"], reason=none))
    return rows


def agent_rows(r):
    a = r.report.get("agent")
    rows = []
    for i, labels in enumerate(("", ", and series of each process")):
        s = a and a["staying"][i]
        what = f"the agent with 64 processes of 16 threads{labels}"
        rows.append(row(f"agent.scrape.{i}", f"{what}: a scrape, s", 0.05, s and s["scrape_s"]["median"], reason="not run"))
        rows.append(row(f"agent.memory.{i}", f"{what}: MiB resident", 96, s and s["rss"] / 2**20, reason="not run"))
        rows.append(row(f"agent.cpu.{i}", f"{what}: of a core", 0.01, s and s["cpu"], reason="not run"))
    p = a and a["passing"]
    rows.append(row("agent.growth", "the agent after 10,000 processes: x its memory after 5,000", 1.01,
                    p and p["rss"] / p["rss_half"], reason="not run"))
    return rows


def finding_rows(r):
    rows = r.report.get("finding") or []
    slowest = max(rows, key=lambda f: f["cold_s"]["median"], default=None)
    v = row("finding", f"finding the sites of any of {len(rows)} binaries, cold: s", 0.2,
            slowest and slowest["cold_s"]["median"], reason="not run")
    if slowest:
        v["detail"] = f"{slowest['python']}, {slowest['form']}"
    return [v]


def verdicts(report, loads):
    r = Results(report)
    return ratio_rows(r, loads) + agreement_rows(r, loads) + own_rows(r) + agent_rows(r) + finding_rows(r)
