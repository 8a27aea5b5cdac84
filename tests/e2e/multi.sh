#!/bin/sh
# Several processes in one measurement (-p A,B and --all): each has its own figures.
. "$(dirname "$0")/lib.sh"
need_root

start_work pingpong.py 1 500
first=$W first_pid=$WORK
start_work pingpong.py 1 900
second=$W second_pid=$WORK
for target in "-p $first_pid,$second_pid" "-p $first_pid -p $second_pid"; do
	# shellcheck disable=SC2086
	start_stat $target -d 0.3
	ended "$SCOPE" 20
	[ "$RC" = 0 ] || fail "gilscope stat $target: expected exit code 0, seen $RC; $(cat "$S.err")"
	check "$S.out" "$first.ready" "$second.ready" <<-'EOF'
		contract(result)
		equal("processes", sorted(t["pid"] for t in truths), sorted(p["pid"] for p in result["processes"]))
	EOF
done

start_stat --all
go "$first"
go "$second"
truth_of "$first"
truth_of "$second"
stop_stat
quit "$first"
quit "$second"
check "$S.out" "$first.truth" "$second.truth" "$first.ready" "$second.ready" <<'EOF'
bad = shape_errors(result, SHAPE, "result")
expect(not bad, "shape of the result", "as in the contract", "; ".join(bad[:8]))
for own, start in zip(truths[:2], truths[2:]):
    p = process(result, start["pid"])
    forced = gil(p)["forced_releases"]
    for name, tid in own["tids"].items():
        between(f"takes of {name} in {start['pid']}", own["takes"], own["takes"] + forced,
                thread(p, tid)["takes"])
EOF
