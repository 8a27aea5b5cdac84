#!/bin/sh
# A real recording exported to every format: real consumers read it, and their sums are the report's.
. "$(dirname "$0")/lib.sh"
need_root
need babeltrace2

# A program with everything in it: holds, waits, collections, calls that wake, deallocations, a child.
start_work mix.py 2
MIX=$WORK MIX_STEM=$W
start_work gcwork.py
GC=$WORK GC_STEM=$W
start_work selects.py
start_record -p "$MIX,$GC,$WORK" --with refs
for stem in "$MIX_STEM" "$GC_STEM" "$W"; do go "$stem"; done
for stem in "$MIX_STEM" "$GC_STEM" "$W"; do truth_of "$stem"; done
stop_record
for stem in "$MIX_STEM" "$GC_STEM" "$W"; do quit "$stem"; done
report
for format in perfetto chrome speedscope folded jsonl csv openmetrics html; do
	"$GILSCOPE" export "$R" --to $format -o "$T/x.$format" 2>"$T/err" || fail "--to $format: $(cat "$T/err")"
	"$GILSCOPE" export "$R" --to $format -o - >"$T/y.$format" 2>"$T/err" || fail "--to $format -o -: $(cat "$T/err")"
	cmp "$T/x.$format" "$T/y.$format" || fail "--to $format: another thing on stdout than in a file"
done
[ "$(stat -c %a "$T/x.csv")" = 600 ] || fail "an export's mode: expected 600, seen $(stat -c %a "$T/x.csv")"

SUDO_UID=1234 SUDO_GID=1235 "$GILSCOPE" export "$R" --to folded -o "$T/sudo" 2>"$T/err" || fail "with SUDO_UID: $(cat "$T/err")"
[ "$(stat -c %u:%g "$T/sudo")" = 1234:1235 ] || fail "an export's owner: expected 1234:1235, seen $(stat -c %u:%g "$T/sudo")"

# CSV in SQLite, JSONL in Python, Chrome's and the folded stacks: sums as in the report.
check "$R.json" <<EOF
import csv, json, os, sqlite3
os.chdir("$T")
held = sum(gil(p)["held_ns"] for p in result["processes"])
waits = sum(gil(p)["contended_takes"] for p in result["processes"])
takes = sum(gil(p)["takes"] for p in result["processes"])
pauses = sum(g["pause"]["sum_ns"] for p in result["processes"] for g in p["gc"])
deallocs = sum(t["deallocs"] for p in result["processes"] for t in p["types"])
calls = sum(c["calls"] for p in result["processes"] for c in p["io"])
expect(takes > 1000 and waits > 50 and pauses and deallocs and calls, "something of everything", "",
       (takes, waits, pauses, deallocs, calls))

rows = [json.loads(line) for line in open("x.jsonl", encoding="utf-8")]
def sums(value, *kinds):
    return sum(value(r) for r in rows if r["kind"] in kinds)
open_holds = sums(lambda r: r["duration_ns"], "gilscope:open") and sum(
    r["duration_ns"] for r in rows if r["kind"] == "gilscope:open" and r["what"] == "hold")
open_count = sum(r["kind"] == "gilscope:open" and r["what"] == "hold" for r in rows)
equal("held by JSONL", held, sums(lambda r: r["duration_ns"], "gil:hold") + open_holds)
equal("takes by JSONL", takes, sums(lambda r: not r["mid"], "gil:hold") + open_count)
equal("contended takes by JSONL", waits, sums(lambda r: 1, "gil:wait"))
equal("pauses by JSONL", pauses, sums(lambda r: r["duration_ns"], "gc:collection"))
equal("deallocations by JSONL", deallocs, sums(lambda r: r["deallocs"], "refs:count"))
equal("calls by JSONL", calls, sums(lambda r: 1, "io:call", "io:wait"))

db = sqlite3.connect(":memory:")
with open("x.csv", encoding="utf-8", newline="") as f:
    reader = csv.reader(f)
    names = next(reader)
    db.execute("create table t (%s)" % ", ".join(f'"{n}"' for n in names))
    db.executemany("insert into t values (%s)" % ", ".join("?" * len(names)), reader)
one = lambda q: db.execute(q).fetchone()[0]
equal("rows of CSV", len(rows), one("select count(*) from t"))
equal("held by CSV in SQLite", sums(lambda r: r["duration_ns"], "gil:hold"),
      one("select sum(cast(duration_ns as integer)) from t where kind = 'gil:hold'"))
equal("waits by CSV in SQLite", waits, one("select count(*) from t where kind = 'gil:wait'"))

# Microseconds with three decimals: read as numbers of ns.
from decimal import Decimal
chrome = json.load(open("x.chrome", encoding="utf-8"), parse_float=Decimal)
entries = chrome["traceEvents"] if isinstance(chrome, dict) else chrome
pauses_seen = sum(int(Decimal(e["dur"]) * 1000) for e in entries
                  if e["ph"] == "X" and e["name"].startswith("gc generation"))
equal("pauses by Chrome's slices", pauses, pauses_seen)

folded = sum(int(line.rsplit(" ", 1)[1]) for line in open("x.folded", encoding="utf-8"))
equal("held by folded stacks", sums(lambda r: r["duration_ns"], "gil:hold"), folded)

