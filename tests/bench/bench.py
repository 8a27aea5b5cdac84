"""What gilscope costs, beside every other tool that runs here: one command, one report.

Workloads are rows of LOADS in load.py, columns are rows in tracers.py, bounds are rows in verdicts.py.
The report goes to standard output, or with --write to docs/benchmarks.md and docs/benchmarks.json.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile

import agree
import always_on
import costs
import finding
import load
import recording
import report
import tracers
import verdicts
from measure import GILSCOPE, HERE, Failed, say

DOCS = os.path.join(HERE, "..", "..", "docs")
SECTIONS = ("costs", "seen", "agreement", "attaching", "finding", "scale", "agent", "recording")


def machine():
    with open("/proc/cpuinfo") as f:
        info = f.read()
    names = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")]
    virtual = None
    if " hypervisor" in info:
        virtual = "a hypervisor"
        try:
            with open("/sys/class/dmi/id/sys_vendor") as f:
                virtual = f.read().strip() or virtual
        except OSError:
            pass
    return {"kernel": platform.release(), "cpus": os.cpu_count(), "cpu": names[0] if names else platform.machine(),
            "virtual": virtual}


def options():
    p = argparse.ArgumentParser(prog="make bench", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--write", action="store_true", help="into docs/")
    p.add_argument("--merge", action="store_true",
                   help="with --section: into docs/, the rest of which stays as it was measured before")
    p.add_argument("--json", metavar="FILE", help="the data as well, into this file")
    p.add_argument("--quick", action="store_true", help="a short run: it works, its figures say little")
    p.add_argument("--repeats", type=int, help="rounds (7; with --quick 2)")
    p.add_argument("--events", type=int, default=10_000_000, help="of the recording that is read")
    p.add_argument("--load", action="append", choices=list(load.LOADS), help="only this workload; may be repeated")
    p.add_argument("--tracer", action="append", help="only this column; may be repeated")
    p.add_argument("--section", action="append", choices=SECTIONS, help="only this; may be repeated")
    a = p.parse_args()
    a.repeats = a.repeats or (2 if a.quick else 7)
    a.section = a.section or SECTIONS
    if a.merge and a.tracer:
        p.error("--merge takes all columns of a workload")
    return a


def measure(a, work, pythons):
    system = pythons["system"].path
    modes = costs.modes(system)
    version = subprocess.run([GILSCOPE, "--version"], stdout=subprocess.PIPE).stdout.decode().split()
    r = {
        "schema": "gilscope.bench/1",
        "date": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
        "command": " ".join(["make bench"] + ([f'ARGS="{" ".join(sys.argv[1:])}"'] if sys.argv[1:] else [])),
        "gilscope": version[1] if len(version) > 1 else "", "repeats": a.repeats, "quick": a.quick,
        "machine": machine(), "interpreters": {k: p.describe() for k, p in pythons.items()},
        "modes": modes,
    }
    names = a.load or list(load.LOADS)
    whole = [n for n in names if n not in load.ONLY]
    if {"costs", "seen"} & set(a.section):
        with tracers.tracers(pythons, work, a.tracer) as columns:
            if "costs" in a.section:
                r["workloads"] = costs.overheads(names, pythons, columns, a.repeats)
            if "seen" in a.section:
                r["seen"] = costs.seen(list(costs.COUNTED)[:1 if a.quick else None], pythons, columns)
            r["tracers"] = [t.describe() for t in columns]
    if "agreement" in a.section and len(modes) == 2:
        other = next((p.path for g, p in pythons.items() if g != "system"), system)
        r["agreement"] = agree.agreement(whole, system, other, 1 if a.quick else a.repeats)
    if "agreement" in a.section and "exact" in modes:
        r["estimates"] = agree.estimates([n for n in names if n in agree.DEAR], system, system,
                                         1 if a.quick else 3)
    if "attaching" in a.section:
        r["attaching"] = costs.attaching(a.repeats, modes, system)
        r["discovery"] = costs.discovery(a.repeats, pythons)
    if "finding" in a.section:
        r["finding"] = finding.finding(3 if a.quick else 9)
    if "scale" in a.section:
        r["scale"] = costs.scale(modes, system, 3 if a.quick else 6, a.quick)
    if "agent" in a.section:
        r["agent"] = always_on.section(system, a.quick)
    if "recording" in a.section:
        r["recording"] = recording.section(work, a.events, a.quick)
    if a.merge:
        r = merged(r)
    r["verdicts"] = verdicts.verdicts(r, [n for n in load.LOADS if n not in load.ONLY] if a.merge else whole)
    return r


def merged(r):
    """What docs/benchmarks.json has, with the parts that @r has and when they were measured."""
    with open(os.path.join(DOCS, "benchmarks.json")) as f:
        old = json.load(f)
    old.pop("remark", None)  # of what was measured before
    for part in ("agreement", "estimates", "finding", "attaching", "discovery", "scale", "agent", "recording"):
        if part in r:
            old[part], old[f"{part}_date"] = r[part], r["date"]
    again = {(w["name"], w["python"]): dict(w, date=r["date"]) for w in r.get("workloads", [])}
    known = {(w["name"], w["python"]): w for w in old["workloads"]} | again
    order = list(load.LOADS)
    old["workloads"] = sorted(known.values(), key=lambda w: (w["python"] != "system", order.index(w["name"])))
    return old


def main():
    a = options()
    with tempfile.TemporaryDirectory(prefix="gilscope-bench.") as work:
        try:
            pythons = tracers.interpreters()
            r = measure(a, work, pythons)
        except Failed as e:
            sys.exit(f"bench: {e}")
    text, data = report.markdown(r), json.dumps(r, indent=1) + "\n"
    # Where somebody keeps an interpreter is of no interest.
    for name, path in [(os.path.basename(x), x) for p in pythons.values() for x in (p.file, p.path)]:
        text, data = text.replace(path, name), data.replace(path, name)
    if a.json:
        with open(a.json, "w") as f:
            f.write(data)
    if a.write or a.merge:
        for name, content in (("benchmarks.md", text), ("benchmarks.json", data)):
            with open(os.path.join(DOCS, name), "w") as f:
                f.write(content)
        say("written: docs/benchmarks.md, docs/benchmarks.json\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
