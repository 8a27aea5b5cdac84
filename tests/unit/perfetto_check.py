"""Read a Perfetto trace by the published field numbers alone, and hold it against the truth.

perfetto_check.py TRACE TRUTH.json: exits with 0 if its structure is sound (times ascend in each
packet sequence, slices nest and are closed, arrows have two ends, tracks are described first) and
its sums are those of TRUTH; else says what is not.  It shares no code with what wrote the trace.
"""
import json
import struct
import sys
from collections import Counter, defaultdict

MONOTONIC, REALTIME = 3, 1
BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """The fields of a message, as a dict of lists: number -> values."""
    out = defaultdict(list)
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = data[at:at + 8], at + 8
        elif wire == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise SystemExit(f"field {key >> 3}: cut short")
        else:
            raise SystemExit(f"wire type {wire}: not used by this format")
        out[key >> 3].append(value)
    if at != len(data):
        raise SystemExit("message: cut short")
    return out


def only(message, known, what):
    if set(message) - known:
        raise SystemExit(f"{what}: fields {sorted(set(message) - known)} are not written by gilscope")


def one(message, number, default=None):
    values = message.get(number, [default])
    if len(values) != 1:
        raise SystemExit(f"field {number}: {len(values)} times")
    return values[0]


def text(raw):
    return None if raw is None else raw.decode("utf-8")  # strict: invalid bytes are an error


def notes(event):
    out = {}
    for raw in event.get(4, []):
        note = fields(raw)
        only(note, {2, 3, 4, 6, 10}, "DebugAnnotation")
        signed = one(note, 4)
        if signed is not None and signed >= 1 << 63:
            signed -= 1 << 64
        value = [v for v in (one(note, 2), one(note, 3), signed, text(one(note, 6))) if v is not None]
        if len(value) != 1:
            raise SystemExit("DebugAnnotation: expected one value")
        out[text(one(note, 10))] = value[0]
    return out


class Trace:
    def __init__(self, data):
        self.tracks, self.open, self.sequence_ns = {}, defaultdict(list), {}
        self.slices, self.instants, self.counters = [], [], defaultdict(list)
        self.flow_begin, self.flow_end = {}, {}
        self.clocks = None
        for i, raw in enumerate(fields(data)[1]):
            self.packet(fields(raw), i)
        for track, stack in self.open.items():
            if stack:
                raise SystemExit(f"track {track}: {len(stack)} slices are never closed")

    def packet(self, p, i):
        only(p, {6, 8, 10, 11, 58, 60}, "TracePacket")
        sequence = one(p, 10)
        if not sequence:
            raise SystemExit(f"packet {i}: no sequence id")
        if 6 in p:
            if i:
                raise SystemExit("the clocks must be told first")
            self.snapshot(fields(one(p, 6)))
        elif 60 in p:
            self.descriptor(fields(one(p, 60)))
        else:
            ns = one(p, 8)
            if one(p, 58) != MONOTONIC:
                raise SystemExit(f"packet {i}: not of CLOCK_MONOTONIC")
            if ns < self.sequence_ns.get(sequence, 0):
                raise SystemExit(f"sequence {sequence}: {ns} after {self.sequence_ns[sequence]}")
            self.sequence_ns[sequence] = ns
            self.event(fields(one(p, 11)), ns)

    def snapshot(self, snapshot):
        if one(snapshot, 2) != MONOTONIC:
            raise SystemExit("ClockSnapshot: the trace's clock is not CLOCK_MONOTONIC")
        self.clocks = {one(c, 1): one(c, 2) for c in map(fields, snapshot[1])}

    def descriptor(self, d):
        only(d, {1, 2, 3, 4, 5, 8}, "TrackDescriptor")
        uuid, parent = one(d, 1), one(d, 5)
        if parent is not None and parent not in self.tracks:
            raise SystemExit(f"track {uuid}: parent {parent} is not described before")
        track = {"name": text(one(d, 2)), "parent": parent, "counter": 8 in d}
        if 3 in d:
            process = fields(one(d, 3))
            track["pid"], track["command"] = one(process, 1), text(one(process, 6))
        if 4 in d:
            thread = fields(one(d, 4))
            track["tid"], track["thread"] = one(thread, 2), text(one(thread, 5))
        if "pid" not in track and "tid" not in track and not track["name"]:
            raise SystemExit(f"track {uuid}: has no name")
        self.tracks[uuid] = track

    def event(self, e, ns):
        only(e, {4, 9, 11, 22, 23, 44, 47, 48}, "TrackEvent")
        kind, uuid = one(e, 9), one(e, 11)
        if uuid not in self.tracks:
            raise SystemExit(f"track {uuid}: not described")
        track = self.tracks[uuid]
        if kind == COUNTER:
            if not track["counter"]:
                raise SystemExit(f"track {uuid}: is no counter")
            self.counters[uuid].append((ns, struct.unpack("<d", one(e, 44))[0]))
        elif kind == BEGIN:
            if self.open[uuid]:
                raise SystemExit(f"track {uuid}: its slices should not overlap")
            slice_ = {"track": uuid, "name": text(one(e, 23)), "begin": ns, "notes": notes(e)}
            self.open[uuid].append(slice_)
            self.flows(e, slice_)
        elif kind == END:
            slice_ = self.open[uuid].pop()
            slice_["ns"] = ns - slice_["begin"]
            self.slices.append(slice_)
        elif kind == INSTANT:
            self.instants.append({"track": uuid, "name": text(one(e, 23)), "notes": notes(e)})
        else:
            raise SystemExit(f"TrackEvent: type {kind}")

    def flows(self, e, slice_):
        for number, ends in ((47, self.flow_begin), (48, self.flow_end)):
            for raw in e.get(number, []):
                flow = struct.unpack("<Q", raw)[0]
                if flow in ends:
                    raise SystemExit(f"flow {flow}: twice")
                ends[flow] = slice_


