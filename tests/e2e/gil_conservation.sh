#!/bin/sh
# The GIL's time is conserved: holds and idle time add up to the wall clock, threads to the GIL.
. "$(dirname "$0")/lib.sh"
need_root

# Three threads that always want the GIL: apart from the hand-overs it is always held.  Each
# holds it, waits for it, or is kept from either by the scheduler; that time is in the kernel's
# books (second field of schedstat: runnable, not running).
queued() { cat /proc/"$WORK"/task/*/schedstat | awk '{ ns += $2 } END { printf "%d", ns }'; }
start_work cpu.py 3 2.5
go
sleep 0.3
before=$(queued)
start_stat -p "$WORK" -d 1
ended "$SCOPE" 20
after=$(queued)
[ "$RC" = 0 ] || fail "gilscope stat -d 1: expected exit code 0, seen $RC; $(cat "$S.err")"
echo "{\"queued_ns\": $((after - before))}" >"$T/queued"
check "$S.out" "$T/queued" <<'EOF'
contract(result)
nothing_lost(result)
p = only_process(result)
wall, g = result["duration_ns"], gil(p)
near("duration", 1e9, wall, 0.05)
between("held share with three threads that compute", 0.97, 1.001, g["held_ns"] / wall)
waits = sum(t["wait_ns"] for t in p["threads"])
between("hold and wait time of three threads against three times the wall clock",
        3 * wall * 0.97 - truth["queued_ns"], 3 * wall * 1.001, g["held_ns"] + waits)
EOF
truth_of
quit

# With pauses: what the threads' own clocks say was held, and no more.
start_work holds.py
start_stat -p "$WORK"
go
truth_of
stop_stat
quit
check "$S.out" "$W.truth" <<'EOF'
contract(result)
p = only_process(result)
held = sum(t["held_ns"] for t in p["threads"])
near("threads' holds against the GIL's", gil(p)["held_ns"], held, 0.0001, 10_000)
near("held time against the program's own clock", sum(truth["holds_ns"]), held, 0.02)
EOF
