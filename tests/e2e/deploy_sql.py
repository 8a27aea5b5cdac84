"""What the questions of deploy/sql have answered, in the working directory, against the recordings.

Answers are in QUESTION.SOURCE; the truth is in NAME.report (gilscope report of each recording), in
NAME.truth (the program itself) and, for what neither has, in the events of exports/NAME.jsonl.
"""
import collections
import glob
import json
import sys

sys.argv = sys.argv[:1]
from check import between, equal, expect, near  # noqa: E402

RECORDINGS = {"one": ('web "1", of é', "web", "1.0"), "two": ("web-2", "web", "1.1"),
              "three": ("web-2", "batch", "7"), "four": ('web "1", of é', "web", "0.9"), "five": ("old-1", "batch", "6")}
SOURCES = ("csv", "jsonl", "parquet", "sqlite")


def rows(question, source):
    """Numbers as numbers, whichever way an engine tells them."""
    def plain(v):
        try:
            return float(v)
        except (TypeError, ValueError):
            return v
    with open(f"{question}.{source}") as f:
        return [{k: v if k in ("release", "release_before", "release_after") else plain(v) for k, v in row.items()}
                for row in json.load(f)]


def same(question):
    """The answer, which is the same from every source."""
    first = rows(question, SOURCES[0])
    for source in SOURCES[1:]:
        other = rows(question, source)
        for row in [*first, *other]:
            row.pop("begin_at", None)  # each engine writes a time as it likes
        equal(f"{question} from {source}", first, other)
    return first


events, reports = {}, {}
for name in RECORDINGS:
    with open(f"exports/{name}.jsonl") as f:
        events[name] = [json.loads(line) for line in f]
    with open(f"{name}.report") as f:
        reports[name] = json.load(f)


def spent(names, kind, what=None):
    return [e["duration_ns"] for n in names for e in events[n]
            if e["kind"] == kind or (what and e["kind"] == "gilscope:open" and e["what"] == what)]


def length(name):
    return max(e["ts_unix_ns"] for e in events[name]) - min(e["begin_unix_ns"] for e in events[name])


def check_services():
    answer = {r["service"]: r for r in same("services")}
    equal("services", {"web", "batch"}, set(answer))
    equal("the worst is told first", "web", rows("services", "csv")[0]["service"])
    for service, hosts in (("web", 2), ("batch", 2)):
        names = [n for n, (_, s, _) in RECORDINGS.items() if s == service]
        row, waits, all_ns = answer[service], spent(names, "gil:wait", "wait"), sum(map(length, names))
        equal(f"hosts of {service}", hosts, row["hosts"])
        equal(f"recordings of {service}", len(names), row["recordings"])
        equal(f"waits of {service}", len(waits), row["waits"])
        near(f"threads of {service} that wait", sum(waits) / all_ns, row["waiting_threads"], 0, 6e-5)
        near(f"longest wait of {service}", max(waits, default=0) / 1e6, row["longest_wait_ms"], 0, 6e-4)
        # gilscope's own sums of the same recordings
        gils = [g for n in names for p in reports[n]["processes"] for g in p["gils"]]
        near(f"seconds that {service} waited, as reported", sum(g["wait_ns"] for g in gils) / 1e9, row["wait_s"], 0.001, 0.001)
        near(f"held by {service}, as reported", sum(g["held_ns"] for g in gils) / all_ns, row["gil_held"], 0.002, 0.001)


def check_collections():
    answer = same("collections")
    equal("collections told", 20, len(answer))
    expect(all(a["pause_ms"] >= b["pause_ms"] for a, b in zip(answer, answer[1:])), "order", "the longest first", answer)
    equal("hosts of the week", set(), {r["host"] for r in answer} - {"web-2", RECORDINGS["one"][0]})
    with open("three.truth") as f:
        truth = json.load(f)["pauses"]
    longest = max(truth, key=lambda t: t["max_ns"])
    between("longest collection, as its program saw it", longest["max_ns"] / 2e6, longest["max_ns"] / 1e6 + 0.05,
            answer[0]["pause_ms"])
    equal("its generation, service and release", (truth.index(longest), "batch", "7"),
          (answer[0]["generation"], answer[0]["service"], str(answer[0]["release"])))


def check_blockers():
    expected = collections.defaultdict(list)
    for name, (host, service, release) in RECORDINGS.items():
        called = {}
        for e in events[name]:
            if e["tid"] is not None and e["thread"] is not None:
                called[e["tid"]] = max(called.get(e["tid"], ""), e["thread"].rstrip("0123456789"))
        for e in events[name]:
            if e["kind"] == "gil:wait":
                waiter = (e["thread"] or "?").rstrip("0123456789")
                expected[service, waiter, called.get(e["holder"], "?")].append((e["duration_ns"], host, release))
    answer = {(r["service"], r["waiter"], r["blocker"]): r for r in same("blockers")}
    equal("pairs", set(expected), set(answer))
    for pair, waits in expected.items():
        row = answer[pair]
        equal(f"waits of {pair}", len(waits), row["waits"])
        near(f"seconds of {pair}", sum(w[0] for w in waits) / 1e9, row["wait_s"], 0, 6e-4)
        equal(f"hosts of {pair}", len({w[1] for w in waits}), row["hosts"])
        equal(f"releases of {pair}", len({w[2] for w in waits}), row["releases"])
    first = next(iter(answer))
    equal("who blocks most: threads that compute", ("web", "cpu"), (first[0], first[2]))


def check_releases():
    answer = same("releases")
    equal("releases compared", [("batch", "6", "7"), ("web", "0.9", "1.0"), ("web", "1.0", "1.1")],
          [(r["service"], r["release_before"], r["release_after"]) for r in answer])
    for row, (before, after) in zip(answer[1:], (("four", "one"), ("one", "two"))):
        for when, name in (("before", before), ("after", after)):
            waits = sorted(spent([name], "gil:wait"))
            near(f"threads that wait {when}, {name}", sum(waits) / length(name), row[f"waiting_{when}"], 0, 6e-5)
            place = next(i for i in range(1, len(waits) + 1) if i >= 0.99 * len(waits))
            near(f"99 % of waits {when}, {name}", waits[place - 1] / 1e6, row[f"wait_p99_ms_{when}"], 0, 6e-4)
            near(f"held {when}, {name}", sum(spent([name], "gil:hold")) / length(name), row[f"held_{when}"], 0, 6e-5)
    equal("the same recording, eight days apart", answer[1]["waiting_before"], answer[1]["waiting_after"])
    collected = spent(["three"], "gc:collection")
    for when in "before", "after":
        near(f"in collections {when}", sum(collected) / length("three"), answer[0][f"gc_{when}"], 0, 6e-5)
        near(f"longest collection {when}", max(collected) / 1e6, answer[0][f"longest_gc_ms_{when}"], 0, 6e-4)


equal("Parquet files: services of a host", 4, len(glob.glob("parquet/*/*/*.parquet")))
check_services()
check_collections()
check_blockers()
check_releases()