def check_flows(trace):
    if set(trace.flow_begin) != set(trace.flow_end):
        raise SystemExit(f"flows with one end: {sorted(set(trace.flow_begin) ^ set(trace.flow_end))[:5]}")
    for flow, hold in trace.flow_begin.items():
        wait = trace.flow_end[flow]
        holder = trace.tracks[hold["track"]]
        if hold["name"] != "hold" or wait["name"] != "wait":
            raise SystemExit(f"flow {flow}: from {hold['name']} to {wait['name']}")
        if not hold["begin"] <= wait["begin"] <= hold["begin"] + hold["ns"]:
            raise SystemExit(f"flow {flow}: the wait did not begin during the hold")
        if holder["tid"] != wait["notes"]["holder tid"]:
            raise SystemExit(f"flow {flow}: begins at another thread than the holder")
        if holder["parent"] != trace.tracks[wait["track"]]["parent"]:
            raise SystemExit(f"flow {flow}: joins two processes")


def check_owners(trace, late_told):
    """The GIL's track says what the threads' say, and never two at a time.

    Where the end of a hold was seen only after the next one had begun, the track shows the next one
    from that end on.
    """
    owned, held, ends = Counter(), Counter(), {}
    for s in trace.slices:
        track = trace.tracks[s["track"]]
        end = s["begin"] + s["ns"]
        if track["name"] == "GIL owner":
            gil = track["parent"]
            owned[gil, s["notes"]["tid"], end] += 1
            ends.setdefault(gil, []).append((s["begin"], end, s["notes"]["tid"]))
        elif s["name"] == "hold":
            held[track["parent"], track["tid"], end] += 1
            s["until"] = end
    # A hold that was told too late (the recording says of how many events) lies before what the track shows already: no length is left of it.
    late = sum((owned - held).values())
    points = Counter((gil, tid, end) for gil, slices in ends.items() for begin, end, tid in slices
                     if begin == end)
    if (owned - held) - points or sum((held - owned).values()) != late or late > late_told:
        raise SystemExit(f"GIL owner: {sum(owned.values())} slices, the threads have {sum(held.values())}; "
                         f"not in both: {list((owned - held) + (held - owned))[:5]}")
    begins = Counter((trace.tracks[s["track"]]["parent"], trace.tracks[s["track"]]["tid"], s["begin"], s["until"])
                     for s in trace.slices if "until" in s)
    for gil, slices in ends.items():
        last = None
        for begin, end, tid in slices:
            if (gil, tid, begin, end) not in begins and begin != last:
                raise SystemExit(f"GIL owner: the hold of {tid} until {end} does not begin at {begin}")
            last = end


def summary(trace):
    count, ns = Counter(), Counter()
    for s in trace.slices:
        track = trace.tracks[s["track"]]
        key = {"collector": "collection", "I/O": "io", "gilscope: lost": "lost"}.get(track["name"])
        key = key or ("owner" if track["name"] == "GIL owner" else s["name"])
        if "not over when the recording ended" in s["notes"]:
            key = "open"
        count[key] += 1
        ns[key] += s["ns"]
    out = {"count": count, "ns": ns, "flows": len(trace.flow_begin)}
    out["lost"] = sum(s["notes"]["events lost"] for s in trace.slices if "events lost" in s["notes"])
    out["instants"] = len(trace.instants)
    for what, name in (("held_ns", "GIL held"), ("waited_ns", "GIL waiters (average)"),
                       ("deallocs", "deallocations")):
        total = 0.0
        for uuid, points in trace.counters.items():
            if trace.tracks[uuid]["name"] == name:
                total += sum(v * (n2 - n) for (n, v), (n2, _) in zip(points, points[1:]))
        out[what] = total / (100 if what == "held_ns" else 1e9 if what == "deallocs" else 1)
    return out


def main():
    with open(sys.argv[1], "rb") as f:
        trace = Trace(f.read())
    with open(sys.argv[2], encoding="utf-8") as f:
        truth = json.load(f)
    check_flows(trace)
    check_owners(trace, truth.get("late", 0))
    seen = summary(trace)
    bad = []
    for kind, count in truth["count"].items():
        if seen["count"][kind] != count or seen["ns"][kind] != truth["ns"][kind]:
            bad.append(f"{kind}: expected {count} of {truth['ns'][kind]} ns, "
                       f"seen {seen['count'][kind]} of {seen['ns'][kind]} ns")
    for key in ("flows", "lost", "instants"):
        if key in truth and seen[key] != truth[key]:
            bad.append(f"{key}: expected {truth[key]}, seen {seen[key]}")
    for key in ("held_ns", "waited_ns", "deallocs"):
        if key in truth and abs(seen[key] - truth[key]) > 1e-6 * truth[key] + 1:
            bad.append(f"{key} by the counters: expected {truth[key]}, seen {seen[key]}")
    if "started_ns" in truth and trace.clocks != {MONOTONIC: truth["started_ns"], REALTIME: truth["started_unix_ns"]}:
        bad.append(f"clocks: {trace.clocks}")
    for uuid, points in trace.counters.items():
        if trace.tracks[uuid]["name"] == "GIL held" and max(v for _, v in points) > 100 + 1e-9:
            bad.append("GIL held: more than 100 %")
    names = {t.get("thread") for t in trace.tracks.values()} | {t.get("command") for t in trace.tracks.values()}
    for name in truth.get("names", []):
        if name not in names:
            bad.append(f"name: {name!r} is missing")
    print("\n".join(bad))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
