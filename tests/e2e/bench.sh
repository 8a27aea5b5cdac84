#!/bin/sh
# The benchmark's workloads all run, and its report is whole: ratios, counts, verdicts; no figure is judged.
. "$(dirname "$0")/lib.sh"
need_root

names=$("$PY" -c "import sys; sys.path.insert(0, '$ROOT/tests/bench'); import load; print(*load.LOADS)") ||
	fail "load.py: has no workloads"
for name in $names; do
	printf g | timeout 60 "$PY" "$ROOT/tests/bench/load.py" "$name" >"$T/load" 2>"$T/load.err" ||
		fail "load.py $name: exit code $?; $(tail -n 3 "$T/load.err")"
	grep -q '^{"wall": [0-9.]*, "cpu": [0-9.]*}$' "$T/load" ||
		fail "load.py $name: expected its times, seen: $(tail -n 1 "$T/load")"
done

before=$(git -C "$ROOT" status --porcelain docs 2>/dev/null)
O=$O GILSCOPE=$GILSCOPE timeout 120 sh "$ROOT/tests/bench/run.sh" --quick --repeats 1 --load pure \
	--tracer exact --tracer "empty programs" --tracer "refs, budget" \
	--section costs --section seen --section agreement --section attaching --json "$T/bench.json" >"$T/bench.md" 2>"$T/bench.err" ||
	fail "bench: exit code $?; $(tail -n 3 "$T/bench.err")"
[ "$before" = "$(git -C "$ROOT" status --porcelain docs 2>/dev/null)" ] ||
	fail "bench without --write: changed docs/"
for part in Verdicts 'Traced to untraced' 'What each can see' 'Watch mode beside exact mode' 'Attaching, detaching'; do
	grep -q "^## $part" "$T/bench.md" || fail "bench: its report has no part \"$part\""
done
check "$T/bench.json" <<'EOF'
equal("schema", "gilscope.bench/1", result["schema"])
exact = next(t for t in result["tracers"] if t["name"] == "exact")
equal("exact: why it was left out", None, exact["skipped"])
w = next(w for w in result["workloads"] if w["python"] == "system")
equal("workload", "pure", w["name"])
expect(w["untraced_s"]["median"] > 0, "seconds untraced", "more than 0", w["untraced_s"]["median"])
expect(w["noise"] >= 0, "noise", "a number", w["noise"])
for name in ("exact",):
    c = w["columns"][name]
    equal(f"{name}: rounds", 1, c["wall"]["n"])
    expect(0 < c["wall"]["min"] <= c["wall"]["median"] <= c["wall"]["max"], f"{name}: ratio",
           "in order", c["wall"])
seen = next(s for s in result["seen"] if s["name"] == "exact")
between("takes counted of a ping-pong", seen["calls"], seen["calls"] + 200, seen["counted"])
for row in result["attaching"]:
    expect(row["attach_s"]["median"] > 0 and row["detach_s"]["median"] > 0,
           f"{row['mode']}: attaching", "took some time", row)
both = result["agreement"][0]
equal("watch beside exact: failed", None, both["failed"])
expect(both["held"] is not None and both["count"] is None, "watch beside exact, one thread", "held only", both)
rows = {v["key"]: v for v in result["verdicts"]}
for key in ("watch.pure", "floor.pure", "bpftrace.read_loop", "budget.refs", "own.cpu.exact",
            "attach.exact", "detach.exact"):
    expect(key in rows, f"verdict {key}", "there", sorted(rows))
for v in rows.values():
    expect(v["verdict"] in ("met", "below noise", "not met", "not measured"), v["key"], "a verdict", v["verdict"])
    equal(f"{v['key']}: has a reason", v["verdict"] == "not measured", v["verdict"] == "not measured" and bool(v["why"]))
equal("ping-pong was not run", "not measured", rows["bpftrace.pingpong"]["verdict"])
equal("attach.exact was", rows["attach.exact"]["measured"] <= 0.3, rows["attach.exact"]["verdict"] == "met")
EOF
