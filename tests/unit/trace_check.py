"""Hold exports of a recording against its events.

trace_check.py EVENTS FORMAT FILE: EVENTS is what test_trace_export.c was fed, one event a line:
kind, ts, ns, pid, tid, thread, then NAME=VALUE; texts as hex.  Exit code 1 and a line for what is
wrong.
"""
import collections
import csv
import decimal
import json
import re
import shutil
import sqlite3
import subprocess
import sys

UNKNOWN = 2**64 - 1
START = 123456789012345
START_UNIX = 1700000000123456789
CALLS = ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6"]
FLAGS = {"forced", "mid", "alone", "preempted", "timeout", "execed"}
INSTANTS = {"gc:start", "io:call", "proc:thread", "proc:thread_exit", "proc:process",
            "proc:process_exit", "refs:type", "gilscope:probe", "gilscope:end"}


def text(data):
    """Bytes as UTF-8, each byte that is none as U+FFFD."""
    out, i = "", 0
    while i < len(data):
        for n in 1, 2, 3, 4:
            try:
                c = data[i:i + n].decode()
            except UnicodeDecodeError:
                continue
            if len(c) == 1:
                out += c
                i += n
                break
        else:
            out += "\ufffd"
            i += 1
    return out


class Event:
    def __init__(self, line):
        kind, ts, ns, pid, tid, thread, *rest = line.rstrip("\n").split("\t")
        self.kind, self.ts, self.ns = kind, int(ts), int(ns)
        self.pid, self.tid = int(pid), int(tid)
        self.begin = self.ts - self.ns
        self.thread = None if thread == "-" else text(bytes.fromhex(thread))
        self.fields = {}
        for item in rest:
            name, value = item.split("=")
            self.fields[name] = (text(bytes.fromhex(value[1:])) if value.startswith("x")
                                 else int(value))

    def row(self):
        """What a row says of it."""
        span = self.kind not in INSTANTS
        row = {"kind": self.kind, "begin_unix_ns": START_UNIX + self.begin - START,
               "ts_unix_ns": START_UNIX + self.ts - START, "ts_ns": self.ts,
               "duration_ns": self.ns if span else None, "pid": self.pid or None,
               "tid": self.tid or None, "thread": self.thread}
        for name, value in self.fields.items():
            if name in FLAGS:
                value = bool(value)
            elif name in ("key", "gil"):
                value = hex(value)
            elif name == "call":
                value = CALLS[value]
            elif name in ("holder", "parent", "seed_tid", "blocked_in") and value == 0:
                value = None
            elif value == UNKNOWN:
                value = None
            if self.kind == "gilscope:open":
                what = ["hold", "wait", "collection", "io"][self.fields["what"]]
                if name == "what":
                    value = what
                elif name == "generation" and what != "collection":
                    value = None
                elif name == "call" and what != "io":
                    value = None
            row[name] = value
        return row

    def going_on(self, what):
        return self.kind == "gilscope:open" and self.fields["what"] == what


def check(ok, *what):
    if not ok:
        sys.exit("wrong: " + " ".join(str(w) for w in what))


def once(pairs):
    keys = [k for k, v in pairs]
    check(len(keys) == len(set(keys)), "a key twice:", keys)
    return dict(pairs)


def check_jsonl(events, path):
    with open(path, encoding="utf-8", newline="\n") as f:
        lines = f.read().split("\n")
    check(lines.pop() == "", "no line end at the end")
    check(len(lines) == len(events), len(lines), "lines for", len(events), "events")
    for line, ev in zip(lines, events):
        row = json.loads(line, object_pairs_hook=once)
        check(row == ev.row(), row, "is not", ev.row())
        check("<" not in line, "not fit for a page:", line)


def csv_text(value):
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)


def check_csv(events, path):
    with open(path, encoding="utf-8", newline="") as f:
        header, *rows = csv.reader(f, strict=True)
    check(len(header) == len(set(header)), "a column twice")
    check(len(rows) == len(events), len(rows), "rows for", len(events), "events")
    for row, ev in zip(rows, events):
        check(len(row) == len(header), "a row of", len(row))
        want = {k: csv_text(v) for k, v in ev.row().items()}
        got = dict(zip(header, row))
        check(all(got[k] == want.get(k, "") for k in header) and want.keys() <= got.keys(), got,
              "is not", want)
    sums = collections.Counter()
    for ev in events:
        if ev.kind not in INSTANTS:
            sums[ev.kind] += ev.ns
    db = sqlite3.connect(":memory:")
    db.execute("create table t (%s)" % ",".join(f'"{c}" numeric' for c in header))
    db.executemany("insert into t values (%s)" % ",".join("?" * len(header)), rows)
    check(dict(db.execute("select kind, sum(duration_ns) from t where duration_ns != '' "
                          "group by kind")) == sums, "sums in SQLite")
    if shutil.which("sqlite3"):
        out = subprocess.run(["sqlite3", ":memory:", ".mode csv", f".import {path} t",
                              "select kind, sum(duration_ns) from t where duration_ns != '' "
                              "group by kind"], capture_output=True, text=True, check=True)
        got = {k: int(v) for k, v in csv.reader(out.stdout.splitlines())}
        check(got == sums and not out.stderr, "sums in sqlite3:", got, out.stderr)


