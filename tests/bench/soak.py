"""Hours in one: stat and record on eight threads that ping-pong as fast as they can, for a long time.

Says whether the memory of both stays flat, whether anything is lost or miscounted (the workload knows
how often it took the GIL), and whether the clocks of what they print stay with the machine's.  Exit
code 0 if all of it holds, 1 if not.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from measure import GILSCOPE, LOAD_PY, Failed, Process, memory, say, stat_argv, wait_measuring

PYTHON = "/usr/bin/python3"
UNKNOWN_TAKES = 200    # of the threads' start and end, which the workload does not count
DISK_PER_S = 16 << 20  # bytes a second that the recording may need


def trend(samples):
    """What a line through (time, value) gains from the first to the last, without the first tenth."""
    late = samples[len(samples) // 10:]
    if len(late) < 3:
        return 0.0
    fit = statistics.linear_regression([t for t, _ in late], [v for _, v in late])
    return fit.slope * (late[-1][0] - late[0][0])


def counted(figures, tids):
    rows = [t for p in figures["processes"] for t in p["threads"] if t["tid"] in tids]
    return sum((t["takes"] or 0) - (t["forced_releases"] or 0) for t in rows)


def lost(figures):
    return sum(x["count"] for x in figures["lost"])


class Samples:
    """Memory of both, and how old each reading is when it is printed."""

    def __init__(self):
        self.stat, self.record, self.ages, self.lines = [], [], [], []
        self.offset = time.time() - time.monotonic()

    def take(self, stat, record):
        line = json.loads(stat.line())
        now = time.time()
        # A clock that somebody sets while we run is no drift of ours.
        moved = now - time.monotonic() - self.offset
        self.ages.append(now - moved - (line["started_unix_ns"] + line["duration_ns"]) / 1e9)
        self.lines.append(line)
        at = time.monotonic()
        self.stat.append((at, memory(stat.pid)["rss"]))
        self.record.append((at, memory(record.pid)["rss"]))


def run(seconds, directory, ring):
    """Everything measured, as one object."""
    s = Samples()
    with Process([PYTHON, LOAD_PY, "pingpong_for", str(seconds)], limit_s=seconds + 300) as work:
        work.line()
        kept = ["--ring", f"{ring}M"] if ring else []
        with Process([GILSCOPE, "record", "--mode", "exact", "-p", str(work.pid), "-o", directory, *kept],
                     limit_s=seconds + 300) as record, \
                Process(stat_argv(work.pid, "--mode", "exact", "-i", "1", "--format", "jsonl"),
                        limit_s=seconds + 300) as stat:
            wait_measuring(record)
            wait_measuring(stat)
            work.send()
            told = None
            while told is None:
                s.take(stat, record)
                told = work.poll_line()
                if len(s.lines) % 60 == 0:
                    say(f"{len(s.lines)} s: stat {s.stat[-1][1] / 2**20:.1f} MiB, "
                        f"record {s.record[-1][1] / 2**20:.1f} MiB\n")
            truth = json.loads(told)
            stat.interrupt()
            s.lines += [json.loads(x) for x in stat.output.splitlines() if x.startswith("{")]
            asked = time.time()
            record.interrupt()
            ended = time.time()
    return s, truth, (asked, ended)


def report_of(directory):
    snapshots = sorted(f"{directory}.{n:04}" for n in range(1, 10000) if os.path.isdir(f"{directory}.{n:04}"))
    if not os.path.isdir(directory) and not snapshots:
        raise Failed("there is no recording")
    at = directory if os.path.isdir(directory) else snapshots[-1]
    out = subprocess.run([GILSCOPE, "report", at, "--format", "json"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    if out.returncode:
        raise Failed(out.stderr.decode().strip())
    size = sum(os.path.getsize(os.path.join(at, f)) for f in os.listdir(at))
    return json.loads(out.stdout), size


def judge(s, truth, when, figures, a):
    """[(what, figure, does it hold)]"""
    third = max(1, len(s.ages) // 3)
    drift = statistics.median(s.ages[-third:]) - statistics.median(s.ages[:third])
    tids, rows = set(truth["tids"]), []
    # A ring of a flight recorder may still be filling.
    for name, samples, most in (("stat", s.stat, a.growth), ("record", s.record, a.growth + a.ring)):
        gain = trend(samples)
        rows.append((f"memory of {name}", f"{samples[0][1] / 2**20:.1f} to {samples[-1][1] / 2**20:.1f} MiB, "
                     f"trend {gain / 1024:+.0f} KiB", gain <= most * 2**20))
    rows.append(("clock of stat", f"age of readings changed by {drift * 1e3:+.2f} ms", abs(drift) <= a.clock / 1e3))
    end = (figures["started_unix_ns"] + figures["duration_ns"]) / 1e9
    off = max(when[0] - end, end - when[1], 0)
    rows.append(("clock of record", f"its end is {off * 1e3:.1f} ms outside of the time in which it was ended",
                 off <= a.clock / 1e3))
    parts = [("stat", sum(counted(x, tids) for x in s.lines), lost(s.lines[-1]))]
    if a.ring:
        rows.append(("losses of record", f"{lost(figures)} lost", lost(figures) == 0))
    else:
        parts.append(("record", counted(figures, tids), lost(figures)))
    for name, n, gone in parts:
        rows.append((f"losses of {name}", f"{gone} lost; {n:,} takes counted, {truth['takes']:,} there were",
                     gone == 0 and abs(n - truth["takes"]) <= UNKNOWN_TAKES))
    return rows


def main():
    p = argparse.ArgumentParser(prog="make soak", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seconds", type=float, default=1800)
    p.add_argument("--ring", metavar="MIB", type=int, default=0,
                   help="a flight recorder of this size instead of a recording")
    p.add_argument("--growth", metavar="MIB", type=float, default=2,
                   help="that the trend of either's resident memory may gain over the run (2)")
    p.add_argument("--clock", metavar="MS", type=float, default=5,
                   help="by which the age of readings may change, and a recording's end be off (5)")
    a = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="gilscope-soak.") as work:
        free = shutil.disk_usage(work).free
        if not a.ring and free < a.seconds * DISK_PER_S:
            a.ring = 64
            print(f"{free >> 30} GiB free are too few for a recording: a flight recorder of 64 MiB instead")
        directory = os.path.join(work, "recording")
        try:
            s, truth, when = run(a.seconds, directory, a.ring)
            figures, size = report_of(directory)
        except Failed as e:
            sys.exit(f"soak: {e}")
        rows = judge(s, truth, when, figures, a)
    print(f"{a.seconds:.0f} s, {truth['takes'] / a.seconds:,.0f} takes/s, recording {size / 1e6:,.0f} MB")
    for what, figure, holds in rows:
        print(f"{'ok  ' if holds else 'FAIL'}  {what:18} {figure}")
    sys.exit(0 if all(holds for _, _, holds in rows) else 1)


if __name__ == "__main__":
    main()
