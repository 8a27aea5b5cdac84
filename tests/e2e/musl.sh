#!/bin/sh
# A program linked with musl whose GIL is made as CPython's is found, and its own counts and times are seen.
#
# A stand-in (stand_in.c), stripped: Debian has no CPython for musl (scripts/musl.sh builds one, for the
# matrix).  With this host's libc, too, which shows that the stand-in is like the real one.
. "$(dirname "$0")/lib.sh"
need_root
need cc
need strip

# start: the program at $PYTHON, as start_work does
start() {
	W=$(mktemp -u "$T/work.XXXXXX")
	mkfifo "$W.in"
	"$PYTHON" <>"$W.in" >"$W.out" 2>"$W.err" &
	WORK=$!
	later $WORK
	until_true 30 work_ready "$W" "$WORK" || fail "the stand-in: not ready; $(tail -n 3 "$W.err")"
}

answers() {
	start
	start_stat -p "$WORK" --without gc
	X=$S.out exact=$SCOPE
	start_stat -p "$WORK" --without gc --mode watch
	go
	truth_of
	stop_stat
	kill -INT "$exact"
	ended "$exact" 20
	text_restored "$WORK" || fail "after a detach"
	quit
	check "$X" "$W.truth" "$S.out" <<-'END'
		contract(result)
		nothing_lost(result)
		watch, rows = truths[1], truth["threads"]
		contract(watch)
		p = only_process(result)
		equal("version", "3.11.2", p["python"]["version"])
		for own in rows:
		    t = thread(p, own["tid"])
		    equal(f"takes of {own['tid']}", own["takes"], t["takes"])
		    equal(f"forced releases of {own['tid']}", own["forced"], t["forced_releases"])
		    near(f"held by {own['tid']}", own["held_ns"], t["held_ns"], 0.04, 20_000_000)
		    # Its clock begins before it locks the mutex, and it goes to wait a little later.
		    near(f"contended takes of {own['tid']}", own["contended"], t["contended_takes"], 0.05, 5)
		    near(f"waits of {own['tid']}", own["wait_ns"], t["wait_ns"], 0.1, 20_000_000)
		expect(sum(t["contended"] for t in rows) > 100, "contended takes", "some", rows)
		x, w = gil(p), gil(only_process(watch))
		own = sum(t["contended"] for t in rows)
		near("contended takes in watch mode, by its own count", own, w["contended_takes"], 0.05, 8)
		near("contended takes in watch mode", x["contended_takes"], w["contended_takes"], 0.03, 8)
		near("waits in watch mode", x["wait_ns"], w["wait_ns"], 0.05, 20_000_000)
		near("held in watch mode", x["held_ns"], w["held_ns"], 0,
		     max(0.1, w["held_error_ratio"]) * only_process(watch)["measured_ns"])
	END
}

fails=
for compiler in cc musl-gcc; do
	command -v $compiler >/dev/null 2>&1 || skip "$compiler: not installed"
	mkdir -p "$T/$compiler"
	PYTHON=$T/$compiler/python3.11
	$compiler -O2 -rdynamic -o "$PYTHON" "$E2E/stand_in.c" -lpthread && strip "$PYTHON" || fail "$compiler: see above"
	(answers) || { echo "    (built with $compiler)"; fails=1; }
done
[ -z "$fails" ]