def check_folded(events, path, by):
    kind, what = {"held": ("gil:hold", 0), "waited": ("gil:wait", 1),
                  "paused": ("gc:collection", 2), "blocked": ("io:wait", 3)}[by]
    want, got, lost, names = collections.Counter(), collections.Counter(), 0, {}
    for ev in events:
        if ev.kind == "proc:thread":
            names[ev.tid] = ev.thread
        if ev.kind == kind or ev.going_on(what):
            frame = ""
            if by == "waited":
                frame = "held by an unknown thread"
                if ev.fields.get("holder"):
                    frame = f"[{ev.fields['holder']}]"
            elif by == "paused":
                frame = f"gc generation {ev.fields['generation']}"
            elif by == "blocked":
                frame = CALLS[ev.fields["call"]]
            ns = ev.fields["blocked_ns"] if ev.kind == "io:wait" else ev.ns
            want[ev.pid, ev.tid, frame] += ns
    with open(path, encoding="utf-8", newline="\n") as f:
        lines = f.read().split("\n")
    check(lines.pop() == "", "no line end at the end")
    for line in lines:
        stack, ns = re.fullmatch(r"(.*) (\d+)", line).groups()
        check(stack.isprintable() or "\ufffd" in stack, "not printable:", repr(stack))
        frames = stack.split(";")
        if ns == "0":
            check(frames[0] == "[events are missing]", line)
            lost += int(frames[1].rpartition(" ")[2])
            continue
        check(len(frames) == (2 if by == "held" else 3), line)
        pid, tid = (int(re.search(r" \[(\d+)\]$", f)[1]) for f in frames[:2])
        last = frames[2] if len(frames) > 2 else ""
        if last.startswith("held by ") and last.endswith("]"):
            last = re.search(r"\[\d+\]$", last)[0]
        got[pid, tid, last] += int(ns)
    check(got == want, "sums:", got - want, want - got)
    check(lost == sum(e.fields["count"] for e in events if e.kind == "gilscope:lost"), "losses")


def ns_of(us):
    ns = decimal.Decimal(us) * 1000
    check(ns == int(ns), "more than nanoseconds:", us)
    return int(ns)


def check_rows(slices):
    """Slices of a row nest, or do not overlap."""
    for row, found in slices.items():
        stack = []
        for begin, end, name in sorted(found, key=lambda s: (s[0], -s[1])):
            while stack and stack[-1][1] <= begin:
                stack.pop()
            check(not stack or end <= stack[-1][1], "overlap on", row, name, begin, end, stack)
            stack.append((begin, end))


def check_arrows(entries, spans, waits):
    start = {e["id"]: e for e in entries if e["ph"] == "s"}
    end = {e["id"]: e for e in entries if e["ph"] == "f"}
    check(start.keys() == end.keys(), "arrows without an end")
    check(len(start) == sum(1 for e in entries if e["ph"] == "s") == waits, "arrows:", len(start))
    for arrow in start:
        for side, name in (start, "hold"), (end, "wait for the GIL"):
            e, at = side[arrow], ns_of(side[arrow]["ts"])
            check(any(b <= at < to for b, to in spans[e["pid"], e["tid"], name]),
                  "an arrow not at a", name, e)
            check(e["cat"] == start[arrow]["cat"] and e["name"] == start[arrow]["name"], e)


def check_counter(entries, pid, name, unit, want):
    at = [(ns_of(e["ts"]), e["args"][unit]) for e in entries
          if e["ph"] == "C" and e["pid"] == pid and e["name"] == name]
    check(at and at == sorted(at, key=lambda a: a[0]) and at[-1][1] == 0, name, at[-3:])
    total = sum(v * (at[i + 1][0] - t) for i, (t, v) in enumerate(at[:-1]))
    # each value is cut after three decimals
    slack = decimal.Decimal("0.001") * (at[-1][0] - at[0][0])
    check(want - slack <= total <= want, name, "of", pid, total, "is not", want)


