#!/bin/sh
# Watch mode sees what exact mode sees, on the same process at the same time, and touches no text.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

# both SCRIPT [ARG…]: exact and watch mode on one run; their results are $X and $S.out
both() {
	start_work "$@"
	start_stat -p "$WORK"
	X=$S.out exact=$SCOPE
	start_stat -p "$WORK" --mode watch --sample-rate 1000
	go
	truth_of
	stop_stat
	kill -INT "$exact" 2>/dev/null
	ended "$exact" 20
	[ "$RC" = 0 ] || fail "exact mode: expected exit code 0 after SIGINT, seen $RC"
	quit
}

# agree COUNT SUM HELD: contended takes and wait time within these shares, held time within
# HELD seconds of a second, or within what the samples allow
agree() {
	AGREE="$*" check "$X" "$S.out" <<-'EOF2'
		import os
		count, total, share = map(float, os.environ["AGREE"].split())
		exact, seen = only_process(result), only_process(truth)
		contract(result)
		contract(truth)
		nothing_lost(truth, but=("arrival_missed", "kernel_skipped"))
		equal("mode", "watch", truth["mode"])
		x, w = gil(exact), gil(seen)
		near("contended takes", x["contended_takes"], w["contended_takes"], count, 3)
		near("wait_ns", x["wait_ns"], w["wait_ns"], total, 1_000_000)
		equal("source of the holds", "sampled", w["held_source"])
		wall = seen["measured_ns"]
		near("held_ns", x["held_ns"], w["held_ns"], 0, max(share, w["held_error_ratio"]) * wall)
		near("handovers", x["handovers"], w["handovers"], 0.01, 20)
		ticks = [p["hits"] for p in truth["probes"] if p["event"] == "cpu_clock"]
		if "GILSCOPE_SAMPLE_MEMORY" in os.environ:
		    equal("ticks of the kernel's clock", [], [n for n in ticks if n])
		else:
		    equal("has ticks of the kernel's clock", [True], [n > 0 for n in ticks])
		between("samples", 0.4 * wall / 1e6, 1.2 * wall / 1e6, w["samples"])
		# What was not measured is null, and only that.
		for key in ("takes", "forced_releases", "hold_floor_ns"):
		    equal(f"{key} of the GIL", None, w[key])
		for t in seen["threads"]:
		    for key in ("takes", "forced_releases", "hold"):
		        equal(f"{key} of thread {t['tid']}", None, t[key])
		for row in seen["io"]:
		    for key in ("calls", "timeouts", "errors", "events"):
		        equal(f"{key} of {row['call']}", None, row[key])
		    equal(f"{row['call']}: sleeps ended", row["blocked"]["count"], row["wakeups"])
		# Every waiter's time is somebody's.
		blamed = {}
		for row in seen["blame"]:
		    blamed[row["waiter_tid"]] = blamed.get(row["waiter_tid"], 0) + row["wait_ns"]
		for t in seen["threads"]:
		    near(f"blame for the waits of {t['tid']}", t["wait_ns"], blamed.get(t["tid"], 0), 0,
		         20_000_000)
		    # Per thread, too.
		    other = threads(exact).get(t["tid"])
		    if other and other["wait_ns"] > 50_000_000:
		        near(f"wait_ns of thread {t['tid']}", other["wait_ns"], t["wait_ns"], 2 * total,
		             15_000_000)
	EOF2
}

both mix.py 3
agree 0.02 0.02 0.02
both cpu.py 4 2
agree 0.01 0.02 0.02
# Where the kernel does not permit a clock of its own, the target's memory is read as often.
GILSCOPE_SAMPLE_MEMORY=1
export GILSCOPE_SAMPLE_MEMORY
both cpu.py 4 1
agree 0.01 0.02 0.02
unset GILSCOPE_SAMPLE_MEMORY
# Exact mode's probes lengthen each of these waits, of tens of microseconds, by some.  Its holds end
# where a waiter is woken or the CPU is left, and begin so: at the sites after that they would be too
# long by a third and more.
both pingpong.py 4 5000
agree 0.03 0.06 0.06

# A blocked call ends once for each time it slept, and leads to the GIL.
both aio.py 8 100
agree 0.02 0.02 0.05
check "$X" "$S.out" <<'EOF'
x, w = (only_process(r)["io"][0] for r in (result, truth))
equal("call", x["call"], w["call"])
near("sleeps in epoll", x["blocked"]["count"], w["blocked"]["count"], 0.02, 1)
near("time asleep in epoll", x["blocked"]["sum_ns"], w["blocked"]["sum_ns"], 0.02)
expect(w["wake_to_gil"]["count"] >= x["wake_to_gil"]["count"], "wake-ups that reached the GIL",
       f"at least {x['wake_to_gil']['count']}", w["wake_to_gil"]["count"])
EOF

# Threads that come and go.  The load never pauses: stopped at both ends, it is the same to both.
# A wait that the stop caught lasts as long as each of them looks: at the beginning that is another
# try, at the end only the waits that are over count.
caught() { grep -q attach_mid_wait "$X" "$S.out"; }
start_work server.py 4
for try in 1 2 3 4 5 6 7 8; do
	kill -STOP "$WORK"
	start_stat -p "$WORK"
	X=$S.out exact=$SCOPE
	start_stat -p "$WORK" --mode watch
	kill -CONT "$WORK"
	sleep 3
	kill -STOP "$WORK"
	stop_stat
	kill -INT "$exact"
	ended "$exact" 20
	kill -CONT "$WORK"
	caught || break
	sleep 0.1
done
! caught || fail "a thread was waiting at each of $try stops"
check "$X" "$S.out" <<'EOF'
exact, seen = only_process(result), only_process(truth)
contract(truth)
x, w = gil(exact), gil(seen)
near("contended takes", x["contended_takes"], w["contended_takes"], 0.03, 5)
ended = [sum(t["wait"]["sum_ns"] for t in r["threads"]) for r in (exact, seen)]
near("ended waits", *ended, 0.08, 20_000_000)
expect(w["contended_ns"] <= w["wait_ns"] + 20_000_000, "contended_ns",
       f"at most the waits, {w['wait_ns']}", w["contended_ns"])
EOF

# Nothing of the GIL is in the target's text, and no system call is hooked.
start_stat -p "$WORK" --mode watch --without gc
text_restored "$WORK" || fail "watch mode without gc: has a breakpoint in the target"
stop_stat
check "$S.out" <<'EOF'
equal("probes", {"kernel"}, {p["file"] for p in result["probes"]})
equal("hooks on system calls", [], [p["event"] for p in result["probes"] if "sys_" in p["event"]])
EOF
start_stat -p "$WORK" --mode watch
stop_stat
check "$S.out" <<'EOF'
equal("families with probes in the interpreter", {"gc"},
      {p["family"] for p in result["probes"] if p["file"] != "kernel"})
EOF
go
truth_of
quit

# A thread that ends with its wait not known to be over yet, and whose state is freed, has had the GIL: in
# debug builds freed memory is overwritten at once.
for version in 3.13 3.15; do
	in_root "$O/pythons/$version" || continue
	PYTHON=/usr/bin/python$version-dbg
	both ends.py 60
	agree 0.01 0.02 0.06 # it is short: of a machine that stands still for 30 ms ticks know nothing
done
