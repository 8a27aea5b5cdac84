"""Do watch and exact mode see the same?  Both measure one run of each workload, side by side.

Exact mode's probes lengthen what they measure and watch mode sees it lengthened, so the two are to
agree on what was, not on what would have been without them.
"""
import json
import statistics

from measure import Failed, Load, Process, say, stat_argv, wait_measuring

RATE = 1000  # samples a second: the error of what is sampled is then small beside the bound
DEAR = ("read_loop", "pingpong", "asyncio_echo")  # where the probes' cost stands out of the noise
TIMES = 5  # the work of a load in one measurement: samples of one alone are off by some points
FEW = 20  # contended takes: of fewer, one more or less is more than the bound


def estimate(name, python, other):
    """(seconds of CPU the load needs more, seconds gilscope says that its probes take), of one run."""
    with Load(name, python, other) as load:
        plain = [load.work()]
        load.prepared()
        with Process(stat_argv(load.process.pid, "--mode", "exact", "--format", "json")) as stat:
            wait_measuring(stat)
            load.process.send()
            took = json.loads(load.process.line())
            stat.interrupt()
        plain.append(load.work())
        said = json.loads(stat.output)["overhead"]["target_cpu_ns_estimate"] / 1e9
        return took["cpu"] - statistics.mean(p["cpu"] for p in plain), said


def estimates(names, python, other, repeats):
    """What gilscope says its probes cost, beside what they cost."""
    table = []
    for name in names:
        say(f"what exact mode says it costs {name}:")
        runs = []
        for _ in range(repeats):
            try:
                runs.append(estimate(name, python, other))
            except (Failed, OSError, ValueError, LookupError) as e:
                say(f" {type(e).__name__}: {e}")
        row = {"name": name, "runs": len(runs)}
        if runs:
            row["added_s"], row["said_s"] = (statistics.median(r[i] for r in runs) for i in (0, 1))
            say(f" {row['said_s']:.3f} s, and it costs {row['added_s']:.3f} s")
        say("\n")
        table.append(row)
    return table


def gil_of(output, pid):
    result = json.loads(output)
    return next(p for p in result["processes"] if p["pid"] == pid)["gils"][0]


def both(name, python, other):
    """(exact's, watch's) GIL rows with the share of the time held, of one run."""
    with Load(name, python, other) as load:
        load.prepared()
        pid = load.process.pid
        modes = (("--mode", "exact"), ("--mode", "watch", "--sample-rate", str(RATE)))
        with Process(stat_argv(pid, *modes[0], "--format", "json")) as exact, \
                Process(stat_argv(pid, *modes[1], "--format", "json")) as watch:
            rows = []
            for p in (exact, watch):
                wait_measuring(p)
            took = 0
            for i in range(TIMES):
                if i:
                    load.prepared()
                load.process.send()
                took += json.loads(load.process.line())["wall"] * 1e9
            for p in (exact, watch):  # both at once: the end of one takes a while
                p.signal_end()
            for p in (exact, watch):
                p.interrupt()
                row = gil_of(p.output, pid)
                rows.append(dict(row, share=row["held_ns"] / took))
            return rows


def agreement(names, python, other, repeats):
    """Medians of the differences: contended takes and their time as shares, the time held in points."""
    table = []
    for name in names:
        say(f"watch and exact on {name}:")
        runs, failed = [], None
        for _ in range(repeats):
            try:
                runs.append(both(name, python, other))
            except (Failed, OSError, ValueError, LookupError, StopIteration) as e:
                failed = f"{type(e).__name__}: {e}"
        row = {"name": name, "failed": failed if not runs else None, "runs": len(runs)}
        if runs:
            many = [(x, w) for x, w in runs if x["contended_takes"] >= FEW]
            row["contended"] = statistics.median(x["contended_takes"] for x, _ in runs)
            row["count"] = statistics.median(w["contended_takes"] / x["contended_takes"] - 1
                                             for x, w in many) if many else None
            row["sum"] = statistics.median(w["wait_ns"] / x["wait_ns"] - 1 for x, w in many) if many else None
            row["held"] = statistics.median(w["share"] - x["share"] for x, w in runs)
            say(f" {row['contended']:.0f} contended, {row['count'] or 0:+.2%}, {row['sum'] or 0:+.2%}, "
                f"held {row['held']:+.2%}")
        say("\n")
        table.append(row)
    return table
