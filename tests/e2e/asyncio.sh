#!/bin/sh
# Event loops' iterations and task steps equal the program's own counts, blocked time is within 2 %.
#
# Of each CPython at hand: the system's, and those fetched by `make pythons`, each in its own root,
# as program, debug build and library.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

cat >"$T/equals.py" <<'END'
def loops_equal(result, truth):
    rows = {r["tid"]: r for r in only_process(result)["asyncio"]}
    equal("event loops", sorted(t["tid"] for t in truth["loops"]), sorted(rows))
    for t in truth["loops"]:
        r = rows[t["tid"]]
        for key in ("iterations", "steps", "blocked"):
            equal(f"{key} of loop {t['tid']}", t[key], r[key])
        equal("iterations in the histogram", r["iterations"], r["iteration"]["count"])
        equal("steps in the histogram", r["steps"], r["step"]["count"])
        # An iteration begins when the call returns: the program, which starts its clock once it
        # has the GIL, does not see the switch interval that another loop can keep it waiting.
        others = (len(truth["loops"]) - 1) * t["blocked"] * 5_500_000
        between("blocked time", t["blocked_ns"] * 0.98, t["blocked_ns"] * 1.02 + others,
                r["blocked_ns"])
        # One of the two blocking calls is a task's step, the other one a plain callback.
        equal("blocked steps", 1, r["blocked_steps"])
        between("longest step", truth["block_ms"] * 1e6, truth["block_ms"] * 1.3e6, r["step"]["max_ns"])
        expect(r["step"]["sum_ns"] <= r["iteration"]["sum_ns"] * 1.01, "time in steps",
               f"at most that in iterations, {r['iteration']['sum_ns']}", r["step"]["sum_ns"])
END

loops_checked() { # loops_checked RESULT: against $W.truth
	PYTHONPATH=$PYTHONPATH:$T check "$1" "$W.truth" <<-'END'
		exec(open(os.path.join(os.environ["T"], "equals.py")).read())
		contract(result)
		nothing_lost(result, but=("arrival_missed", "kernel_skipped") if result["mode"] == "watch" else ())
		loops_equal(result, truth)
	END
}
export T

exact() {
	measure_work tasks.py -- --with asyncio
	loops_checked "$S.out"
}

# One loop alone waits for nobody: its blocked time is the program's own within 2 %.
alone() {
	measure_work tasks.py 1 -- --with asyncio
	loops_checked "$S.out"
}

# Asked for, it is the same in watch mode; not asked for, nothing is put into the target.
watch() {
	measure_work tasks.py -- --mode watch --with asyncio
	loops_checked "$S.out"
	measure_work tasks.py 1 1 5 -- --mode watch
	check "$S.out" <<-'END'
		equal("asyncio, not asked for", None, only_process(result)["asyncio"])
		equal("its probes", [], [r for r in result["probes"] if r["family"] == "asyncio"])
		equal("probes in files", [], [r for r in result["probes"] if r["file"] != "kernel"
		      and r["family"] in ("gil", "asyncio")])
	END
}

# The library is mapped after the attach; and one loop alone waits for nobody.
late() {
	start_work tasks.py 1 3 50 150 late
	start_stat -p "$WORK" --with asyncio
	go
	truth_of
	stop_stat
	quit
	loops_checked "$S.out"
}

# A loop that is blocked now says since when, before the iteration has ended.
blocked_now() {
	start_work tasks.py 1 1 5 4000
	start_stat -p "$WORK" --with asyncio
	go
	sleep 1.5
	stop_stat
	quit
	check "$S.out" <<-'END'
		contract(result)
		(row,) = only_process(result)["asyncio"]
		equal("blocked iterations that have ended", 0, row["blocked"])
		between("how long the one going on has taken", 500_000_000, 3_000_000_000, row["running_ns"])
	END
}

# --slow says what is long: with little enough every iteration is.
slow() {
	measure_work tasks.py 1 2 20 -- --with asyncio --slow 1us
	check "$S.out" <<-'END'
		(row,) = only_process(result)["asyncio"]
		equal("blocked over", 1000, row["blocked_over_ns"])
		equal("iterations longer than that", row["iterations"], row["blocked"])
		equal("their time", row["iteration"]["sum_ns"], row["blocked_ns"])
	END
}

# A recording's figures are the same.
recorded() {
	start_work tasks.py
	start_record -p "$WORK" --with asyncio
	go
	truth_of
	stop_record
	quit
	report
	loops_checked "$R.json"
}

each "$PYTHON" exact alone watch late blocked_now slow recorded

for root in "$O"/pythons/*; do
	in_root "$root" || continue
	each "$name" exact alone
	PYTHON=/usr/bin/python$name-dbg
	each "$name dbg" exact alone
	command -v cc >/dev/null || continue
	embedding
	each "$name lib" exact alone
done
[ -z "$fails" ]
