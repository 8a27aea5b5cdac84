#!/bin/sh
# table, json and jsonl say the same; intervals cover their own time and add up to the whole.
. "$(dirname "$0")/lib.sh"
need_root

SCOPE_FORMAT=jsonl
start_work pingpong.py 2 3000
start_stat -p "$WORK" -i 0.1
go
truth_of
sleep 0.3
stop_stat
quit
check "$S.out" "$W.truth" <<'EOF'
expect(len(results) >= 3, "intervals", "at least 3", len(results))
for r in results:
    bad = shape_errors(r, SHAPE, "interval")
    expect(not bad, "shape of an interval", "as in the contract", "; ".join(bad[:6]))
for r in results[:-1]:
    near("duration of an interval", 1e8, r["duration_ns"], 0, 6e7)
# They follow each other without a gap.
for a, b in zip(results, results[1:]):
    near("start of the next interval", a["started_unix_ns"] + a["duration_ns"],
         b["started_unix_ns"], 0, 3e6)
forced = sum(gil(only_process(r))["forced_releases"] for r in results)
takes, holds = {}, {}
for r in results:
    p = only_process(r)
    for t in p["threads"]:
        takes[t["tid"]] = takes.get(t["tid"], 0) + t["takes"]
        holds[t["tid"]] = holds.get(t["tid"], 0) + t["hold"]["count"]
        expect(t["held_ns"] <= r["duration_ns"] * 1.01 + 1e6, "held_ns in an interval",
               "at most its duration", t["held_ns"])
for name, tid in truth["tids"].items():
    between(f"takes of {name}, all intervals", truth["takes"], truth["takes"] + forced, takes.get(tid))
    equal(f"holds of {name}, all intervals", takes.get(tid), holds.get(tid))
EOF

# json with -i: one object after the other; table with -i: one table per interval.
start_work mix.py 100
go
run stat -p "$WORK" -i 0.3 -d 0.9 --format jsonl
[ "$RC" = 0 ] && [ "$(wc -l <"$T/out")" = 3 ] ||
	fail "-i 0.3 -d 0.9 as jsonl: expected 3 lines, seen $(wc -l <"$T/out"), rc $RC; $(cat "$T/err")"
run stat -p "$WORK" -d 0.5
[ "$RC" = 0 ] || fail "table: expected exit code 0, seen $RC; $(cat "$T/err")"
for word in "$WORK" cpu0 io3; do
	grep -qw "$word" "$T/out" || fail "table: expected $word in it, seen: $(cat "$T/out")"
done
! grep -q "$(printf '\033')" "$T/out" || fail "table into a file: expected no escape sequence"
awk 'length($0) > 200 { exit 1 }' "$T/out" || fail "table: a line of more than 200 characters"
kill "$WORK"

# Hostile names stay data in every format.
start_work names.py
for format in table json jsonl; do
	run stat -p "$WORK" -d 0.3 --format $format
	[ "$RC" = 0 ] || fail "$format with hostile names: expected exit code 0, seen $RC; $(cat "$T/err")"
	"$PY" - "$T/out" "$T/err" <<-'EOF' || exit 1
		import sys
		for path in sys.argv[1:]:
		    text = open(path, "rb").read().decode("utf-8")  # or fails: not UTF-8
		    bad = sorted({c for c in text if c != "\n" and not c.isprintable()})
		    if bad:
		        sys.exit(f"    control characters got through: {bad!r}")
	EOF
done
run stat -p "$WORK" -d 0.3 --format json
check "$T/out" "$W.ready" <<'EOF'
contract(result)
expect(len(process(result, truth["pid"])["threads"]) >= 9, "threads", "at least 9",
       len(process(result, truth["pid"])["threads"]))
EOF
