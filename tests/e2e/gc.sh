#!/bin/sh
# Collections, what they collected and how long they took equal the program's own statistics.
. "$(dirname "$0")/lib.sh"
need_root

collections() {
	measure_work gcwork.py
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
		    # Python's callbacks take their part of what the program measures.
		    near(f"sum of the pauses of generation {n}", own["sum_ns"], row["pause"]["sum_ns"],
		         0.05, 20_000 * own["count"])
		    near(f"longest pause of generation {n}", own["max_ns"], row["pause"]["max_ns"],
		         0.05, 100_000)
	EOF
}
on_each_python collections
