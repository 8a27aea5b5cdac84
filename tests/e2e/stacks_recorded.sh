#!/bin/sh
# A recording with stacks says of functions what was said live; flame and every export of it say the same.
. "$(dirname "$0")/lib.sh"
need_root

start_work costs.py 1.5
start_record -p "$WORK" --with stacks --stack-rate 999 --figures json
go
truth_of
stop_record
quit
report

# From the same measurement: the report's rows are the live ones, but for what came in the last moment.
check "$R.out" "$R.json" "$W.truth" <<'END'
from answers import by_function, stacks_agree
live, recorded, truth = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:4])
stacks_agree(recorded, truth)
mine, theirs = only_process(recorded), only_process(live)
equal("format", 6, recorded["recording"]["format"])
def functions(p):
    return {(f["function"], f["file"], f["first_line"]): f for f in p["functions"]}
expect(set(functions(mine)) <= set(functions(theirs)), "functions", sorted(map(str, functions(theirs))), sorted(map(str, functions(mine))))
for name, f in functions(theirs).items():
    for key, value in f.items():
        if key.endswith("_ns"):
            near(f"{key} of {name[0]}", value, functions(mine).get(name, {}).get(key, 0), 0.02, 5_000_000)
near("samples", *(sum(s["samples"] for s in p["stacks"]) for p in (theirs, mine)), 0.02, 10)
# What the scheduler's split tells.
equal("calls slept in", {b["call"] for b in theirs["held_blocked"]}, {b["call"] for b in mine["held_blocked"]})
for call in {b["call"] for b in theirs["held_blocked"]}:
    near(f"time slept in {call}", *(sum(b["ns"] for b in p["held_blocked"] if b["call"] == call) for p in (theirs, mine)),
         0.01, 2_000_000)
near("wait_runnable_ns", theirs["gils"][0]["wait_runnable_ns"], mine["gils"][0]["wait_runnable_ns"], 0.01, 1_000_000)
near("wake_gil_wait", *(sum(i["wake_gil_wait"]["sum_ns"] for i in p["io"]) for p in (theirs, mine)), 0.01, 1_000_000)
equal("switch interval", theirs["switch_interval_ns"], mine["switch_interval_ns"])
expect(mine["switch_interval_ns"], "a switch interval", "known", mine["switch_interval_ns"])
END

# Findings of a recording name functions.
"$GILSCOPE" report "$R" --findings --format json --top 50 >"$T/page.json" 2>"$T/err" || fail "report --findings: $(cat "$T/err")"
check "$T/page.json" <<'END'
blocked = [x["function"]["function"] for x in result["findings"] if x["id"] == "holder-blocked" and x["function"]]
equal("function of the finding", ["asleep_long"], blocked)
END

# Of one thread: its own rows, but for what others waited for it, which only all events together tell;
# nor is there then a row that has nothing else.
"$PY" - "$R.json" <<'END' >"$T/tids"
import json, sys
for t in json.load(open(sys.argv[1]))["processes"][0]["threads"]:
    print(t["tid"])
END
while read -r tid; do
	"$GILSCOPE" report "$R" --thread "$tid" --format json >"$T/one.json" 2>"$T/err" || fail "report --thread $tid: $(cat "$T/err")"
	check "$R.json" "$T/one.json" <<-'END'
		whole, one = (only_process(json.load(open(path, encoding="utf-8"))) for path in sys.argv[1:3])
		tid, = (t["tid"] for t in one["threads"])
		def has_figures(s):
		    return s["samples"] or s["deallocs"] or any(v for k, v in s.items() if k.endswith("_ns"))
		def rows(p):
		    own = ({k: v for k, v in s.items() if k != "caused_wait_ns"} for s in p["stacks"] if s["tid"] == tid)
		    return sorted(filter(has_figures, own), key=lambda s: s["id"])
		equal("rows that have nothing", [], [s for p in (whole, one) for s in p["stacks"] if not has_figures(s)])
		equal(f"stacks of thread {tid}", rows(whole), rows(one))
		equal("stacks of others", [], [s for s in one["stacks"] if s["tid"] != tid])
		equal("time others waited", [None], list({s["caused_wait_ns"] for s in one["stacks"]} or {None}))
		equal("held by functions", sum(s["held_ns"] for s in rows(whole)), sum(f["held_self_ns"] for f in one["functions"]))
	END
