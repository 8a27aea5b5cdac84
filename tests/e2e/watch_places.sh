#!/bin/sh
# Watch mode agrees with exact mode in forked children, a pid namespace, a recording, with sites.
. "$(dirname "$0")/lib.sh"
need_root

stop_exact() {
	kill -INT "$exact" 2>/dev/null
	ended "$exact" 20
	[ "$RC" = 0 ] || fail "exact mode: expected exit code 0 after SIGINT, seen $RC"
}

# side_by_side [OPTION…]: exact and watch on the same run of $WORK, into $X and $S.out
side_by_side() {
	start_stat -p "$WORK" "$@"
	X=$S.out exact=$SCOPE
	start_stat -p "$WORK" --mode watch --sample-rate 1000 "$@"
	go
	truth_of
	stop_stat
	stop_exact
	quit
}

cat >"$T/watched.py" <<'EOF'
from check import *


def agree(what, exact, seen):
    """Waits of milliseconds: both modes see the same of them."""
    x, w = gil(exact), gil(seen)
    expect(x["contended_takes"] > 20, f"contended takes of {what}", "some", x["contended_takes"])
    near(f"contended takes of {what}", x["contended_takes"], w["contended_takes"], 0.01, 3)
    near(f"wait_ns of {what}", x["wait_ns"], w["wait_ns"], 0.02, 10_000_000)
    equal(f"source of the holds of {what}", "sampled", w["held_source"])
    tids = {t["tid"] for t in seen["threads"]}
    blamed = sum(row["wait_ns"] for row in seen["blame"])
    near(f"blame for the waits of {what}", w["wait_ns"], blamed, 0.01, 20_000_000)
    known = sum(row["wait_ns"] for row in seen["blame"] if row["holder_tid"] in tids)
    expect(known >= 0.9 * blamed, f"waits of {what} for threads of its own", "nine tenths at least",
           f"{known} of {blamed}")
EOF
# watched RESULT…: as check, with agree()
watched() {
	{ echo 'from watched import *'; cat; } | PYTHONPATH=$PYTHONPATH:$T check "$@" || exit 1
}

# Forked children are watched from their first event, each with a GIL of its own.
cat >"$T/contended_forks.py" <<'EOF'
import os, sys, threading, time

sys.path.append(os.environ["WORK_DIR"])
import common

told, tell = os.pipe()
stay, leave = os.pipe()


def burn(until):
    while time.monotonic() < until:
        pass


def child():
    os.close(leave)
    until = time.monotonic() + 1
    crew = [threading.Thread(target=burn, args=(until,)) for _ in range(2)]
    for t in crew:
        t.start()
    burn(until)
    for t in crew:
        t.join()
    os.write(tell, b"%d\n" % os.getpid())
    os.read(stay, 1)
    os._exit(0)


common.ready()
common.go()
for _ in range(2):
    if not os.fork():
        child()
lines = b""
while lines.count(b"\n") < 2:
    lines += os.read(told, 4096)
common.done(pids=[int(pid) for pid in lines.split()])
EOF
work_dir=$WORK_DIR
export WORK_DIR
LAUNCHER="env WORK_DIR=$work_dir" WORK_DIR=$T
start_work contended_forks.py
LAUNCHER= WORK_DIR=$work_dir
side_by_side --children
watched "$X" "$S.out" "$W.truth" <<'EOF'
contract(truth)
equal("mode", "watch", truth["mode"])
for pid in truths[1]["pids"]:
    agree(f"the child {pid}", process(result, pid), process(truth, pid))
    expect(gil(process(truth, pid))["samples"] > 0, f"samples of {pid}", "some", 0)
equal("losses", 0, lost(truth, "processes_full") + lost(truth, "life_full"))
EOF

# In a pid namespace: the holder's id, which is read there, becomes the host's.
if unshare -pf --mount-proc true 2>/dev/null; then
	W=$T/inside
	mkfifo "$W.in"
	unshare -pf --mount-proc --kill-child "$PYTHON" "$WORK_DIR/cpu.py" 3 1.5 \
		<>"$W.in" >"$W.out" 2>"$W.err" &
	outer=$!
	later $outer
	until_true 30 work_ready "$W" $outer || fail "cpu.py: not ready; $(cat "$W.err")"
	sed -n 's/^READY //p' "$W.out" >"$W.ready"
	WORK=$(tr -d ' ' <"/proc/$outer/task/$outer/children")
	[ -n "$WORK" ] || fail "unshare: has no child"
	later "$WORK"
	side_by_side
	watched "$X" "$S.out" "$W.ready" <<-'EOF'
		contract(truth)
		exact, seen = only_process(result), only_process(truth)
		equal("ns_pid", 1, seen["ns_pid"])
		agree("the process in the namespace", exact, seen)
		inside = {t["ns_tid"]: t for t in seen["threads"]}
		for name, tid in truths[1]["tids"].items():
		    if expect(tid in inside, f"ns_tid of {name}", tid, sorted(inside)):
		        expect(inside[tid]["held_ns"] > 0, f"held by {name}", "some", 0)
	EOF
fi

# The sites of contended takes, if asked for, are hit each time that a thread goes to wait, in both
# modes alike; they do not change what watch mode counts.
start_work cpu.py 3 1.5
side_by_side --contended-sites
watched "$X" "$S.out" <<'EOF'
agree("the process", only_process(result), only_process(truth))
hits = [sum(p["hits"] for p in r["probes"] if (p["family"], p["event"]) == ("gil", "wait"))
        for r in (result, truth)]
near("hits of the sites of waits", *hits, 0, 2)
waits = gil(only_process(truth))["contended_takes"]
expect(hits[1] >= waits, "hits of the sites of waits", f"at least one for each of {waits}", hits[1])
equal("events of the GIL's sites in watch mode", {"wait"},
      {p["event"] for p in truth["probes"] if p["family"] == "gil" and p["event"] != "cpu_clock"})
EOF

# A recording made in watch mode tells the same waits.
start_work cpu.py 3 1.5
start_stat -p "$WORK"
X=$S.out exact=$SCOPE
start_record -p "$WORK" --mode watch
go
truth_of
stop_record
stop_exact
report
check "$X" "$R.json" <<'EOF'
equal("mode", "watch", truth["mode"])
x, w = gil(only_process(result)), gil(only_process(truth))
near("contended takes", x["contended_takes"], w["contended_takes"], 0.01, 3)
near("wait_ns", x["wait_ns"], w["wait_ns"], 0.02, 10_000_000)
near("contended_ns", x["contended_ns"], w["contended_ns"], 0.02, 10_000_000)
EOF
until_true 10 text_restored "$WORK" >/dev/null 2>&1 || fail "$(text_restored "$WORK")"
quit
