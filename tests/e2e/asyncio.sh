#!/bin/sh
# Event loops' iterations and task steps equal the program's own counts, blocked time is within 2 %.
#
# Of the system's; every other CPython at hand is in the matrix (pythons.sh).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

loops_checked() { # loops_checked RESULT: against $W.truth
	check "$1" "$W.truth" <<-'END'
		from answers import loops_equal
		contract(result)
		nothing_lost(result, but=("arrival_missed", "kernel_skipped") if result["mode"] == "watch" else ())
		loops_equal(only_process(result), truth["loops"])
	END
}

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
[ -z "$fails" ]