done <"$T/tids"
expect_lines() { [ "$(wc -l <"$1")" -ge "$2" ] || fail "$1: expected $2 lines or more, seen $(wc -l <"$1")"; }
expect_lines "$T/tids" 4

# Each weight of the flame graph adds up to the report's.
for by in held waited caused blocked paused; do
	"$GILSCOPE" flame "$R" --by $by -o "$T/$by.folded" 2>"$T/err" || fail "flame DIR --by $by: $(cat "$T/err")"
done
"$GILSCOPE" flame "$R" -o "$T/held.svg" 2>"$T/err" || fail "flame DIR -o .svg: $(cat "$T/err")"
for to in folded speedscope perfetto html jsonl csv; do
	"$GILSCOPE" export "$R" --to $to -o "$T/x.$to" 2>"$T/err" || fail "export --to $to: $(cat "$T/err")"
done
"$GILSCOPE" export "$R" --to folded --by waited -o "$T/x.waited" 2>"$T/err" || fail "export --by waited: $(cat "$T/err")"
FOLDER=$T check "$R.json" <<'END'
import csv
folder = os.environ["FOLDER"]
p = only_process(result)
def whole(key):
    return sum(s[key] for s in p["stacks"])
def lines(name):
    for line in open(f"{folder}/{name}", encoding="utf-8"):
        frames, _, weight = line.rstrip("\n").rpartition(" ")
        yield frames.split(";"), int(weight)
for by, key in (("held", "held_ns"), ("waited", "wait_ns"), ("caused", "caused_wait_ns"), ("blocked", "held_offcpu_ns"),
                ("paused", "paused_ns")):
    equal(f"flame --by {by}", whole(key), sum(w for _, w in lines(f"{by}.folded")))

# Folded: process;thread;state;function…, and each thread's lines are what the thread held, or waited.
for name, key, states in (("x.folded", "held_ns", {"on the CPU", "preempted", "asleep"}),
                          ("x.waited", "wait_ns", {"waits for the GIL"})):
    sums, seen = {}, set()
    for frames, weight in lines(name):
        if frames[0].startswith("[events are missing]"):
            continue
        tid = int(frames[1].rpartition("[")[2].rstrip("]")) if frames[1].endswith("]") else 0
        sums[tid] = sums.get(tid, 0) + weight
        seen.add(frames[2])
    equal(f"states of {name}", set(), seen - states)
    for t in p["threads"]:
        near(f"{key} of thread {t['tid']} in {name}", t[key], sums.get(t["tid"], 0), 0, 1000)
asleep = {f[-1].split(" (")[0] for f, _ in lines("x.folded") if f[2] == "asleep"}
expect({"asleep_long", "asleep_short"} <= asleep, "who sleeps", "asleep_long, asleep_short", asleep)

# Speedscope: sampled profiles beside the evented ones.
s = json.load(open(f"{folder}/x.speedscope", encoding="utf-8"))
frames, held = s["shared"]["frames"], 0
expect(any(f["name"] == "asleep_long" and f["file"].endswith("costs.py") and f["line"] for f in frames), "frames with place",
       "asleep_long", [f["name"] for f in frames])
for profile in s["profiles"]:
    if profile["type"] != "sampled":
        equal("other profiles", "evented", profile["type"])
        continue
    equal("weights of a profile", len(profile["samples"]), len(profile["weights"]))
    equal("its end", profile["endValue"], sum(profile["weights"]))
    equal("frames that are not there", [], [i for sample in profile["samples"] for i in sample if not 0 <= i < len(frames)])
    held += sum(profile["weights"]) if profile["name"].startswith("held") else 0
equal("held, in speedscope", whole("held_ns"), held)

# Perfetto: a sample for each that was taken of a known thread and stack, with the stack it had.
sys.path.insert(0, os.path.join(os.environ["PYTHONPATH"], "..", "unit"))
from perfetto_check import fields
names, functions, stacks, samples = {}, {}, {}, {}
packets = fields(open(f"{folder}/x.perfetto", "rb").read())[1]
for packet in map(fields, packets):
    for data in map(fields, packet.get(12, [])):
        names.update({m[1][0]: m[2][0].decode() for m in map(fields, data.get(5, []))})
        functions.update({m[1][0]: m[2][0] for m in map(fields, data.get(6, []))})
        stacks.update({m[1][0]: m.get(2, []) for m in map(fields, data.get(7, []))})
    for sample in map(fields, packet.get(66, [])):
        samples[sample[4][0]] = samples.get(sample[4][0], 0) + 1
