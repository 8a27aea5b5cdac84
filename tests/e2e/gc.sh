#!/bin/sh
# Collections, what they collected and how long they took equal the program's own statistics.
. "$(dirname "$0")/lib.sh"
need_root

# In every run counts are equal, and no pause is longer than the program's own time around it.
counts() {
	check "$S.out" "$W.truth" <<-'EOF'
		contract(result)
		nothing_lost(result)
		p = only_process(result)
		for n, (stats, own) in enumerate(zip(truth["stats"], truth["pauses"])):
		    row = generation(p, n)
		    expect(own["count"] > truth["explicit"][n] or n == 2, f"generation {n}",
		           "automatic collections too", own["count"])
		    for key in ("collections", "collected", "uncollectable"):
		        equal(f"{key} of generation {n}", stats[key], row[key])
		    equal(f"pauses of generation {n}", own["count"], row["pause"]["count"])
		    between(f"sum of the pauses of generation {n}", 0,
		            own["sum_ns"] * 1.05 + 20_000 * own["count"], row["pause"]["sum_ns"])
		    between(f"longest pause of generation {n}", 0, own["max_ns"] * 1.05 + 100_000,
		            row["pause"]["max_ns"])
	EOF
}

# Python's callbacks take their part of what the program measures.
pauses() {
	check "$S.out" "$W.truth" <<-'EOF'
		p = only_process(result)
		for n, own in enumerate(truth["pauses"]):
		    row = generation(p, n)
		    near(f"sum of the pauses of generation {n}", own["sum_ns"], row["pause"]["sum_ns"],
		         0.05, 20_000 * own["count"])
		    near(f"longest pause of generation {n}", own["max_ns"], row["pause"]["max_ns"],
		         0.05, 100_000)
	EOF
}

# A thread that is descheduled between the program's reading of the clock and the probe makes the
# program's time longer, and not ours: times are compared in the best of three runs.
collections() {
	for attempt in 1 2 3; do
		measure_work gcwork.py
		counts
		if (trap - EXIT; pauses) >"$T/times" 2>&1; then
			return
		fi
	done
	cat "$T/times"
	fail "times differ in each of three runs"
}
on_each_python collections
