#!/bin/sh
# GILs of subinterpreters are apart: known holds of several at once, one made later, one shared, one kept.
#
# What waits for one of them does not wait for another's collector.  In each CPython that has them and is
# fetched by `make pythons`, as program, debug build and library, exact and watch mode side by side, and a
# recording of the same.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root
need cc

[ -d "$O/pythons" ] || skip "no other CPythons here; run make pythons"

several() {
	start_work subinterps.py
	start_stat -p "$WORK"
	X=$S.out exact=$SCOPE
	start_record -p "$WORK" --mode exact
	start_stat -p "$WORK" --mode watch --sample-rate 1000
	go
	truth_of
	stop_stat
	stop_record
	kill -INT "$exact"
	ended "$exact" 20
	quit
	report
	check "$X" "$W.truth" "$S.out" "$R.json" <<-'END'
		MS = 1_000_000
		exact, watch, replayed = result, *(load(path)[0] for path in sys.argv[3:5])
		for r in (exact, watch, replayed):
		    contract(r)
		nothing_lost(exact)

		def rows(r):
		    """Of main, both, other and late: they come as they were met, both was held longer than other."""
		    gils = only_process(r)["gils"]
		    equal(f"number of GILs in {r['mode']} mode", 5, len(gils))
		    equal("their addresses", len(gils), len({g["address"] for g in gils}))
		    gils = [g for g in gils if g is not kept(r)]
		    return gils[:1] + sorted(gils[1:3], key=lambda g: -(g["held_ns"] or 0)) + gils[3:]

		def kept(r):
		    """Of keeper, who holds it all along."""
		    gils = [g for g in only_process(r)["gils"] if g["holder_tid"] == truth["keeper"]]
		    equal(f"GILs that keeper holds in {r['mode']} mode", 1, len(gils))
		    return gils[0]

		def held(what, least, most, g):
		    slack = g["held_error_ratio"] * p["measured_ns"] * 1.5 if g["held_source"] == "sampled" else 0
		    between(f"{what}: held", least * 0.99 - slack, most * 1.01 + 5 * MS + slack, g["held_ns"])

		both = truth["both_ns"] + truth["contended_ns"]
		other = truth["other_ns"] + truth["turn_ns"]
		for r in (exact, replayed, watch):
		    p = only_process(r)
		    if r["mode"] == "watch" and r is not watch:
		        fail("a recording of watch mode")
		    main, a, b, c = rows(r)
		    held("both", both, truth["both_most_ns"], a)
		    held("other", other, truth["other_most_ns"], b)
		    held("late", truth["late_ns"], truth["late_most_ns"], c)
		    # Who computes under the main one may have to give it up for a moment.
		    held("main", truth["main_ns"] + truth["shared_ns"] - main["wait_ns"], p["measured_ns"], main)
		    total = sum(g["held_ns"] for g in (main, a, b, c))
		    expect(total > truth["together_ns"] * 1.4, "held by all", "more than the time it took", total)
		    for g in (main, a, b, c):
		        expect(g["held_ns"] <= p["measured_ns"], "held", "at most the time it took", g["held_ns"])
		    # Two threads of one interpreter want its GIL: nobody else does.
		    # But while it changes hands on a busy machine, nobody waits by name.
		    between("both: waits", truth["contended_ns"] * 0.4, truth["contended_ns"] * 1.05 + 40 * MS, a["wait_ns"])
		    between("both: contended time", a["wait_ns"] * 0.7, a["wait_ns"] * 1.01 + MS, a["contended_ns"])
		    for name, g in (("other", b), ("late", c), ("keeper", kept(r))):
		        between(f"{name}: waits", 0, 30 * MS, g["wait_ns"])
		    # The other thread of both needs its GIL all the time (likewise), nobody that of who collects elsewhere.
		    gc = generation(p, 2)
		    between("full collections", truth["collections"], truth["collections"] + 20, gc["collections"])
		    between("waits for the collector", 0.4 * gc["pause"]["sum_ns"] - MS, truth["pauses_ns"] + MS, gc["stalled_ns"])

		for r in (exact, replayed):
		    p, (main, a, b, c) = only_process(r), rows(r)
		    between("other: takes", truth["calls"], truth["calls"] + 40, b["takes"])
		    between("both: forced releases", 10, 200, a["forced_releases"])
		    between("other: forced releases", 0, 1, b["forced_releases"])
		    equal("keeper: takes", 0, kept(r)["takes"])
		    held("keeper", p["measured_ns"], p["measured_ns"], kept(r))
		    near("keeper: held by its thread", p["measured_ns"], thread(p, truth["keeper"])["held_ns"], 0.01)
		    # The main thread had the other interpreter's GIL and its own in turn.
		    t = thread(p, truth["tid"])
		    between("main thread: held", (truth["turn_ns"] + truth["main_ns"]) * 0.99,
		            p["measured_ns"], t["held_ns"])
		    expect(t["hold"]["max_ns"] >= 150 * MS, "main thread: longest hold", "150 ms", t["hold"]["max_ns"])

		near("both: waits in watch mode", rows(exact)[1]["wait_ns"], rows(watch)[1]["wait_ns"], 0.03, 5 * MS)
		near("waits for the collector in a recording", *(generation(only_process(r), 2)["stalled_ns"]
		     for r in (exact, replayed)), 0.02, MS)
		for x, y in zip(rows(exact), rows(replayed)):
		    for key in ("takes", "contended_takes", "forced_releases"):
		        near(f"{key} of {x['address']} in a recording", x[key], y[key], 0.01, 3)
		    near(f"held_ns of {x['address']} in a recording", x["held_ns"], y["held_ns"], 0.01, MS)
	END
}

found=
for name in 3.13 3.14 3.15; do
	in_root "$O/pythons/$name" || continue
	found=1
	each "$name" several
	PYTHON=/usr/bin/python$name-dbg
	each "$name dbg" several
	embedding
	each "$name lib" several
done
[ -n "$found" ] || skip "no CPython with such interpreters here; run make pythons"
[ -z "$fails" ]