def newest(stack):
    return names[functions[stacks[stack][-1]]]
told = {}
for row in p["stacks"]:
    if row["frames"] and row["samples"] and row["tid"]:
        told[row["frames"][0]["function"]] = told.get(row["frames"][0]["function"], 0) + row["samples"]
seen = {}
for stack, n in samples.items():
    seen[newest(stack)] = seen.get(newest(stack), 0) + n
equal("samples by newest function, in Perfetto", told, seen)

page = open(f"{folder}/x.html", encoding="utf-8").read()
data = json.loads(page.split('id="flame-data">')[1].split("</script>")[0])
equal("the page's flame graph", whole("held_ns"), data["nodes"][2])
rows = [json.loads(line) for line in open(f"{folder}/x.jsonl", encoding="utf-8")]
equal("samples by JSONL", whole("samples"), sum(r["samples"] for r in rows if r["kind"] == "stacks:cost"))
equal("waits of stacks by JSONL", True, sum(r["wait_ns"] for r in rows if r["kind"] == "stacks:cost") <= sum(
    t["wait_ns"] for t in p["threads"]) + 1000)
with open(f"{folder}/x.csv", encoding="utf-8", newline="") as f:
    table = list(csv.DictReader(f))
equal("samples by CSV", whole("samples"), sum(int(r["samples"]) for r in table if r["kind"] == "stacks:cost"))
END

# Intervals have their own, nearly: what is told for a time that they share in is shared out.
"$GILSCOPE" report "$R" -i 0.4 --format jsonl >"$T/parts" 2>"$T/err" || fail "report -i: $(cat "$T/err")"
check "$T/parts" "$R.json" <<'END'
for key in "held_ns", "wait_ns", "held_offcpu_ns":
    whole = sum(s[key] for s in only_process(truth)["stacks"])
    near(f"{key} of all intervals", whole, sum(s[key] for r in results for s in only_process(r)["stacks"]), 0.1, 20_000_000)
    named = sum(s[key] for s in only_process(truth)["stacks"] if s["frames"])
    near(f"{key} of functions, of all intervals", named, sum(
        s[key] for r in results for s in only_process(r)["stacks"] if s["frames"]), 0.1, 20_000_000)
END

# The page in a browser, where there is one.
if sh "$ROOT/tests/browser/install.sh" "$O/browser" >"$T/why" 2>&1; then
	MODULES=$O/browser CHROMIUM=$(command -v chromium) timeout -k 5 120 \
		node "$ROOT/tests/browser/page.mjs" "$T/x.html" "$T/page.json" >"$T/out" 2>&1 || fail "the page: $(head -n 5 "$T/out")"
fi

# A flight recorder's snapshot has its stacks, whatever was told before it.
start_work costs.py 30
start_record -p "$WORK" --with stacks --ring 1M
go
sleep 0.5
kill -USR2 "$REC"
until_true 20 has_line 'snapshot (SIGUSR2)' "$R.err" || fail "record --ring: no snapshot; $(cat "$R.err")"
stop_record
report "$R.0001"
check "$R.json" <<'END'
p = only_process(result)
named = {f["function"] for row in p["stacks"] for f in row["frames"] or []}
expect({"holder", "asleep_long"} <= named, "functions of a snapshot", "holder, asleep_long", named)
END

# What it cannot: a recording without stacks, a target as well.
start_record -p "$WORK" -d 0.1
ended "$REC" 20
run flame "$R" -o "$T/none.svg"
[ "$RC" = 5 ] || fail "flame of a recording without stacks: expected exit code 5, seen $RC"
has_line 'has no Python stacks' "$T/err" || fail "flame without stacks: said $(cat "$T/err")"
run flame "$R" -p "$WORK" -o "$T/none.svg"
[ "$RC" = 2 ] || fail "flame of a recording and a target: expected exit code 2, seen $RC"
[ ! -e "$T/none.svg" ] || fail "flame: left a file although it failed"
