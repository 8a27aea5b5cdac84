#!/bin/sh
# gilscope report: parts, intervals, single threads, lists and packed recordings add up to the whole.
. "$(dirname "$0")/lib.sh"
need_tracer
REC_DIR=$ROOT/tests/golden/v1/recording

said() { # said FILE ARG…: report in JSON into $T/FILE
	file=$1
	shift
	"$GILSCOPE" report "$REC_DIR" "$@" >"$T/$file" 2>"$T/err" || fail "report $*: $(cat "$T/err")"
}
said whole --format json --top 1000
said parts -i 0.1 --format jsonl
said first --to 0.7 --format json
said rest --from 0.7 --format json
tid=$("$PY" -c 'import json, sys
p = json.load(open(sys.argv[1]))["processes"][0]
print(max(p["threads"], key=lambda t: t["contended_takes"])["tid"])' "$T/whole")
said one --thread "$tid" --format json
started=$("$PY" -c 'import json, sys; print(json.load(open(sys.argv[1]))["started_unix_ns"])' "$T/whole")
said at --from "@$("$PY" -c "print($started / 1e9 + 0.7)")" --format json

check "$T/whole" "$T/parts" "$T/first" "$T/rest" "$T/one" "$T/at" <<EOF
parts = truths and [json.loads(line) for line in open("$T/parts")]
first, rest, one, at = truths[1:]
by_pid = lambda d: {p["pid"]: p for p in d["processes"]}
COUNTS = ("takes", "contended_takes", "handovers", "forced_releases")
TIMES = ("held_ns", "wait_ns", "contended_ns", "held_offcpu_ns")
for pid, p in by_pid(result).items():
    for pieces, how in (((first, rest), "two parts"), (parts, "intervals")):
        found = [by_pid(d)[pid] for d in pieces if pid in by_pid(d)]
        for f in COUNTS + TIMES:
            equal(f"{f} of {pid}, {how}", gil(p)[f], sum(gil(q)[f] for q in found))
        for g in range(3):
            equal(f"collections {g} of {pid}, {how}", p["gc"][g]["pause"]["count"],
                  sum(q["gc"][g]["pause"]["count"] for q in found))
        equal(f"deallocations of {pid}, {how}", sum(t["deallocs"] for t in p["types"]),
              sum(t["deallocs"] for q in found for t in q["types"]))
equal("time of all intervals", result["duration_ns"], sum(d["duration_ns"] for d in parts))
for f in COUNTS:
    equal(f"{f} from a time since 1970", gil(rest["processes"][0])[f], gil(at["processes"][0])[f])
whole = next(t for t in result["processes"][0]["threads"] if t["tid"] == $tid)
alone = next(t for p in one["processes"] for t in p["threads"] if t["tid"] == $tid)
equal("one thread's figures", whole, alone)

# Lists: the longest first, and as long as the histograms' maxima.
lists = {}
for row in result["longest"]:
    lists.setdefault(row["kind"], []).append(row["ns"])
for kind, ns in lists.items():
    equal(f"longest {kind}, in order", sorted(ns, reverse=True), ns)
for kind, column in (("hold", "hold"), ("wait", "wait")):
    longest = max(t[column]["max_ns"] for p in result["processes"] for t in p["threads"])
    equal(f"the longest {kind}", longest, lists[kind][0])
equal("the longest collection", max(g["pause"]["max_ns"] for p in result["processes"] for g in p["gc"]),
      lists["collection"][0])
EOF

# Packed as the manual says, and unpacked elsewhere, it gives the same.
if command -v zstd >/dev/null 2>&1; then
	tar -C "$REC_DIR" --zstd -cf "$T/rec.tar.zst" . || fail "tar --zstd: cannot pack"
	mkdir "$T/unpacked"
	tar -C "$T/unpacked" -xf "$T/rec.tar.zst" || fail "tar: cannot unpack"
	"$GILSCOPE" report "$T/unpacked" --format json --top 1000 >"$T/again" 2>"$T/err" || fail "unpacked: $(cat "$T/err")"
	sed "s|$T/unpacked|$REC_DIR|" "$T/again" | cmp -s - "$T/whole" || fail "unpacked: another report"
fi

wrong() { # wrong CODE WORDS ARG…
	code=$1 words=$2
	shift 2
	run report "$@"
	[ "$RC" = "$code" ] || fail "report $*: expected exit code $code, seen $RC: $(cat "$T/err")"
	grep -q -- "$words" "$T/err" || fail "report $*: expected '$words', seen: $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" -eq 1 ] || fail "report $*: expected one line, seen: $(cat "$T/err")"
}
wrong 4 'thread' "$REC_DIR" --thread 1
wrong 2 'nothing\|outside\|range\|empty' "$REC_DIR" --from 1000
wrong 2 'from\|to' "$REC_DIR" --from 0.5 --to 0.1
wrong 2 'top' "$REC_DIR" --top 100000
wrong 2 '' /nowhere /nowhere
wrong 1 'nowhere' "$T/nowhere"
