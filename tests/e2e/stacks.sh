#!/bin/sh
# Time held, waited and collected goes to the functions and lines where it was, in both modes and each CPython.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

stacks_checked() {
	check "$S.out" "$W.truth" <<-'END'
		from answers import stacks_agree
		contract(result)
		nothing_lost(result, but=("arrival_missed", "kernel_skipped", "stacks_torn"))
		stacks_agree(result, truth)
	END
}

short() {
	case $1 in
	*t) without_gil ;;
	*)
		measure_work costs.py 0.6 -- --mode watch --with stacks --stack-rate 999
		stacks_checked
		;;
	esac
}

# Free-threaded: there is no GIL to hold; that is said.
without_gil() {
	measure_work costs.py 0.1 -- --mode watch --with stacks
	check "$S.out" <<-'END'
		equal("stacks", None, only_process(result)["stacks"])
	END
	has_line 'no stacks: .*free-threaded' "$S.err" || fail "stderr: says nothing of stacks: $(cat "$S.err")"
}

# Objects' ends, sampled: in proportion, and all of them in all.
deallocs() {
	measure_work costs.py 1 100000 -- --with stacks,refs --budget none
	check "$S.out" "$W.truth" <<-'END'
		from answers import by_function
		p = only_process(result)
		died = sum(t["deallocs"] for t in p["types"])
		near("deallocations of all stacks", died, sum(s["deallocs"] for s in p["stacks"]), 0.001)
		often, seldom = by_function(p, "deallocs", ["dying_often", "dying_seldom"]).values()
		near("those in the two functions", truth["deallocs"] * 4, often + seldom, 0.05)
		near("share of the one that makes three times as many", 0.75, often / (often + seldom), 0.1)
	END
}

# Intervals have their own, which add up.
intervals() {
	start_work costs.py 1
	SCOPE_FORMAT=jsonl start_stat -p "$WORK" -i 0.4 --with stacks
	go
	truth_of
	stop_stat
	quit
	check "$S.out" <<-'END'
		seen = 0
		for f in results:
		    p = only_process(f)
		    for key in "held_ns", "wait_ns":
		        near(f"{key} of an interval's stacks", sum(t[key] for t in p["threads"]),
		             sum(s[key] for s in p["stacks"]), 0.02, 2_000_000)
		    seen += sum(s["samples"] for s in p["stacks"])
		between("samples of all intervals", 20, 1000, seen)
	END
}

exact() {
	measure_work costs.py 1.8 -- --with stacks --stack-rate 999
	stacks_checked
}

watch() {
	measure_work costs.py 1.2 -- --mode watch --with stacks --stack-rate 999
	stacks_checked
}

each system exact watch deallocs intervals
for root in "$O"/pythons/*; do
	[ "${root##*/}" != 3.11 ] || continue # the system's
	in_root "$root" || continue
	each "$name" short
done
[ -z "$fails" ]
