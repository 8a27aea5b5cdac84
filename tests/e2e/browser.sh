#!/bin/sh
# The HTML page, flame graphs and speedscope's viewer, in headless Chromium, show what was measured; so does the Perfetto trace.
. "$(dirname "$0")/lib.sh"

for t in test_trace_html test_trace_speedscope test_flame; do
	[ -x "$O/tests/$t" ] || fail "$O/tests/$t: not built; run make tests"
done
reason=$(sh "$ROOT/tests/browser/install.sh" "$O/browser") || {
	[ $? = 77 ] && skip "$reason"
	fail "tests/browser/install.sh: $reason"
}
export MODULES="$O/browser"
CHROMIUM=$(command -v chromium)
export CHROMIUM
cd "$ROOT" || fail "$ROOT: cannot go there"

# in_browser SCRIPT FILE [EXPECTED]: its last words are told if it fails
in_browser() {
	timeout -k 5 120 node "$ROOT/tests/browser/$1" "$2" ${3:+"$3"} >"$T/out" 2>&1 || {
		cat "$T/out"
		fail "$1 ${2##*/}: see above"
	}
	sed "s/^/${2##*/}: /" "$T/out"
}

# Made-up programs with hostile names, and their figures by the replay.
for t in test_trace_html test_trace_speedscope test_flame; do
	PAGES=$T "$O/tests/$t" >"$T/log" 2>&1 || fail "$t: $(tail -n 3 "$T/log")"
done
for page in program hostile million; do
	in_browser page.mjs "$T/$page.html" "$T/$page.html.json"
done
in_browser speedscope.mjs "$T/program.speedscope.json" "$T/program.expected.json"

# Flame graphs: file, stacks, and what is searched for.
for graph in flame-program.html,parse flame-hostile.svg,'alert(1' \
	flame-hostile.html,'alert(1' flame-wide.svg,f12; do
	file=${graph%,*}
	printf '%s\n' "$T/$file" "$T/${file%.*}.folded" "${graph#*,}"
done >"$T/graphs"
in_browser flame.mjs "$T/graphs"

# The checks are able to fail.
sed 's/"takes": \([0-9]\)/"takes": 1\1/' "$T/hostile.html.json" >"$T/wrong.json"
! node tests/browser/page.mjs "$T/hostile.html" "$T/wrong.json" >"$T/out" 2>&1 ||
	fail "page.mjs: did not notice other figures than the report's"
sed 's/"hold": \([0-9]\)/"hold": 1\1/' "$T/program.expected.json" >"$T/wrong.json"
! node tests/browser/speedscope.mjs "$T/program.speedscope.json" "$T/wrong.json" >"$T/out" 2>&1 ||
	fail "speedscope.mjs: did not notice other totals"
sed 's/ 60000000$/ 30000000/' "$T/flame-program.folded" >"$T/wrong.folded"
printf '%s\n' "$T/flame-program.svg" "$T/wrong.folded" parse >"$T/graphs"
! node tests/browser/flame.mjs "$T/graphs" >"$T/out" 2>&1 ||
	fail "flame.mjs: did not notice other stacks than the picture's"

# A real program, if we may trace one: what the recording's rows (jsonl) add up to is the truth.
if [ "$(id -u)" != 0 ] || [ ! -x "$GILSCOPE" ]; then
	echo "made-up programs only: not root"
	exit 0
fi
start_work mix.py 3
start_record -p "$WORK" --with refs
go
truth_of
stop_record
quit
report
for format in jsonl html speedscope perfetto; do
	"$GILSCOPE" export "$R" --to $format -o "$T/real.$format" 2>"$T/err" || fail "export --to $format: $(cat "$T/err")"
done
"$PY" - "$T" <<'EOF' || exit 1
import json, sys
from collections import Counter, defaultdict
folder = sys.argv[1]
KINDS = {"gil:hold": "hold", "gil:wait": "wait", "gc:collection": "collection", "io:wait": "io",
         "io:to_gil": "wake-up to GIL"}
count, ns, threads = Counter(), Counter(), defaultdict(Counter)
for line in open(f"{folder}/real.jsonl", encoding="utf-8"):
    row = json.loads(line)
    kind = KINDS.get(row["kind"])
    open_kind = row["what"] if row["kind"] == "gilscope:open" and row["what"] in ("hold", "wait") else None
    if kind:
        count[kind] += 1
        ns[kind] += int(row["duration_ns"])
    if kind in ("hold", "wait") or open_kind:
        threads[row["tid"]][open_kind or kind] += int(row["duration_ns"])
assert count["hold"] > 100 and count["wait"] > 10, count
json.dump({"count": count, "ns": ns}, open(f"{folder}/real.truth", "w"))
shown = []
for profile in json.load(open(f"{folder}/real.speedscope", encoding="utf-8"))["profiles"]:
    if profile["name"].startswith("gilscope: "):
        break
    tid = int(profile["name"].split("(tid ")[1].split(")")[0])
    shown.append({"name": profile["name"], "totals": {k: threads[tid][k] for k in ("hold", "wait")}})
json.dump(shown, open(f"{folder}/real.expected", "w"))
EOF
in_browser page.mjs "$T/real.html" "$R.json"
in_browser speedscope.mjs "$T/real.speedscope" "$T/real.expected"
"$PY" "$ROOT/tests/unit/perfetto_check.py" "$T/real.perfetto" "$T/real.truth" >"$T/out" 2>&1 ||
	fail "real.perfetto: $(head -n 3 "$T/out")"
