#!/bin/sh
# Two hogs on one CPU: the time a hold spends off the CPU is what the kernel's own books say.
. "$(dirname "$0")/lib.sh"
need_root
need taskset
[ -r /proc/self/schedstat ] || skip "/proc/PID/schedstat: not in this kernel"
cpu=$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')

LAUNCHER="taskset -c $cpu"
start_work hog.py
LAUNCHER=
# The rival ends with its CPU time, should nobody be there to end it.
taskset -c "$cpu" sh -c 'ulimit -t 60; while :; do :; done' &
later $!
# run time and time spent runnable but not running, in ns
cat_schedstat() { cut -d' ' -f1,2 "/proc/$WORK/schedstat" | tr ' ' ,; }
start_stat -p "$WORK"
before=$(cat_schedstat)
sleep 2
after=$(cat_schedstat)
stop_stat
echo "{\"before\": [$before], \"after\": [$after]}" >"$T/truth"
check "$S.out" "$T/truth" "$W.ready" <<'EOF'
contract(result)
p = only_process(result)
g, t = gil(p), thread(p, truths[1]["main_tid"])
ran, queued = (a - b for a, b in zip(truth["after"], truth["before"]))
between("the kernel's own share of time in the queue", 0.2, 0.9, queued / (ran + queued))
# The books were read a little inside the measurement: compare shares.
off, held = t["held_offcpu_ns"], t["held_ns"]
near("share of the hold spent off the CPU", queued / (ran + queued), off / held, 0.1)
expect(0 < off <= held, "held_offcpu_ns of the thread", f"above 0, at most {held}", off)
expect(0 < g["held_offcpu_ns"] <= g["held_ns"], "held_offcpu_ns of the GIL",
       f"above 0, at most {g['held_ns']}", g["held_offcpu_ns"])
between("held share of a hog, on the CPU or off it", 0.99, 1.001, g["held_ratio"])
if "held_preempted_ns" in t:  # it never blocks
    near("held_preempted_ns", off, t["held_preempted_ns"], 0.02, 5_000_000)
EOF
