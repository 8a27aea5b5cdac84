#!/bin/sh
# Holds of a known length are reported with that length, count and waits, on each build.
. "$(dirname "$0")/lib.sh"
need_root

holds() {
	measure_work holds.py -- ${WAIT_SITES:-}
	check "$S.out" "$W.truth" <<-'EOF'
		contract(result)
		nothing_lost(result)
		p, tids = only_process(result), truth["tids"]
		own = truth["holds_ns"]
		holder = thread(p, tids["holder"])
		# One take per sleep that releases, one at the gate, one for the note of the end;
		# nobody asks for the GIL, so there is no other release.
		equal("forced releases", 0, gil(p)["forced_releases"])
		equal("takes of the holder", len(own) + truth["lead_in"] + 2, holder["takes"])
		near("held_ns of the holder", sum(own), holder["held_ns"], 0.01)
		# Its own clock misses what comes before and after, which a busy machine can stretch.
		between("longest hold", max(own), max(own) * 1.01 + 5_000_000, holder["hold"]["max_ns"])
		median = sorted(own)[len(own) // 2]
		between("median hold", median * 0.99, median * 1.14, holder["hold"]["p50_ns"])
		for name, w in truth["waiters"].items():
		    t = thread(p, tids[name])
		    equal(f"takes of {name}", w["rounds"] + 2, t["takes"])
		    # Its own measure has the wake-up from sleep in it too.
		    near(f"wait_ns of {name}", w["late_ns"], t["wait_ns"], 0.03, w["rounds"] * 200_000)
		    expect(t["contended_takes"] <= t["takes"], f"contended takes of {name}",
		           "at most its takes", t["contended_takes"])
		t = thread(p, tids["releaser"])
		equal("takes of the releaser", truth["releases"] + 2, t["takes"])
		between("held_ns of the thread that sleeps without the GIL", 0,
		    truth["released_ns"] * 0.01, t["held_ns"])
		near("held_ns of the GIL", sum(own), gil(p)["held_ns"], 0.02)
	EOF
}
on_each_python holds

# The same waits, seen by probes in the interpreter as well as by the scheduler.
WAIT_SITES=--contended-sites
holds
