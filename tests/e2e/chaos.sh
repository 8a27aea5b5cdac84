#!/bin/sh
# Whatever threads do, at random: exact and watch mode agree on one run, recordings have what was seen live, every wait is somebody's.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

# CHAOS=N: so many seeds, on every CPython that is here; else two, on the system's.
seeds="5 9"
[ -z "${CHAOS:-}" ] || seeds=$(seq "$CHAOS")

compared() { # compared SEED
	start_work chaos.py "$1" 1.5
	start_record -p "$WORK" --mode exact --figures json
	exact=$R exact_pid=$REC
	start_record -p "$WORK" --mode watch --figures json
	watch=$R
	go
	truth_of
	stop_record
	R=$exact REC=$exact_pid
	stop_record
	quit
	report
	R=$watch
	report
	check "$exact.out" "$watch.out" "$exact.json" "$watch.json" <<-'END'
		MS = 1_000_000
		exact, watch, told, told_watch = map(only_process, (result, *truths))
		for r in (result, *truths):
		    contract(r)
		    nothing_lost(r, but=("arrival_missed", "kernel_skipped"))

		def pairs(p):
		    return {(r["holder_tid"], r["waiter_tid"]): r["wait_ns"] for r in p["blame"]}

		def blamed(what, p):
		    """Every wait is somebody's."""
		    mine = {}
		    for (_, waiter), ns in pairs(p).items():
		        mine[waiter] = mine.get(waiter, 0) + ns
		    for t in p["threads"]:
		        near(f"{what}: blame for the waits of {t['tid']}", t["wait_ns"], mine.get(t["tid"], 0), 0.001, MS)

		def same(what, a, b, share, most):
		    """Waits, collections and blocked calls, in all and by thread."""
		    for key, least in ("contended_takes", 6), ("wait_ns", 5 * MS), ("contended_ns", 8 * MS):
		        near(f"{what}: {key}", gil(a)[key], gil(b)[key], share, least if most else 0)
		    theirs = threads(b)
		    for t in a["threads"]:
		        if t["tid"] in theirs:
		            near(f"{what}: waits of {t['tid']}", t["wait_ns"], theirs[t["tid"]]["wait_ns"], 2 * share, 8 * MS * most)
		    for x, y in zip(a["gc"], b["gc"]):
		        which = f"{what}: generation {x['generation']}"
		        near(f"{which}: collections", x["collections"], y["collections"], 0, 3 * most)
		        near(f"{which}: pauses", x["pause"]["sum_ns"], y["pause"]["sum_ns"], share, 2 * MS * most)
		        near(f"{which}: stalled", x["stalled_ns"], y["stalled_ns"], share, 5 * MS)
		    calls = {r["call"]: r for r in b["io"]}
		    for x in a["io"]:
		        if x["blocked"]["count"] > 20:
		            near(f"{what}: asleep in {x['call']}", x["blocked"]["sum_ns"], calls[x["call"]]["blocked"]["sum_ns"], share, 5 * MS)

		same("exact and watch mode", exact, watch, 0.03, 1)
		same("exact mode and its recording", exact, told, 0.002, 0)
		same("watch mode and its recording", watch, told_watch, 0.002, 0)
		for what, p in ("exact", exact), ("watch", watch), ("exact, recorded", told), ("watch, recorded", told_watch):
		    blamed(what, p)
		equal("blame in watch mode's recording", pairs(watch), pairs(told_watch))
		for pair in sorted(pairs(exact).keys() | pairs(told).keys()):
		    near(f"exact: blame of {pair}", pairs(exact).get(pair, 0), pairs(told).get(pair, 0), 0.02, 3 * MS)
	END
}

# all WHAT: each seed, by itself
all() {
	for seed in $seeds; do
		rc=0
		(compared "$seed") || rc=$?
		[ $rc = 0 ] || { echo "    (seed $seed)"; bad=1; }
	done
	return ${bad:-0}
}

each system all
[ -n "${CHAOS:-}" ] || exit "${fails:-0}"
for root in "$O"/pythons/*; do
	case ${root##*/} in 3.11 | *t) continue ;; esac # the system's; no GIL
	in_root "$root" || continue
	each "$name" all
	PYTHON=/usr/bin/python$name-dbg
	[ ! -x "$root$PYTHON" ] || each "$name dbg" all
done
[ -z "$fails" ]
