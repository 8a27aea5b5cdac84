"""What recording costs and how fast recordings are read: rates, sizes, times, memory.

1. Events a second that the recorder keeps up with: a BPF program makes records at a given rate
   (record_rate.c); bytes per event, and what is lost.
2. A recording of EVENTS events: time and peak memory of report and of every exporter.

What a recorded target pays is a column of the workloads (tracers.py).
"""
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from measure import GILSCOPE, O, Failed, say

FORMATS = ("perfetto", "chrome", "speedscope", "folded", "jsonl", "csv", "openmetrics", "html")


def record_rate(directory, seconds, rate):
    out = subprocess.run([f"{O}/bench/record_rate", directory, str(seconds), str(rate)],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if out.returncode:
        raise Failed(out.stderr.decode().strip())
    return json.loads(out.stdout)


def rates(work, quick):
    rows = []
    steps = (1_000_000, 8_000_000) if quick else (500_000, 1_000_000, 2_000_000, 4_000_000, 6_000_000,
                                                  8_000_000)
    for rate in steps:
        directory = os.path.join(work, "rate")
        got = record_rate(directory, 1 if quick else 3, rate)
        shutil.rmtree(directory)
        got["reader_cpu"] = got["reader_cpu_s"] / got["seconds"]
        say(f"recording {got['made_per_s']:,.0f} events/s: {got['lost']:,} lost\n")
        rows.append(got)
    return rows


def measured(argv):
    """Seconds, and peak memory in bytes, of a command.  (Of getrusage() no: it has our own peak from
    before the exec.)"""
    began, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as err, \
            subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=err) as p:
        ended = os.pidfd_open(p.pid)
        while not select.select([ended], [], [], 0.01)[0]:
            with contextlib.suppress(KeyError, OSError), open(f"/proc/{p.pid}/status") as f:
                status = dict(line.split(":", 1) for line in f)
                peak = int(status["VmHWM"].split()[0]) * 1024
        took = time.perf_counter() - began
        os.close(ended)
        if p.wait():
            err.seek(0)
            raise Failed(err.read().decode(errors="replace").strip().splitlines()[-1])
    return took, peak


def reading(work, events):
    directory = os.path.join(work, "large")
    got = record_rate(directory, events / 2_000_000, 2_000_000)
    jobs = [("report", [GILSCOPE, "report", directory, "--format", "json"], None)]
    jobs += [(f, [GILSCOPE, "export", directory, "--to", f, "-o", os.path.join(work, f)],
              os.path.join(work, f)) for f in FORMATS]
    rows = []
    for name, argv, output in jobs:
        try:
            seconds, peak = measured(argv)
        except Failed as e:
            rows.append({"name": name, "failed": str(e)})
            continue
        rows.append({"name": name, "failed": None, "seconds": seconds, "peak": peak,
                     "output": os.path.getsize(output) if output else None,
                     "events_per_s": got["recorded"] / seconds})
        say(f"{name}: {seconds:.1f} s\n")
        if output:
            os.unlink(output)
    shutil.rmtree(directory)
    return {"events": got["recorded"], "bytes": got["bytes"], "lost": got["lost"], "jobs": rows}


def section(work, events, quick):
    return {"rates": rates(work, quick), "reading": reading(work, 500_000 if quick else events)}
