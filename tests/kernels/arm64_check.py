"""arm64_check.py PROBES write FILE | PROBES check LOG: the sites of `gilscope probes --file --format json`
as uprobe_events of an arm64 kernel, and whether what these said in the guest is what the sites mean."""
import json
import re
import sys

LOCKED = 16  # struct _gil_runtime_state: locked


def sites(probes):
    """name, row of the JSON, entry of the type's tp_dealloc or None"""
    count = {}
    for row in json.load(open(probes))["files"][0]["probes"]:
        event = f"{row['family']}_{row['event']}"
        count[event] = count.get(event, 0) + 1
        entry = re.search(r"at the start of (0x[0-9a-f]+)", row["evidence"])
        yield f"{event}_{count[event]}", row, int(entry[1], 16) if entry else None


def definition(name, row, path):
    gil = re.search(r"the GIL is at (\w+)([+-]\d+)", row["evidence"])
    arg = re.search(r"still in (\w+)", row["evidence"])
    text = f"p:gs/{name} {path}:{row['offset']}"
    if row["semaphore"]:
        text += f"({row['semaphore']})"
    if gil:
        text += f" locked={int(gil[2]) + LOCKED:+d}(%{gil[1]}):s32"
    if arg and row["event"] == "dealloc":  # the object's type's tp_dealloc
        text += f" dealloc=+48(+8(%{arg[1]})):x64"
    return text


def expect(ok, what):
    if not ok:
        sys.exit(f"arm64: {what}")


def check(probes, log):
    text = open(log, errors="replace").read().replace("\r", "")
    hits = {n: int(k) for n, k in re.findall(r"^hits (\w+) (\d+)$", text, re.M)}
    said = {}
    for times, name, key, value in re.findall(r"^ *(\d+) said (\w+): (\w+)=(\w+)$", text, re.M):
        said.setdefault(name, {}).setdefault(int(value, 0), 0)
        said[name][int(value, 0)] += int(times)
    expect(text.rstrip().endswith("end") or "\nend\n" in text, "the guest did not come to its end")
    expect("refused" not in text, "the kernel refused a site: " + (re.findall("refused.*", text) or [""])[0])
    expect("work ended with 0" in text, "the program did not end well")
    expect("lost 0" in text, "the trace is not whole")
    rows = list(sites(probes))
    expect(set(hits) == {name for name, _, _ in rows}, "not every site was probed")

    def total(event):
        return sum(n for name, n in hits.items() if name.rsplit("_", 1)[0] == event)

    owned, released, forced = total("gil_owned"), total("gil_released"), total("gil_forced")
    expect(owned == released, f"takes of the GIL: {owned}, releases: {released}")
    expect(owned >= 400, f"takes of the GIL: {owned}; two threads slept 200 times each")
    expect(1 <= forced <= released, f"forced releases: {forced}, with two threads that compute")
    for name, values in said.items():
        if name.startswith("gil_owned"):
            expect(set(values) == {1}, f"{name}: gil->locked was {values}, where it is owned")
    # Another thread may have taken it since.
    free = sum(v.get(0, 0) for n, v in said.items() if n.startswith("gil_released"))
    expect(free * 2 > released, f"gil->locked was 0 at {free} of {released} releases")
    collections = re.findall(r"^collected (\d) (\d+)$", text, re.M)
    expect(len(collections) == 5 and all(int(n) == 7 for _, n in collections), f"collections: {collections}")
    starts = total("gc_start")
    expect(starts == total("gc_done") and starts >= 5, f"collections: {starts} starts, {total('gc_done')} ends")
    classes = [entry for _, row, entry in rows if "subtype_dealloc" in row["evidence"]]
    for name, row, entry in rows:
        for value in said.get(name, {}) if row["event"] == "dealloc" else ():
            expect(value == entry or value in classes, f"{name}: an object whose tp_dealloc is {value:#x}")
    plain = sum(n for name, row, entry in rows if entry in classes for n in said.get(name, {}).values())
    expect(plain >= 500, f"objects of classes: {plain}, of 500 at least")
    print(f"arm64: {len(rows)} sites probed, {owned} takes and releases, {forced} of them forced, {starts} collections,",
          f"{sum(map(total, ('refs_dealloc', 'refs_alloc')))} objects; {re.search('^kernel (.*)', text, re.M)[1]}")


if sys.argv[2] == "write":
    with open(sys.argv[3], "w") as out:
        for name, row, _ in sites(sys.argv[1]):
            print(definition(name, row, "/usr/bin/python3.13"), file=out)
else:
    check(sys.argv[1], sys.argv[3])
