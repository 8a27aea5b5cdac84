#!/bin/sh
# What runs in each kernel under test, as its own e2e script: known answers, counted by real programs.
#
# Lines for the host: "feature NAME STATE", "test NAME ok|FAIL SECONDS"; what a failed test said comes
# before its line.  Everything is emulated and slow: counts must be right, times need only be near.
# Where gilscope cannot work (Linux before 5.15) it must say so, in one line, and end with 5.
# KERNEL_TESTS, names with commas between them, limits what is run.
cd /gilscope || exit 1
KERNEL_TESTS=$(sed -n 's/.*gilscope.tests=\([a-z,]*\).*/\1/p' /proc/cmdline)
O=/tmp GILSCOPE=/usr/bin/gilscope ATTACH_SECONDS=90
. ./tests/e2e/lib.sh

uptime_s() { cut -d' ' -f1 /proc/uptime; }

# test NAME [OF]: the function of that name; OF: what with, where it is not the ordinary
test_it() {
	from=$(uptime_s)
	if ("$1") >"$T/said" 2>&1; then
		how=ok
	else
		how=FAIL
		cat "$T/said"
	fi
	echo "test $1${2:+-$2} $how $(echo "$(uptime_s) $from" | awk '{ printf "%.1f", $1 - $2 }')"
}

# What is there of what gilscope asks for.
features() {
	run doctor --format json
	"$PY" -c 'import json, sys
for r in json.load(sys.stdin)["requirements"]:
    print("feature", r["state"], r["name"])' <"$T/out"
}

# Takes, holds and waits (gil_truth.sh): a thread that keeps the GIL, and three that wait for it.
holds() {
	measure_work holds.py
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		p, tids, own = only_process(result), truth["tids"], truth["holds_ns"]
		holder = thread(p, tids["holder"])
		equal("forced releases", 0, gil(p)["forced_releases"])
		equal("takes of the holder", len(own) + truth["lead_in"] + 2, holder["takes"])
		near("held_ns of the holder", sum(own), holder["held_ns"], 0.25)
		# It sleeps while it holds (sched.sh).
		near("held_offcpu_ns of the holder", sum(own), holder["held_offcpu_ns"], 0.25)
		between("longest hold", max(own), max(own) + 200_000_000, holder["hold"]["max_ns"])
		for name, w in truth["waiters"].items():
		    t = thread(p, tids[name])
		    equal(f"takes of {name}", w["rounds"] + 2, t["takes"])
		    near(f"wait_ns of {name}", w["late_ns"], t["wait_ns"], 0.25)
		equal("takes of the releaser", truth["releases"] + 2, thread(p, tids["releaser"])["takes"])
	END
}

# Every call is a take, of whichever thread (gil_pingpong.sh).
takes() {
	measure_work pingpong.py 2 200
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		p = only_process(result)
		forced = gil(p)["forced_releases"]
		for name, tid in truth["tids"].items():
		    between(f"takes of {name}", truth["takes"], truth["takes"] + forced,
		            thread(p, tid)["takes"])
	END
}

# Hand-overs by force, and watch mode beside exact mode (gil_forced.sh, watch.sh).
watch() {
	start_work cpu.py 2 1
	start_stat -p "$WORK"
	X=$S.out exact=$SCOPE
	start_stat -p "$WORK" --mode watch
	go
	truth_of
	stop_stat
	kill -INT "$exact"
	ended "$exact" 20
	quit
	check "$X" "$W.truth" "$S.out" <<-'END'
		contract(result)
		nothing_lost(result)
		seen, x = truths[1], gil(only_process(result))
		w = gil(only_process(seen))
		contract(seen)
		between("the program's own count of switches", 20, 2000, truth["switches"])
		near("handovers", truth["switches"], x["handovers"], 0.03, 8)
		near("forced releases", truth["switches"], x["forced_releases"], 0.03, 8)
		equal("mode", "watch", seen["mode"])
		near("contended takes in watch mode", x["contended_takes"], w["contended_takes"], 0.1, 5)
		near("waits in watch mode", x["wait_ns"], w["wait_ns"], 0.3, 10_000_000)
		near("held_ns in watch mode", x["held_ns"], w["held_ns"],
		     0, max(0.1, w["held_error_ratio"]) * only_process(seen)["measured_ns"])
	END
}

