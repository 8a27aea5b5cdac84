#!/bin/sh
# Threads that wait for a CPU, and a CPU quota: what holds and waits lost by it is what the kernel's books say.
. "$(dirname "$0")/lib.sh"
need_root
need taskset
[ -r /proc/self/schedstat ] || skip "/proc/PID/schedstat: not in this kernel"
cpu=$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')
group=
remove() {
	[ -n "$group" ] || return 0
	kill -KILL "${LIMITED:-1000000}" 2>/dev/null
	until_true 5 rmdir "$group" 2>/dev/null
}
trap 'rc=$?; remove; (exit $rc); cleanup' EXIT

# A control group with a quota of a fifth of a CPU, where one can be made: $group.
make_group() {
	for root in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup; do
		group=$root/gilscope-e2e.$$
		mkdir "$group" 2>/dev/null || continue
		if [ -w "$group/cpu.cfs_quota_us" ]; then
			echo 50000 >"$group/cpu.cfs_period_us" && echo 10000 >"$group/cpu.cfs_quota_us" &&
				echo "$LIMITED" >"$group/cgroup.procs" && return
		elif [ -w "$group/cpu.max" ]; then
			echo '10000 50000' >"$group/cpu.max" && echo "$LIMITED" >"$group/cgroup.procs" && return
		fi
		rmdir "$group"
	done 2>/dev/null
	group=
	echo "CPU quotas: not tested, no control group with the cpu controller can be made here"
}
# What the books have: of each thread of the workloads, time runnable but not running; of the group,
# how often its quota was used up, and for how long.
books() {
	printf '{"threads": {'
	for task in "/proc/$ALONE/task"/* "/proc/$PAIR/task"/*; do
		printf '%s"%s": %s' "${comma:-}" "${task##*/}" "$(cut -d' ' -f2 "$task/schedstat")"
		comma=', '
	done
	comma=
	printf '}, "group": '
	[ -n "$group" ] || printf null
	[ -z "$group" ] || awk '$1 == "nr_throttled" { n = $2 } $1 == "throttled_time" { ns = $2 }
		$1 == "throttled_usec" { ns = $2 * 1000 } END { printf "[%d, %.0f]", n, ns }' "$group/cpu.stat"
	printf '}'
}

LAUNCHER="taskset -c $cpu"
start_work cpu.py 1 2
ALONE=$WORK A=$W
start_work cpu.py 2 2
PAIR=$WORK P=$W
LAUNCHER=
start_work cpu.py 1 2
LIMITED=$WORK L=$W
make_group
taskset -c "$cpu" sh -c 'ulimit -t 60; while :; do :; done' &
rival=$!
later $rival
start_stat -p "$ALONE,$PAIR,$LIMITED"
exact=$SCOPE X=$S.out
start_stat -p "$ALONE,$PAIR,$LIMITED" --mode watch
before=$(books)
go "$A" && go "$P" && go "$L"
truth_of "$A" && truth_of "$P" && truth_of "$L"
after=$(books)
stop_stat
kill -INT "$exact"
ended "$exact" 20
kill "$rival"
quit "$A" && quit "$P" && quit "$L"
echo "{\"before\": $before, \"after\": $after, \"alone\": $ALONE, \"pair\": $PAIR, \"limited\": $LIMITED}" \
	>"$T/books"
for seen in "$X" "$S.out"; do
	check "$seen" "$T/books" "$A.truth" "$P.truth" <<-'EOF'
		contract(result)
		mode = result["mode"]

		def queued(tid):
		    return truth["after"]["threads"][str(tid)] - truth["before"]["threads"][str(tid)]

		# One that computes alone holds all the time.
		tid = truths[1]["tids"]["cpu0"]
		expect(queued(tid) >= 2e8, "the rivals take CPU time", "0.2 s at least", queued(tid))
		t = thread(process(result, truth["alone"]), tid)
		near(f"{mode}: held, runnable and not running", queued(tid), t["held_preempted_ns"], 0.05,
		     5_000_000)
		near(f"{mode}: all of it that was off the CPU", t["held_offcpu_ns"], t["held_preempted_ns"],
		     0.02, 5_000_000)
		# Two hold in turn.  A part of the queue is of neither: who was asked for the GIL sleeps
		# until another has it, and waits again only when it has had the CPU.
		p = process(result, truth["pair"])
		for name, tid in truths[2]["tids"].items():
		    t = thread(p, tid)
		    expect(0 < t["wait_runnable_ns"] < t["wait_ns"], f"{mode}: {name}, of its waits",
		           f"between 0 and {t['wait_ns']}", t["wait_runnable_ns"])
		    between(f"{mode}: {name}, share of its time in the queue as a holder or waiter",
		            0.3, 1.02, (t["held_preempted_ns"] + t["wait_runnable_ns"]) / queued(tid))
		equal(f"{mode}: sum of the threads", sum(t["wait_runnable_ns"] for t in p["threads"]),
		      gil(p)["wait_runnable_ns"])
		p = process(result, truth["limited"])
		if truth["before"]["group"]:
		    n, ns = (a - b for a, b in zip(truth["after"]["group"], truth["before"]["group"]))
		    expect(n >= 5, "periods with the quota used up", "at least 5", n)
		    near(f"{mode}: cgroup_throttled", n, p["cgroup_throttled"], 0, 5)
		    near(f"{mode}: cgroup_throttled_ns", ns, p["cgroup_throttled_ns"], 0.05, 200_000_000)
	EOF
done

# Two ways to see the same: one begins and ends in the interpreter, the other in the scheduler.
check "$X" "$S.out" "$T/books" <<'EOF'
exact, watch = (process(r, truths[1]["pair"]) for r in (result, truth))
for t in exact["threads"]:
    w = thread(watch, t["tid"])
    for key in "held_preempted_ns", "held_offcpu_ns", "wait_runnable_ns":
        near(f"{t['name']}: {key}", t[key], w[key], 0.02, 3_000_000)
EOF
