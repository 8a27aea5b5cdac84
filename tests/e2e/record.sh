#!/bin/sh
# gilscope record: safe creation, every way to end, limits, and a flight recorder; babeltrace2 reads all of it.
. "$(dirname "$0")/lib.sh"
need_root
need babeltrace2

# listed DIR: what the stock babeltrace2 makes of it, in $T/listed, without a word on stderr
listed() {
	babeltrace2 "$1" >"$T/listed" 2>"$T/listed.err" || fail "babeltrace2 $1: $(tail -n 5 "$T/listed.err")"
	[ ! -s "$T/listed.err" ] || fail "babeltrace2 complains: $(head -n 3 "$T/listed.err")"
}
# ends REASON: the last event listed says why it ended
ends() { tail -n 1 "$T/listed" | grep -q "gilscope:end.*reason = \"$1" ||
	fail "expected the end '$1', seen: $(tail -n 1 "$T/listed")"; }

# Stopped by hand: what is on disk, whose, and how many events.
start_work mix.py 3
start_record -p "$WORK"
go
truth_of
stop_record
[ "$(stat -c %a "$R")" = 700 ] || fail "the directory's mode: expected 700, seen $(stat -c %a "$R")"
for f in "$R"/*; do
	[ "$(stat -c %a "$f")" = 600 ] || fail "$f: expected mode 600, seen $(stat -c %a "$f")"
done
listed "$R"
ends interrupted
"$GILSCOPE" export "$R" --to jsonl -o "$T/events.jsonl" 2>"$T/err" || fail "export: $(cat "$T/err")"
check "$T/events.jsonl" "$W.truth" <<EOF
import re
from collections import Counter
lines = open("$T/listed", encoding="utf-8", errors="replace")
listed = Counter(re.search(r" ([a-z]+:[a-z_]+): \{ crc32", line)[1] for line in lines)
told = Counter(row["kind"] for row in results)
listed.pop("gilscope:late", None)
expect(sum(told.values()) > 1000, "events", "more than 1000", sum(told.values()))
for kind in listed | told:
    equal(f"events of {kind}: babeltrace2's and ours", listed[kind], told[kind])
EOF

# What is there is not overwritten, and nothing is written through a link.
"$GILSCOPE" record -p "$WORK" -d 0.1 -o "$R" 2>"$T/err" </dev/null
[ $? -ne 0 ] || fail "a recording was overwritten without --force"
grep -q -- --force "$T/err" || fail "expected the remedy --force, seen: $(cat "$T/err")"
"$GILSCOPE" record -p "$WORK" -d 0.1 --force -o "$R" 2>"$T/err" </dev/null || fail "--force: $(cat "$T/err")"
mkdir "$T/other" && ln -s "$T/other" "$T/link"
"$GILSCOPE" record -p "$WORK" -d 0.1 --force -o "$T/link" 2>"$T/err" </dev/null &&
	fail "wrote through a symbolic link"
[ -z "$(ls "$T/other")" ] || fail "something was written through a symbolic link"
mkdir "$T/full" && : >"$T/full/precious"
"$GILSCOPE" record -p "$WORK" -d 0.1 --force -o "$T/full" 2>"$T/err" </dev/null &&
	fail "a folder that is no recording was taken for one"
[ -e "$T/full/precious" ] || fail "a file that is no recording's was removed"
"$GILSCOPE" record -p "$WORK" -d 0.1 2>"$T/err" </dev/null
[ $? -eq 2 ] || fail "without -o: expected exit code 2"

# Called by sudo: it belongs to the user who called.
SUDO_UID=1234 SUDO_GID=1235 "$GILSCOPE" record -p "$WORK" -d 0.1 -o "$T/sudo" 2>"$T/err" </dev/null ||
	fail "with SUDO_UID: $(cat "$T/err")"
for f in "$T/sudo" "$T/sudo"/*; do
	[ "$(stat -c %u:%g "$f")" = 1234:1235 ] || fail "$f: expected owner 1234:1235, seen $(stat -c %u:%g "$f")"
done
quit

# The recorder is killed: readable up to its last packet, and the report says it was broken off.
start_work mix.py 4
start_record -p "$WORK"
go
sleep 3
kill -KILL "$REC"
ended "$REC" 5
listed "$R"
[ "$(wc -l <"$T/listed")" -gt 500 ] || fail "after kill -9: only $(wc -l <"$T/listed") events"
report
grep -q 'broken off' "$R.report" || fail "expected a note that it was broken off, seen: $(cat "$R.report")"
check "$R.json" <<'EOF'
equal("complete", False, result["recording"]["complete"])
expect(gil(only_process(result))["takes"] > 100, "takes", "more than 100", gil(only_process(result))["takes"])
EOF
truth_of

# The target is killed: a reason to end, no error.
start_record -p "$WORK"
kill -KILL "$WORK"
ended "$REC" 20
[ "$RC" = 0 ] || fail "the target was killed: expected exit code 0, seen $RC; $(cat "$R.err")"
listed "$R"
ends 'the target ended'

# A full disk: the exit code says so, and what is there can be read.
cat >"$T/on_full_disk.sh" <<'EOF'
set -e
mount -t tmpfs -o size=600k none "$1"
rc=0
"$2" record -p "$3" -d 60 -o "$1/rec" 2>"$4.err" || rc=$?
"$2" report "$1/rec" --format json >"$4.json" 2>"$4.report" || echo "report: $?" >>"$4.err"
exit $rc
EOF
start_work pingpong.py 4 100000000
mkdir "$T/small"
unshare -m sh "$T/on_full_disk.sh" "$T/small" "$GILSCOPE" "$WORK" "$T/disk" &
DISK=$!
later $DISK
until_true 20 has_line measuring "$T/disk.err" || fail "on a small disk: $(cat "$T/disk.err")"
go
until_true 60 dead $DISK || fail "a full disk did not end the recording"
wait $DISK
[ $? -eq 1 ] || fail "a full disk: expected exit code 1; $(cat "$T/disk.err")"
grep -qi 'no space' "$T/disk.err" || fail "expected 'No space', seen: $(cat "$T/disk.err")"
check "$T/disk.json" <<'EOF'
expect(gil(only_process(result))["takes"] > 1000, "takes", "more than 1000", gil(only_process(result))["takes"])
EOF

# --max-size ends it in time.
start_record -p "$WORK" --max-size 1M
until_true 60 dead "$REC" || fail "--max-size did not end the recording"
ended "$REC" 5
[ "$RC" = 0 ] || fail "--max-size: expected exit code 0, seen $RC; $(cat "$R.err")"
size=$(cat "$R"/* | wc -c)
[ "$size" -le 1048576 ] || fail "--max-size 1M: $size bytes"
listed "$R"
ends '--max-size'
# Also if much has gathered that would be written at once.
start_record -p "$WORK" --max-size 1M --buffer 64M
kill -STOP "$REC"
sleep 3
kill -CONT "$REC"
until_true 60 dead "$REC" || fail "--max-size did not end the recording"
size=$(cat "$R"/* | wc -c)
[ "$size" -le 1048576 ] || fail "--max-size 1M: $size bytes where much was written at once"
listed "$R"
ends '--max-size'

# A recorder that cannot keep up: what is lost is counted, with its time.  The load has two speeds, of
# which the slower one must fill the ring as well.
start_record -p "$WORK" --buffer 1M
sleep 1
kill -STOP "$REC"
sleep 1
kill -CONT "$REC"
sleep 1
stop_record
report
check "$R.json" <<'EOF'
n = lost(result, "ring_full")
expect(n > 1000, "events lost by the full ring", "more than 1000", n)
ranges = [r for r in result["lost_ranges"] if r["cause"] == "ring_full"]
equal("their sum over the ranges", n, sum(r["count"] for r in ranges))
covered = sum(r["to_unix_ns"] - r["from_unix_ns"] for r in ranges)
between("time in which they were lost, ns", 0.5e9, 2.5e9, covered)
EOF
# A flight recorder's memory is used, all but a small part of it.
start_record -p "$WORK" --ring 256K
sleep 2
stop_record
size=$(cat "$R.0001"/events_* | wc -c)
[ "$size" -ge 220000 ] && [ "$size" -le 320000 ] || fail "--ring 256K: a snapshot of $size bytes"
kill -KILL "$WORK"

# A flight recorder: snapshots by signal, by a trigger, and at the end; memory stays bounded.  A name
# that is taken is passed over.
start_work mix.py 12
start_record -p "$WORK" --ring 256K --trigger 'gil.wait>1ms'
go
until_true 20 has_line '0001: snapshot (gil.wait>1ms)' "$R.err" || fail "no snapshot by the trigger: $(cat "$R.err")"
kill -USR2 "$REC"
until_true 20 has_line '0002: snapshot (SIGUSR2)' "$R.err" || fail "no snapshot by SIGUSR2: $(cat "$R.err")"
mkdir "$R.0003"
sleep 4
stop_record
for snapshot in 1:gil.wait 2:SIGUSR2 4:interrupted; do
	listed "$R.000${snapshot%:*}"
	ends "${snapshot#*:}"
	report "$R.000${snapshot%:*}"
	check "$R.json" <<'EOF'
p = only_process(result)
expect({"MainThread"} < {t["name"] for t in p["threads"]}, "names of threads", "MainThread and others",
       [t["name"] for t in p["threads"]])
expect(gil(p)["takes"] > 0, "takes", "some", gil(p)["takes"])
equal("complete", True, result["recording"]["complete"])
equal("gilscope's CPU time, known for all of the time only", None, result["overhead"]["tracer_cpu_ns"])
EOF
done
size=$(cat "$R.0004"/events_* | wc -c)
[ "$size" -le 320000 ] || fail "--ring 256K: a snapshot of $size bytes"
"$GILSCOPE" record -p "$WORK" --ring 1M -o "$T/nowhere/x" 2>"$T/err" </dev/null &&
	fail "snapshots in a directory that does not exist"

# A snapshot that cannot be written is said at once; the next one goes elsewhere, and the exit code tells.
mkdir "$T/gone"
env --default-signal=INT,USR2 "$GILSCOPE" record -p "$WORK" --ring 1M -o "$T/gone/x" 2>"$T/err" </dev/null &
REC=$!
later $REC
until_true 20 has_line measuring "$T/err" || fail "does not measure: $(cat "$T/err")"
rmdir "$T/gone"
kill -USR2 "$REC"
until_true 20 has_line 'x.0001: No such file' "$T/err" || fail "a snapshot nowhere: $(cat "$T/err")"
mkdir "$T/gone"
kill -INT "$REC"
ended "$REC" 20
[ "$RC" = 1 ] || fail "a snapshot could not be written: expected exit code 1, seen $RC"
listed "$T/gone/x.0002"
truth_of
quit

# A collection is a trigger as well as a wait.
start_work gcwork.py
start_record -p "$WORK" --ring 256K --trigger 'gc.pause>1us'
go
until_true 20 has_line '0001: snapshot (gc.pause>1us)' "$R.err" || fail "no snapshot by a collection: $(cat "$R.err")"
stop_record
report "$R.0001"
check "$R.json" <<'EOF'
expect(sum(g["collections"] for g in only_process(result)["gc"]) > 0, "collections", "some", 0)
EOF
truth_of
quit

# All of this host's at once.
start_work mix.py 2
MIX=$WORK MIX_STEM=$W
start_work aio.py
start_record --all
go "$MIX_STEM"
go
truth_of "$MIX_STEM"
truth_of
stop_record
quit "$MIX_STEM"
quit
listed "$R"
report
check "$R.json" <<EOF
takes = {p["pid"]: gil(p)["takes"] for p in result["processes"]}
for pid in ($MIX, $WORK):
    expect(takes.get(pid, 0) > 100, f"takes of {pid}", "more than 100", takes)
EOF

# A program from its start, with its children.
R=$T/launched
"$GILSCOPE" record --children -o "$R" -- "$PYTHON" -c '
import subprocess, sys, time
subprocess.run([sys.executable, "-c", "import time; [time.sleep(0.001) for i in range(100)]"])
[time.sleep(0.001) for i in range(50)]' 2>"$T/err" </dev/null || fail "-- PROGRAM: $(cat "$T/err")"
listed "$R"
report
check "$R.json" <<'EOF'
# A child is its parent's program first, then its own.
takes = {}
for p in result["processes"]:
    takes[p["pid"]] = max(takes.get(p["pid"], 0), gil(p)["takes"])
equal("processes", 2, len(takes))
for pid, n in takes.items():
    expect(n >= 50, f"takes of {pid}", "50 or more", n)
EOF

# A snapshot tells of each program that a process ran, from when on it ran.
R=$T/programs
"$GILSCOPE" record --children --ring 64M --figures json -o "$R" -- "$PYTHON" -c '
import os, sys, time
for i in range(4):
    if not (pid := os.fork()):
        time.sleep(0.05)
        os.execv(sys.executable, [sys.executable, "-c", f"import time; time.sleep(0.0{i + 1})"])
    os.waitpid(pid, 0)' >"$T/programs.json" 2>"$T/err" </dev/null || fail "-- PROGRAM: $(cat "$T/err")"
listed "$R.0001"
report "$R.0001"
check "$T/programs.json" "$R.json" <<'EOF'
def ran(figures):
    return sorted((p["pid"], p["command"] or "", p["measured_ns"], gil(p)["takes"]) for p in figures["processes"])
equal("programs", 9, len(ran(result)))
equal("programs in the snapshot", ran(result), ran(truth))
EOF
bpf_left "$REC" || exit 1