metrics = {}
for line in open("x.openmetrics", encoding="utf-8"):
    if not line.startswith("#"):
        name, value = line.rsplit(" ", 1)
        name = name.split("{")[0]
        metrics[name] = metrics.get(name, 0) + Decimal(value)
equal("held by OpenMetrics", held, int(metrics["gilscope_gil_held_seconds_total"] * 10**9))
names = {"cpython_gc_collections_total", "cpython_gc_collected_objects_total"}
expect(names <= set(metrics), "OpenTelemetry's names", names, sorted(metrics))
EOF
if command -v promtool >/dev/null 2>&1; then
	promtool check metrics <"$T/x.openmetrics" >"$T/out" 2>&1 || fail "promtool: $(head -n 5 "$T/out")"
fi

# Perfetto's file by the published field numbers: balanced, nested, ascending; arrows in pairs.
late=$(babeltrace2 "$R" | grep -c ' gilscope:late: ')
"$PY" - "$T/x.jsonl" "$R/metadata" "$late" >"$T/truth.json" <<'EOF'
import collections, json, re, sys
count, ns, lost = collections.Counter(), collections.Counter(), 0
kinds = {"gil:wait": "waits for the GIL", "gc:collection": "collection"}
for line in open(sys.argv[1], encoding="utf-8"):
    r = json.loads(line)
    if r["kind"] == "gc:collection":
        count["collection"] += 1
        ns["collection"] += r["duration_ns"]
    lost += r["count"] if r["kind"] == "gilscope:lost" else 0
env = dict(re.findall(r"(started_(?:unix_)?ns) = \"?(\d+)", open(sys.argv[2]).read()))
print(json.dumps({"count": count, "ns": ns, "lost": lost, "late": int(sys.argv[3]),
                  "started_ns": int(env["started_ns"]), "started_unix_ns": int(env["started_unix_ns"])}))
EOF
"$PY" "$ROOT/tests/unit/perfetto_check.py" "$T/x.perfetto" "$T/truth.json" >"$T/out" 2>&1 ||
	fail "perfetto: $(head -n 5 "$T/out")"

# No room for what it keeps meanwhile: it says where that was to be.
mkdir "$T/full"
RC=0
unshare -m sh -c 'mount -t tmpfs -o size=16k none "$1" && TMPDIR=$1 exec "$2" export "$3" --to speedscope -o "$1.out"' \
	sh "$T/full" "$GILSCOPE" "$R" >"$T/out" 2>&1 || RC=$?
[ "$RC" = 1 ] || fail "a full TMPDIR: expected exit code 1, seen $RC"
grep -q "$T/full: no space for temporary files" "$T/out" || fail "a full TMPDIR: seen $(cat "$T/out")"
[ ! -e "$T/full.out" ] || fail "a full TMPDIR: left half of an output"

# The page and speedscope's viewer in a browser.
if reason=$(sh "$ROOT/tests/browser/install.sh" "$O/browser"); then
	export MODULES="$O/browser"
	CHROMIUM=$(command -v chromium)
	export CHROMIUM
	"$GILSCOPE" report "$R" --format json --top 50 >"$T/page.json" || fail "report --top 50"
	timeout -k 5 120 node "$ROOT/tests/browser/page.mjs" "$T/x.html" "$T/page.json" >"$T/out" 2>&1 ||
		fail "the page: $(head -n 5 "$T/out")"
	"$PY" - "$T/x.speedscope" >"$T/totals.json" <<'EOF'
import json, sys
data = json.load(open(sys.argv[1], encoding="utf-8"))
frames = [f["name"] for f in data["shared"]["frames"]]
out = []
for p in data["profiles"][:3]:
    totals, opened = dict.fromkeys(frames, 0), {}
    for e in p["events"]:
        if e["type"] == "O":
            opened[e["frame"]] = e["at"]
        else:
            totals[frames[e["frame"]]] += e["at"] - opened[e["frame"]]
    out.append({"name": p["name"], "totals": totals})
print(json.dumps(out))
EOF
	timeout -k 5 120 node "$ROOT/tests/browser/speedscope.mjs" "$T/x.speedscope" "$T/totals.json" >"$T/out" 2>&1 ||
		fail "speedscope: $(head -n 5 "$T/out")"
else
	printf 'no browser: %s\n' "$reason"
fi

# Wrong arguments, and places that cannot be written to.
wrong() { # wrong CODE WORDS ARG…
	code=$1 words=$2
	shift 2
	run export "$@"
	[ "$RC" = "$code" ] || fail "export $*: expected exit code $code, seen $RC: $(cat "$T/err")"
	grep -q -- "$words" "$T/err" || fail "export $*: expected '$words', seen: $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" -eq 1 ] || fail "export $*: expected one line, seen: $(cat "$T/err")"
}
wrong 2 perfetto "$R" --to nothing
wrong 2 'no choice' "$R" --to csv --by held
wrong 2 'not known' "$R" --to folded --by nothing
wrong 2 'there already' "$R" --to csv -o "$T/x.csv"
wrong 1 'No such file' "$R" --to csv -o "$T/nowhere/x.csv"
wrong 1 'no-such' "$T/no-such" --to csv
"$GILSCOPE" export "$R" --to csv -o - 2>"$T/err" | head -n 1 >"$T/out"
[ -s "$T/out" ] || fail "export into a pipe that is closed: nothing came"
ls "$T"/*.partial >/dev/null 2>&1 && fail "a half-written file was left"
exit 0
