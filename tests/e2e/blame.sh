#!/bin/sh
# A holder that blocks is named with its system call; every wait is somebody's, live and in a recording.
. "$(dirname "$0")/lib.sh"
need_root

start_work splits.py 40
start_stat -p "$WORK" --mode watch
start_record -p "$WORK" --figures json
go
truth_of
stop_stat
stop_record
quit
report
for mode in exact watch; do
	[ $mode = exact ] && seen=$R.out || seen=$S.out
	MODE=$mode check "$seen" "$W.truth" <<-'EOF2'
		import os
		contract(result)
		equal("mode", os.environ["MODE"], result["mode"])
		p = only_process(result)
		equal("switch interval", 10 * 10**9, p["switch_interval_ns"])
		rows = {(r["tid"], r["call"]): r for r in p["held_blocked"]}
		for name, call in ("sleeper", "clock_nanosleep"), ("reader", "read"):
		    t = thread(p, truth["tids"][name])
		    row = rows.get((t["tid"], call))
		    if not expect(row, f"{name} blocked while it held", f"in {call}", sorted(rows)):
		        continue
		    equal(f"{name}: times in {call}", truth["rounds"], row["count"])
		    # Woken, it may have to wait for a CPU: that is not the call's.
		    spent = truth["spent"][name]
		    expect(row["ns"] <= spent, f"{name}: blocked in {call}", f"at most {spent}", row["ns"])
		    near(f"{name}: in {call}, and runnable after it", spent,
		         row["ns"] + t["held_preempted_ns"], 0.02)
		    if name == "sleeper":
		        expect(row["ns"] >= truth["rounds"] * 15_000_000, "time the sleeper slept",
		               "at least what it asked for", row["ns"])
		        expect(row["max_ns"] >= 15_000_000, "longest of them", "likewise", row["max_ns"])
		    near(f"{name}: all calls", t["held_offcpu_ns"] - t["held_preempted_ns"],
		         sum(r["ns"] for r in p["held_blocked"] if r["tid"] == t["tid"]), 0.001)
		waited = sum(t["wait_ns"] for t in p["threads"])
		runnable = sum(t["wait_runnable_ns"] for t in p["threads"])
		expect(0 < runnable < waited, "waiting threads, woken and not running yet",
		       f"above 0, below {waited}", runnable)
	EOF2
done

# Exact: to the nanosecond.  The recording has the same waits, and the same holders.
check "$R.out" "$W.truth" "$R.json" <<'EOF'
def whole(what, result):
    p = only_process(result)
    rows = {(r["holder_tid"], r["waiter_tid"]): r["wait_ns"] for r in p["blame"]}
    for t in p["threads"]:
        mine = sum(ns for (_, waiter), ns in rows.items() if waiter == t["tid"])
        equal(f"{what}: blame for the waits of {t['tid']}", t["wait_ns"], mine)
    return rows


live, told = whole("live", result), whole("recording", truths[1])
tids = truth["tids"]
waits = sum(live.values())
blocking = sum(ns for (holder, _), ns in live.items() if holder in (tids["sleeper"], tids["reader"]))
between("share of the waits for the two that block", 0.8, 1, blocking / waits)
for pair in sorted(live.keys() | told.keys()):
    near(f"blame of {pair}", live.get(pair, 0), told.get(pair, 0), 0.02, waits * 0.001)
holders = {h for h, _ in live}
expect(set(tids.values()) <= holders, "holders", sorted(tids.values()), sorted(holders))
EOF