def check_chrome(events, path):
    with open(path, encoding="utf-8") as f:
        whole = json.load(f, parse_float=decimal.Decimal, object_pairs_hook=once)
    entries = whole["traceEvents"]
    check(whole["displayTimeUnit"] == "ns" and "us" in whole["otherData"]["units"], "units")
    check(int(whole["otherData"]["started_unix_ns"]) == START_UNIX, "clock")
    slices, spans = collections.defaultdict(list), collections.defaultdict(list)
    sums = collections.Counter()
    for e in entries:
        check(e["ph"] in "MXisfbeC", "what is this:", e)
        if e["ph"] != "X":
            continue
        begin = ns_of(e["ts"])
        end = begin + ns_of(e["dur"])
        slices[e["pid"], e["tid"]].append((begin, end, e["name"]))
        spans[e["pid"], e["tid"], e["name"]].append((begin, end))
        sums[e["name"]] += end - begin
        check("cut_ns" not in e.get("args", {}), "cut:", e)
    check_rows(slices)
    want, by_holder, per_pid = collections.Counter(), collections.Counter(), collections.Counter()
    for ev in events:
        hold, wait = ev.kind == "gil:hold" or ev.going_on(0), ev.kind == "gil:wait" or ev.going_on(1)
        if hold:
            want["hold"] += ev.ns
            who = "unknown thread" if ev.thread is None else ev.thread or "unnamed thread"
            by_holder[who] += ev.ns
        elif wait:
            want["wait for the GIL"] += ev.ns
        elif ev.kind == "gc:collection" or ev.going_on(2):
            want[f"gc generation {ev.fields['generation']}"] += ev.ns
        elif ev.kind == "io:wait" or ev.going_on(3):
            want[CALLS[ev.fields["call"]]] += ev.ns
        elif ev.kind == "sched:off_cpu":
            want["preempted" if ev.fields["preempted"] else "asleep"] += ev.ns
        elif ev.kind == "io:to_gil":
            want["woken until it owned the GIL"] += ev.ns
        elif ev.kind == "gil:contended":
            want["contended"] += ev.ns
        if hold or wait:
            per_pid[ev.pid, hold] += ev.ns
    check(sums == want + by_holder, "sums:", sums - want - by_holder, want + by_holder - sums)
    check_arrows(entries, spans, sum(1 for e in events if e.fields.get("holder")))
    for pid in 4711, 8000:
        check_counter(entries, pid, "GIL held", "%", 100 * per_pid[pid, True])
        check_counter(entries, pid, "threads waiting for the GIL", "threads", per_pid[pid, False])
    check_counter(entries, 8000, "deallocations", "per s",
                  10**9 * sum(e.fields.get("deallocs", 0) for e in events))
    ranges = sorted((e["ph"], e["id"]) for e in entries if e["ph"] in "be")
    lost = [e for e in events if e.kind == "gilscope:lost"]
    check(ranges == sorted((p, i + 1) for p in "be" for i in range(len(lost))), "lost:", ranges)
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in entries
             if e["ph"] == "M" and e["name"] == "thread_name"}
    for ev in events:
        if ev.kind == "proc:thread" and ev.tid != 4712 and ev.tid != 5000:
            check(names[ev.pid, ev.tid] == ev.thread, "name of", ev.tid, names[ev.pid, ev.tid])
    check(names[4711, 4712] == 'renamed, "1"\n', "the new name")


def check_openmetrics(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        lines = f.read().split("\n")
    check(lines.pop() == "" and lines.pop() == "# EOF", "the end")
    label = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(r"([a-z_]+)(?:\{(%s(?:,%s)*)\})? (\d+(?:\.\d{9})?)" % (label, label))
    family, kind, seen, series, buckets = "", None, set(), set(), {}
    for line in lines:
        if line.startswith("# TYPE"):
            _, _, family, kind = line.split(" ")
            check(family not in seen, "twice:", family)
            seen.add(family)
            continue
        if line.startswith("# UNIT"):
            check(line.split(" ")[2] == family and family.endswith("_" + line.split(" ")[3]), line)
            continue
        if line.startswith("# HELP"):
            if line.split(" ")[2] != family:
                family, kind = line.split(" ")[2], None
                check(family not in seen, "twice:", family)
                seen.add(family)
            check(len(line.split(" ")) > 3, line)
            continue
        name, labels, value = sample.fullmatch(line).groups()
        check((name, labels) not in series, "twice:", line)
        series.add((name, labels))
        if kind == "histogram":
            check(name in {family + s for s in ("_bucket", "_sum", "_count")}, line)
            if name.endswith("_bucket"):
                rest, le = re.fullmatch(r'(.*),le="(.*)"', labels).groups()
                buckets.setdefault((family, rest), []).append((float(le), int(value)))
            elif name.endswith("_count"):
                check(buckets[family, labels][-1] == (float("inf"), int(value)), line)
        else:
            check(name == family and (kind == "gauge") == (not name.endswith("_total")), line)
    for key, found in buckets.items():
        check(found == sorted(found) and [c for _, c in found] == sorted(c for _, c in found), key)
    check(buckets, "no histogram")


def main():
    path, form, file = sys.argv[1:4]
    if form == "openmetrics":
        check_openmetrics(file)
        return
    with open(path, encoding="ascii") as f:
        events = [Event(line) for line in f]
    check(len(events) > 100, "hardly an event")
    if form.startswith("folded "):
        check_folded(events, file, form.split()[1])
    else:
        {"jsonl": check_jsonl, "csv": check_csv, "chrome": check_chrome}[form](events, file)


main()
