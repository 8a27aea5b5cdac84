#!/bin/sh
# Each CPython fetched by `make pythons`, as program, debug build and library, has the known answers.
#
# Each runs in its own root with its own libc.  Takes, forced releases, collections and calls of
# epoll equal the program's own counts, and watch mode agrees with exact mode.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root
need cc
need objcopy
need readelf

[ -d "$O/pythons" ] || skip "no other CPythons here; run make pythons"

# Every call is a take, and so is what follows a forced release (gil_pingpong.sh).
takes() {
	measure_work pingpong.py 2 500
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		p = only_process(result)
		forced, seen = gil(p)["forced_releases"], 0
		for name, tid in truth["tids"].items():
		    t = thread(p, tid)
		    between(f"takes of {name}", truth["takes"], truth["takes"] + forced, t["takes"])
		    equal("its name in Python", name, t["name"])
		    seen += t["takes"]
		n = len(truth["tids"])
		between("takes of all", n * truth["takes"], n * truth["takes"] + forced, seen)
	END
}

# Between threads that compute, every hand-over is forced (gil_forced.sh); and watch mode sees
# them without a probe (watch.sh).
forced() {
	start_work cpu.py 2 0.6
	start_stat -p "$WORK"
	X=$S.out exact=$SCOPE
	start_stat -p "$WORK" --mode watch
	go
	truth_of
	stop_stat
	kill -INT "$exact"
	ended "$exact" 20
	quit
	check "$X" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		g, switches = gil(only_process(result)), truth["switches"]
		between("the program's own count of switches", 20, 2000, switches)
		near("handovers", switches, g["handovers"], 0.03, 8)
		near("forced releases", switches, g["forced_releases"], 0.03, 8)
		between("held share of the time it ran", 0.85, 1.01, g["held_ns"] / truth["wall_ns"])
	END
	check "$X" "$S.out" <<-'END'
		contract(truth)
		x, w = gil(only_process(result)), gil(only_process(truth))
		near("contended takes in watch mode", x["contended_takes"], w["contended_takes"], 0.03, 5)
		near("waits in watch mode", x["wait_ns"], w["wait_ns"], 0.03, 10_000_000)
		# Whose fault the waits were: that of the other thread, but for the first.
		blame = only_process(truth)["blame"]
		waiters = {b["waiter_tid"] for b in blame}
		told = sum(b["wait_ns"] for b in blame if b["holder_tid"] in waiters - {b["waiter_tid"]})
		between("waits in watch mode with their holder", 0.8, 1, told / sum(b["wait_ns"] for b in blame))
	END
}

# The program's own statistics, by generation (gc.sh).
collections() {
	measure_work gcwork.py
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		p = only_process(result)
		for n, (stats, own) in enumerate(zip(truth["stats"], truth["pauses"])):
		    row = generation(p, n)
		    for key in ("collections", "collected", "uncollectable"):
		        equal(f"{key} of generation {n}", stats[key], row[key])
		    equal(f"pauses of generation {n}", own["count"], row["pause"]["count"])
		    between(f"sum of the pauses of generation {n}", 0,
		            own["sum_ns"] * 1.05 + 20_000 * own["count"], row["pause"]["sum_ns"])
	END
}

# The selector's calls, counted by itself (io.sh).
wakeups() {
	measure_work aio.py 4 30
	check "$S.out" "$W.truth" <<-'END'
		nothing_lost(result)
		seen = io(only_process(result), "epoll_wait", "epoll_pwait")
		for key in ("calls", "events", "timeouts"):
		    equal(f"{key} of asyncio's selector", truth[key], seen[key])
	END
}

# By which evidence it was found.
evidence() {
	start_work idle.py
	run probes -p "$WORK" --format json
	[ "$RC" = 0 ] || fail "probes: $(cat "$T/err")"
	export WHAT="$1"
	check "$T/out" <<-'END'
		p = only_process(result)
		version, sites = p["python"]["version"], p["probes"]
		what, has = os.environ["WHAT"], {(r["family"], r["event"]) for r in sites}
		expect(version.startswith(what.split()[0]), "version", what, version)
		for event in ("owned", "released", "forced"):
		    expect(("gil", event) in has, "sites", event, sorted(has))
		expect(p["layout"] == os.environ["LAYOUT"], "layout", os.environ["LAYOUT"], p["layout"])
		by = ", ".join(sorted({r["found_by"] for r in sites}))
		print(f"{what:8} {version:8} {len(sites):3} sites by {by}; layout by {p['layout']}")
	END
	quit
}

# A debug build that cannot be told where its things are is refused by what is missing.
bare() {
	start_work idle.py
	run probes -p "$WORK"
	[ "$RC" = 5 ] || fail "probes of a debug build without debug information ended with $RC, not 5"
	grep -q 'debug build, without debug information' "$T/err" || fail "its error: $(cat "$T/err")"
	quit
}

# The same once debuginfod has been asked, and from then on without: what it told is kept.
fetched() {
	start_work idle.py
	id=$(readelf -n "$root$PYTHON" | sed -n 's/.*Build ID: //p')
	[ -n "$id" ] || fail "$PYTHON: no build id"
	mkdir -p "$T/web/buildid/$id" "$T/kept"
	cp "$root/usr/bin/python$name-dbg" "$T/web/buildid/$id/debuginfo"
	python3 -u -m http.server -b 127.0.0.1 -d "$T/web" 0 >"$T/port" 2>&1 &
	server=$!
	later $server
	until_true 10 has_line ' port [0-9]' "$T/port" || fail "http.server: does not start"
	url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$T/port")
	export DEBUGINFOD_CACHE_PATH="$T/client" GILSCOPE_CACHE="$T/kept"
	export DEBUGINFOD_URLS="$url"
	for from in server kept; do
		run probes -p "$WORK" --format json
		[ "$RC" = 0 ] || fail "probes, debug information from the $from: $(cat "$T/err")"
		check "$T/out" <<-'END'
			equal("layout", "dwarf", only_process(result)["layout"])
		END
		kill $server 2>/dev/null
		rm -rf "$T/client"
		unset DEBUGINFOD_URLS
	done
	# Nobody else may have written there.
	chmod 777 "$T/kept"
	run probes -p "$WORK"
	[ "$RC" = 5 ] || fail "a folder that anybody can write to was trusted"
	quit
}

found=
for root in "$O"/pythons/*; do
	in_root "$root" || continue
	found=1
	# The debug files of the older ones are there too; the newer ones describe themselves.
	case $name in
	3.9 | 3.11) export LAYOUT=dwarf ;;
	*) export LAYOUT=debug_offsets ;;
	esac
	each "$name" evidence takes forced collections wakeups
	PYTHON=/usr/bin/python$name-dbg
	each "$name dbg" evidence takes forced collections
	PYTHON=$inside/python${name}d
	objcopy --strip-debug "$root/usr/bin/python$name-dbg" "$root$PYTHON" || fail "objcopy: see above"
	each "$name dbg" bare
	[ "$name" != 3.11 ] || each "$name dbg" fetched
	embedding
	each "$name lib" evidence takes forced
done
[ -n "$found" ] || skip "no other CPythons here; run make pythons"
[ -z "$fails" ]
