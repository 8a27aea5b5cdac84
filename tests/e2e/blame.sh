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

# Watch mode: the recording has what was seen live, wait by wait, to the nanosecond; in parts, too.
start_work mix.py 1.5
start_record -p "$WORK" --mode watch --figures json
go
truth_of
stop_record
quit
report
"$GILSCOPE" report "$R" -i 0.2 --format jsonl >"$T/parts" 2>"$T/err" || fail "report -i: $(cat "$T/err")"
"$GILSCOPE" export "$R" --to jsonl -o "$T/events" 2>"$T/err" || fail "export: $(cat "$T/err")"
check "$R.out" "$R.json" "$T/parts" "$T/events" <<'EOF'
def pairs(result, column="wait_ns"):
    return {(r["holder_tid"], r["waiter_tid"]): r[column] for r in only_process(result)["blame"]}

told = truths[0]
contract(told)
equal("mode", "watch", told["mode"])
equal("blame", pairs(result), pairs(told))
equal("waits", pairs(result, "waits"), pairs(told, "waits"))
total = {t["tid"]: t["wait_ns"] for t in only_process(told)["threads"] if t["wait_ns"]}
mine = {}
for (_, waiter), ns in pairs(told).items():
    mine[waiter] = mine.get(waiter, 0) + ns
equal("blame by waiter", total, mine)
events = [json.loads(line) for line in open(sys.argv[4], encoding="utf-8")]
parts = [e for e in events if e["kind"] == "gil:wait_part"]
expect(len(parts) > 20, "parts of waits with several holders", "some", len(parts))
expect(all(e["holder"] != e["tid"] for e in parts), "whoever waits", "not the holder", parts[:3])
summed = {}
for line in open(sys.argv[3], encoding="utf-8"):
    for r in only_process(json.loads(line))["blame"]:
        pair = r["holder_tid"], r["waiter_tid"]
        summed[pair] = summed.get(pair, 0) + r["wait_ns"]
equal("blame, interval by interval", pairs(told), summed)
