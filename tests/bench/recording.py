"""What recording costs and how fast recordings are read: rates, sizes, times, memory.

1. Events a second that the recorder keeps up with: a BPF program makes records at a given rate
   (record_rate.c); the highest rate of which nothing is lost is told, and the bytes per event.
2. The target's time while it is recorded, against exact aggregation, in alternation.
3. A recording of EVENTS events: time and peak memory of report and of every exporter.
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

import bench

O = os.environ.get("O", "build")
FORMATS = ("perfetto", "chrome", "speedscope", "folded", "jsonl", "csv", "openmetrics", "html")


def record_rate(directory, seconds, rate):
    out = subprocess.run([f"{O}/bench/record_rate", directory, str(seconds), str(rate)], check=True,
                         stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def rates(work):
    print(f"\n{'events/s made':>14} {'recorded':>10} {'lost':>8} {'bytes/event':>12} {'reader CPU':>11}")
    for rate in (500_000, 1_000_000, 2_000_000, 4_000_000, 6_000_000, 8_000_000):
        directory = os.path.join(work, "rate")
        got = record_rate(directory, 3, rate)
        shutil.rmtree(directory)
        # One CPU makes the records; what is more than that is the reader's.
        reader = got["cpu_s"] / got["seconds"] - 1
        print(f"{got['made_per_s']:14,.0f} {got['recorded']:10,} {got['lost']:8,} "
              f"{got['bytes_per_event']:12.2f} {reader:11.0%}", flush=True)


def against_exact(work, repeats, loads):
    print(f"\n{'load':14} {'untraced':>10} {'spread':>8} {'exact':>7} {'record':>7} {'record/exact':>13}")
    for load in loads:
        def recorder(pid):
            shutil.rmtree(os.path.join(work, "load"), ignore_errors=True)
            return [bench.GILSCOPE, "record", "-p", str(pid), "-o", os.path.join(work, "load")]
        tracers = {"untraced": None, "record": recorder,
                   "exact": lambda pid: [bench.GILSCOPE, "stat", "-p", str(pid), "--format", "json"]}
        runs = {name: [] for name in tracers}
        for _ in range(repeats):
            for name, tracer in tracers.items():
                runs[name].append(bench.timed(load, tracer))
        plain, exact, record = (statistics.median(runs[n]) for n in ("untraced", "exact", "record"))
        spread = (max(runs["untraced"]) - min(runs["untraced"])) / plain
        print(f"{load:14} {plain:8.3f} s {spread:8.0%} {exact / plain:7.2f} {record / plain:7.2f} "
              f"{record / exact:13.2f}", flush=True)


def measured(argv):
    """Seconds, and peak memory in MiB, of a command."""
    began = time.perf_counter()
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    if status:
        raise RuntimeError(f"{argv}: ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def reading(work, events):
    directory = os.path.join(work, "large")
    got = record_rate(directory, events / 2_000_000, 2_000_000)
    print(f"\n{got['recorded']:,} events, {got['bytes'] / 1e6:.0f} MB, {got['lost']} lost")
    print(f"{'':14} {'seconds':>8} {'peak MiB':>9} {'output MB':>10} {'events/s':>10}")
    jobs = [("report", [bench.GILSCOPE, "report", directory, "--format", "json"], None)]
    jobs += [(f, [bench.GILSCOPE, "export", directory, "--to", f, "-o", os.path.join(work, f)],
              os.path.join(work, f)) for f in FORMATS]
    for name, argv, output in jobs:
        seconds, peak = measured(argv)
        size = os.path.getsize(output) / 1e6 if output else 0
        if output:
            os.unlink(output)
        print(f"{name:14} {seconds:8.1f} {peak:9.0f} {size:10.1f} {got['recorded'] / seconds:10,.0f}",
              flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--events", type=int, default=10_000_000)
    p.add_argument("--load", action="append", choices=list(bench.LOADS), help="only this one; may be repeated")
    a = p.parse_args()
    print(f"{os.uname().release}, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory(prefix="gilscope-bench.") as work:
        rates(work)
        against_exact(work, a.repeats, a.load or ["read_loop", "pingpong", "asyncio_echo", "mix", "cpu4"])
        reading(work, a.events)


if __name__ == "__main__":
    main()
