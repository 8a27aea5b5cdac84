#!/bin/sh
# A thousand threads at once and thousands one after the other: all are seen, memory is bounded.
. "$(dirname "$0")/lib.sh"
need_root
peak() { # the most memory the tracer has had, for the checks
	echo "{\"peak_kib\": $("$PY" -c "from check import *; print(proc_status($SCOPE, 'VmHWM')); os._exit(0)" |
		tail -n 1)}" >"$T/peak"
}

start_work threads.py 1000 10
start_stat -p "$WORK"
go
truth_of
peak
stop_stat
quit
check "$S.out" "$W.truth" "$T/peak" <<'EOF'
contract(result)
nothing_lost(result)
p = only_process(result)
# A thousand threads can be a million pairs of holder and waiter, the table is for 16,384: the rest is
# the unknown holder's, and no time of a wait is nobody's.
waits, blamed = sum(t["wait_ns"] for t in p["threads"]), sum(b["wait_ns"] for b in p["blame"])
near("time waited, by who made them wait", waits, blamed, 0.001, 1_000_000)
rows, forced = threads(p), gil(p)["forced_releases"]
equal("threads not seen", [], [n for n, tid in truth["tids"].items() if tid not in rows])
wrong = {n: rows[tid]["takes"] for n, tid in truth["tids"].items()
         if not truth["takes"] <= rows[tid]["takes"] <= truth["takes"] + forced}
equal(f"threads with other than {truth['takes']} takes (or that and up to {forced} forced)", {}, wrong)
equal("threads given twice", len(rows), len(p["threads"]))
between("peak memory of gilscope, KiB", 1, 64 * 1024, truths[1]["peak_kib"])
EOF

# More threads than there are slots: slots of ended threads are used again.
start_work churn.py 6000 5
start_stat -p "$WORK"
go
truth_of
peak
stop_stat
quit
check "$S.out" "$W.truth" "$T/peak" <<'EOF'
contract(result)
nothing_lost(result)
p = only_process(result)
n, least = truth["threads"], truth["calls"] + 1
g = gil(p)
expect(g["takes"] >= n * least, "takes of the GIL", f"at least {n} x {least}", g["takes"])
near("sum of the threads' takes", g["takes"], sum(t["takes"] for t in p["threads"]), 0, 0)
between("peak memory of gilscope, KiB", 1, 64 * 1024, truths[1]["peak_kib"])
EOF
