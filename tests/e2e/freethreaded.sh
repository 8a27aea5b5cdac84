#!/bin/sh
# Free-threaded CPythons show no GIL but what takes its place, as often and as long as they know themselves.
#
# Stops of the world, waits for mutexes and critical sections, collections, live and from a recording; and
# the GIL's figures once it is switched on.  Stripped, and with symbols.  What the other families see is in the matrix (pythons.sh).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root
need cc

# Both modes see it alike: it is the same probes.
waits_seen() { # waits_seen RESULT
	check "$1" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		p, tids, n = only_process(result), truth["tids"], truth["collections"]
		equal("the program's own word for it", False, truth["enabled"])
		equal("gil_enabled", False, p["gil_enabled"])
		equal("GILs", [], p["gils"])
		equal("free_threaded", True, p["python"]["free_threaded"])
		w, h = thread(p, tids["waiter"]), tids["holder"]
		for key in ("takes", "held_ns", "wait_ns"):
		    equal(f"{key} of a thread, where there is no GIL", None, w[key])
		# Each round is one wait, of the time it was held at least.
		equal("waits for the mutex", truth["rounds"], w["mutex_waits"])
		between("their time", truth["rounds"] * truth["hold_ns"], sum(truth["waits"]) * 1.001, w["mutex_wait_ns"])
		between("the longest", w["mutex_wait_ns"] / truth["rounds"], max(truth["waits"]), w["mutex_wait_max_ns"])
		equal("who had it", h, w["mutex_holder_tid"])
		# It looks again some times before it sleeps, which takes its time where others run.
		a = thread(p, tids["appender"])
		between("critical sections found taken", 1, 10_000, a["critical_waits"])
		between("waits in them", 1, truth["slept"], a["mutex_waits"])
		between("the longest of them", 0.02 * truth["append_max_ns"], truth["append_max_ns"], a["mutex_wait_max_ns"])
		# A collection stops the world twice, between what it tells its callbacks.
		m, gc = thread(p, truth["tid"]), generation(p, 2)
		equal("collections", n, gc["collections"])
		between("their pauses", 0.9 * truth["pauses_ns"] - 1e6, 1.1 * truth["pauses_ns"] + 1e6, gc["pause"]["sum_ns"])
		equal("stops of the world", 2 * n, m["stops"])
		between("their time", 0.3 * truth["pauses_ns"], truth["pauses_ns"], m["stopping_ns"] + m["stopped_ns"])
		ft = {r["what"]: r["time"] for r in p["ft"]}
		equal("stops, as many as ends of them", ft["stopping"]["count"], ft["stopped"]["count"])
		for what, key in (("stopping", "stopping_ns"), ("stopped", "stopped_ns"), ("mutex", "mutex_wait_ns"),
		                  ("suspended", "suspended_ns")):
		    equal(f"{key} of all threads", sum(t[key] for t in p["threads"]), ft[what]["sum_ns"])
		# A name that only Python's own memory has: the kernel's are of 15 characters.
		name = "computes until it is told to stop"
		c = thread(p, tids[name])
		equal("its name", name, c["name"])
		between("the one that computes was stopped for", 0.5 * m["stopped_ns"], truth["pauses_ns"] * 1.5, c["suspended_ns"])
	END
}

waits() {
	start_work free.py
	start_stat -p "$WORK"
	exact=$SCOPE X=$S.out
	start_stat -p "$WORK" --mode watch
	start_record -p "$WORK"
	go
	truth_of
	stop_record
	stop_stat
	kill -INT "$exact"
	ended "$exact" 20
	quit
	waits_seen "$X"
	waits_seen "$S.out"
	report
	waits_seen "$R.json"
}

# What a person is told, and a program.
said() {
	start_work idle.py
	run probes -p "$WORK" --format json
	[ "$RC" = 0 ] || fail "probes: $(cat "$T/err")"
	check "$T/out" <<-'END'
		p = only_process(result)
		equal("gil_enabled", False, p["gil_enabled"])
		equal("layout", "debug_offsets", p["layout"])
		seen = {r["event"] for r in p["probes"] if r["family"] == "ft"}
		equal("sites of ft", {"stop", "stopped", "start", "suspend", "resumed", "park", "woken", "release",
		      "critical"}, seen)
	END
	run ps
	grep -A1 "^ *$WORK " "$T/out" | grep -q 'no GIL' || fail "ps says: $(cat "$T/out")"
	SCOPE_FORMAT=table start_stat -p "$WORK" --mode watch
	stop_stat
	grep -q '^No GIL: a free-threaded build' "$S.out" || fail "stat says: $(cat "$S.out")"
	run stat -p "$WORK" -d 0.1 --without ft --format json
	check "$T/out" <<-'END'
		equal("ft, left out", None, only_process(result)["ft"])
	END
	quit
}

# With the GIL on, it is the same as in any other build (gil_pingpong.sh).
switched_on_before() {
	LAUNCHER="env PYTHON_GIL=1 $LAUNCHER"
	measure_work pingpong.py 2 300
	check "$S.out" "$W.truth" <<-'END'
		from answers import takes_equal
		contract(result)
		nothing_lost(result)
		p = only_process(result)
		equal("gil_enabled", True, p["gil_enabled"])
		takes_equal(p, truth["tids"], truth["takes"])
	END
}

# A module that needs it switches it on: it is counted from then on.
switched_on_later() {
	cc -shared -fPIC -o "$root$inside/needsgil.so" "$E2E/needsgil.c" || fail "cc: see above"
	measure_work free.py "$inside/needsgil.so"
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		p = only_process(result)
		equal("the program's own word for it", [False, True], [truth["before"], truth["after"]])
		equal("gil_enabled", True, p["gil_enabled"])
		equal("GILs", 1, len(p["gils"]))
		# And those of the import, which warns and so reads files.
		between("takes", truth["takes"], 1.5 * truth["takes"], thread(p, truth["tid"])["takes"])
	END
}

# Without what it is told by, it is named and nothing is guessed; the rest goes on.
bare() {
	sed 's/_PyParkingLot_Park\x00/_PyParkingLot_Gone\x00/' "$root$PYTHON" >"$root$inside/bare" &&
		chmod 755 "$root$inside/bare" || fail "sed: see above"
	PYTHON=$inside/bare
	start_work idle.py
	run stat -p "$WORK" -d 0.1
	[ "$RC" = 5 ] || fail "stat of a build without _PyParkingLot_Park ended with $RC, not 5"
	grep -q '_PyParkingLot_Park.*--without ft$' "$T/err" || fail "its error: $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "its error has more than a line: $(cat "$T/err")"
	run stat -p "$WORK" -d 0.1 --without ft
	[ "$RC" = 0 ] || fail "without ft: $(cat "$T/err")"
	quit
}

found=
for name in 3.13t 3.14t 3.15t; do
	in_root "$O/pythons/$name" || continue
	found=1
	each "$name" said waits switched_on_before switched_on_later bare
	PYTHON=/usr/bin/python$name-symbols
	each "$name with symbols" waits
done
[ -n "$found" ] ||
	skip "no free-threaded CPython here; sh scripts/freethreaded.sh $O/pythons builds them in some minutes"
[ -z "$fails" ]