# Python stacks, in both modes, with the frames that the program sees (stacks.sh); and with those of C (native.sh).
stacks() {
	for how in exact watch "watch --native"; do
		# shellcheck disable=SC2086 # words
		measure_work costs.py 2 -- --mode $how --with stacks --stack-rate 200
		export HOW="$how"
		check "$S.out" "$W.truth" <<-'END'
			from answers import frames_equal, sums_of_stacks
			from natives import few_lost, names, natives, python_only
			contract(result)
			if "native" in os.environ["HOW"]:
			    few_lost(result, but=("native_full",)) # emulated, walks take all of their time
			    seen = {n for s in only_process(result)["stacks"] for n in names(natives(s["frames"] or []))}
			    expect(any(" [libc." in n for n in seen), "native functions", "of libc, too", sorted(seen)[:9])
			    python_only(result)
			else:
			    nothing_lost(result, but=("arrival_missed", "kernel_skipped", "stacks_torn"))
			frames_equal(only_process(result), truth)
			sums_of_stacks(only_process(result))
		END
	done
}

# Collections by generation, with the collector's own statistics (gc.sh).
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
		            own["sum_ns"] * 1.05 + 50_000 * own["count"], row["pause"]["sum_ns"])
	END
}

# Calls, events, time-outs and wake-ups of poll, select and epoll (io.sh).
wakeups() {
	measure_work selects.py
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		p = only_process(result)
		# What the program calls, and the system calls that these are, of which aarch64 has fewer.
		names = ((("poll",), ("poll",)), (("ppoll",), ("ppoll",)), (("select",), ("select", "pselect6")),
		         (("epoll_wait",), ("epoll_wait",)), (("epoll_pwait",), ("epoll_pwait",)))
		if os.uname().machine == "aarch64":
		    names = ((("poll", "ppoll"), ("ppoll",)), (("select",), ("pselect6",)),
		             (("epoll_wait", "epoll_pwait"), ("epoll_pwait",)))
		for called, calls in names:
		    own, seen = [truth["calls"][name] for name in called], io(p, *calls)
		    for key in ("calls", "events", "timeouts", "errors"):
		        equal(f"{key} of {calls}", sum(o[key] for o in own), seen[key])
		    # Rung 10 ms after it was asked for: emulated, the call can come later than that.
		    woken = sum(o["woken"] for o in own)
		    between(f"wakeups of {calls}", woken - 3 * len(own), woken, seen["wakeups"])
	END
}

# Iterations of event loops and steps of tasks (asyncio.sh).
loops() {
	measure_work tasks.py -- --with asyncio
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		rows = {r["tid"]: r for r in only_process(result)["asyncio"]}
		equal("event loops", sorted(t["tid"] for t in truth["loops"]), sorted(rows))
		for t in truth["loops"]:
		    for key in ("iterations", "steps"):
		        equal(f"{key} of loop {t['tid']}", t[key], rows[t["tid"]][key])
	END
}

# Objects deallocated, by type, all of them (refs.sh).
deallocs() {
	start_work refs.py 2000
	start_stat -p "$WORK" --with refs --budget none
	go
	truth_of
	stop_stat
	text_restored "$WORK" || fail "after a detach"
	quit
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		nothing_lost(result)
		seen = {}
		for row in only_process(result)["types"]:
		    seen[row["type"]] = seen.get(row["type"], 0) + row["deallocs"]
		for name, n in truth["exact"].items():
		    equal(f"deallocs of {name}", n, seen.get(name))
		for name, n in truth["least"].items():
		    between(f"deallocs of {name}", n, n * 1.02 + 500, seen.get(name))
	END
}

# Each event through the ring buffer, onto disk and back (record_report.sh).
recording() {
	start_work pingpong.py 2 200
	start_record -p "$WORK"
	go
	truth_of
	stop_record
	quit
	report
	check "$R.json" "$W.truth" <<-'END'
		nothing_lost(result)
		p = only_process(result)
		forced = gil(p)["forced_releases"]
		for name, tid in truth["tids"].items():
		    between(f"takes of {name}", truth["takes"], truth["takes"] + forced,
		            thread(p, tid)["takes"])
	END
}

# Forked children are measured from their first event (fork.sh).
children() {
	measure_work forks.py 100 -- --children
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		seen = {p["pid"]: p for p in result["processes"]}
		for kind, pid in truth["pids"].items():
		    if expect(pid in seen, f"the child by {kind}", f"{pid} among the processes", list(seen)):
		        more = 1500 if kind == "subprocess" else 60
		        between(f"takes of the child by {kind}", truth["calls"], truth["calls"] + more,
		                gil(seen[pid])["takes"])
		equal("losses", 0, lost(result, "processes_full") + lost(result, "life_full"))
	END
}

# A program that it starts itself is measured from its first instruction (launch.sh).
launched() {
	cat >"$T/program.py" <<-'END'
		import gc, json, os, sys
		for _ in range(3000):
		    ring = []
		    ring.append(ring)
		gc.collect()
		gc.disable()
		print(json.dumps({"stats": gc.get_stats()}), file=open(sys.argv[1], "w"), flush=True)
		os._exit(0)
	END
	run stat --mode exact --format json -- "$PYTHON" -B "$T/program.py" "$T/truth"
	[ "$RC" = 0 ] || fail "stat -- $PYTHON: expected exit code 0, seen $RC; $(cat "$T/err")"
	check "$T/out" "$T/truth" <<-'END'
		contract(result)
		p = only_process(result)
		for n, stats in enumerate(truth["stats"]):
		    for key in ("collections", "collected", "uncollectable"):
		        equal(f"{key} of generation {n} since its start", stats[key], generation(p, n)[key])
		expect(gil(p)["takes"] > 0, "takes", "more than none", gil(p)["takes"])
	END
}

# Nothing is left: of a tracer that ended, and of one that was killed (harm.sh).
traces() {
	start_work reads.py 1 200
	go
	start_stat -p "$WORK"
	sleep 0.5
	stop_stat
	text_restored "$WORK" || fail "after a detach"
	gone=$SCOPE
	start_stat -p "$WORK"
	kill -KILL "$SCOPE"
	wait "$SCOPE" 2>/dev/null
	text_restored "$WORK" || fail "after a kill"
	bpf_left "$gone" "$SCOPE" || fail "see above"
	alive "$WORK" || fail "the program it traced is gone"
}

# What cannot work says why, and how to know more.
refusal() {
	start_work idle.py
	run stat -p "$WORK" -d 1
	[ "$RC" = 5 ] || fail "stat: expected exit code 5, seen $RC; $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "stat: expected one line, seen: $(cat "$T/err")"
	grep -q '5\.15' "$T/err" || fail "stat: does not say which Linux it takes: $(cat "$T/err")"
	run doctor
	[ "$RC" = 5 ] || fail "doctor: expected exit code 5, seen $RC"
	quit
	text_restored "$WORK" || fail "after a refusal"
}

features
case $(uname -r) in
[1-4].* | 5.[0-9].* | 5.1[0-4].*) list="refusal" ;;
*) list="holds takes watch stacks collections wakeups loops deallocs recording children launched traces" ;;
esac
for name in $list; do
	case ,$KERNEL_TESTS,$name in
	,,* | *,"$name",* | *,refusal) test_it "$name" ;;
	esac
done
# Another CPython, with a libc of its own.
for root in /roots/*/; do
	[ -d "$root" ] && [ "$list" != refusal ] || continue
	version=$(basename "$root")
	mknod -m 666 "$root/dev/null" c 1 3
	PYTHON=/usr/bin/python$version WORK_DIR=/work LAUNCHER="chroot $root"
	for name in takes watch collections; do
		test_it "$name" "$version"
	done
done
echo done
