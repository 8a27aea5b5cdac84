#!/bin/sh
# The agent's recordings: made where a limit is exceeded and nowhere else, bounded, and told when they cannot be made.
. "$(dirname "$0")/lib.sh"
need_root
need curl unshare
. "$E2E/lib_agent.sh"

cat >"$T/agent.conf" <<END
[http]
listen = 127.0.0.1:0
[measure]
families = gil,gc,asyncio
[services]
hold = process:holding.py
[trigger]
wait = 150ms
gc = 150ms
loop = 150ms
service = hol*
directory = $T/small/kept
memory = 512K
last = 5s
pause = 500ms
max_recordings = 2
max_bytes = 2M
max_age = 60m
END

# What is wrong with the folder is said before anything is touched.
mkdir "$T/small" "$T/small/kept"
chmod 777 "$T/small/kept"
refused 2 "$T/small/kept: others may write in it; chmod 700" --config "$T/agent.conf"
rmdir "$T/small/kept"
ln -s "$T" "$T/small/kept"
refused 1 "$T/small/kept: Not a directory" --config "$T/agent.conf"
rm "$T/small/kept"

# In a small file system of its own, where an agent before has left what is too old, and a part of one.
cat >"$T/small.sh" <<'END'
mount -t tmpfs -o size=3m none "$1" || exit 1
k=$1/kept
mkdir -m 700 "$k"
for name in 20200101-000000.000000-gc-hold-old.py-1 20200101-000001.000000-gc-hold-other-1 .partial; do
	mkdir "$k/$name"
	: >"$k/$name/metadata"
	: >"$k/$name/events_000000"
done
: >"$k/20200101-000001.000000-gc-hold-other-1/precious"
touch -d '2 hours ago' "$k/20"*
shift
exec "$@"
END
AS="unshare -m sh $T/small.sh $T/small"
start_agent
KEPT=/proc/$AGENT/root$T/small/kept
[ "$(ls -A "$KEPT")" = 20200101-000001.000000-gc-hold-other-1 ] ||
	fail "at the start: expected only what has others' files to be left, seen: $(ls -A "$KEPT")"

metric() { curl -sf "http://$AT/metrics" | sed -n "s/^gilscope_agent_recordings$1 //p"; }
is() { [ "$(metric "$1")" = "$2" ]; }
# counts METRIC VALUE: within two seconds
counts() { until_true 2 is "$1" "$2" || fail "gilscope_agent_recordings$1: expected $2, seen '$(metric "$1")'; $(cat "$T/agent.err")"; }
made() { counts "_total{service=\"hold\",cause=\"$1\"}" "$2"; }
PROGRAM=holding.py
# holds WAIT_MS GC_MS LOOP_MS: a program with that
holds() {
	start_work "$PROGRAM" "$@"
	go
	truth_of
	quit
}
# kept PATTERN: the one recording of that name, in $one
kept() {
	one=$(ls -d "$KEPT"/$1) || fail "no recording $1: $(ls -A "$KEPT")"
	[ "$(printf '%s\n' "$one" | wc -l)" = 1 ] || fail "more than one recording $1: $one"
}

# Below every limit: nothing.  Of another service: nothing.  Beyond one, once.
holds 20 20 20
ln -s "$WORK_DIR/holding.py" "$T/other.py"
here=$WORK_DIR WORK_DIR=$T PROGRAM=other.py
holds 200 200 200
WORK_DIR=$here PROGRAM=holding.py
counts _kept 0
counts _skipped_total 0
holds 300 0 0
made wait 1
counts _kept 1
kept "*-wait-hold-holding.py-$WORK"
[ "$(stat -c %a "$KEPT" "$one" "$one/metadata" | tr '\n' ' ')" = "700 700 600 " ] || fail "modes: $(ls -la "$KEPT" "$one")"
R=$T/wait
cp -r "$one" "$R" # readers resolve the path, and are not where the agent is
report "$R"
check "$R.json" <<END
p = process(result, $WORK)
between("longest wait, ns", 200e6, 1e9, max(t["wait"]["max_ns"] for t in p["threads"] if t["wait"]["max_ns"]))
equal("complete", True, result["recording"]["complete"])
END
"$GILSCOPE" export "$R" --to jsonl -o "$T/events" 2>"$T/err" || fail "export: $(cat "$T/err")"
grep -q "gil.wait.*150 ms: .* ms in holding.py (pid $WORK) of service hold" "$T/events" ||
	fail "why is not in the recording's end: $(tail -n 1 "$T/events")"

# A collection; an iteration right behind it falls into the pause.
sleep 0.2
holds 0 300 300
made gc 1
counts _skipped_total 1
made loop 0
kept "*-gc-hold-holding.py-$WORK"
R=$T/gc
cp -r "$one" "$R"
report "$R"
check "$R.json" <<END
p = process(result, $WORK)
between("longest collection, ns", 290e6, 1e9, max(g["pause"]["max_ns"] for g in p["gc"] if g["pause"]["max_ns"]))
END
[ ! -e "$KEPT/.partial" ] || fail "a part of a recording was left"

# A third one: the oldest goes.
sleep 0.2
holds 0 0 300
made loop 1
counts _kept 2
kept "*-loop-hold-holding.py-$WORK"
R=$T/loop
cp -r "$one" "$R"
report "$R"
check "$R.json" <<END
p = process(result, $WORK)
between("longest iteration, ns", 290e6, 1e9, max(l["iteration"]["max_ns"] for l in p["asyncio"]))
END
[ -z "$(ls "$KEPT" | grep -e -wait-)" ] || fail "max_recordings = 2: $(ls "$KEPT")"
[ "$(metric _bytes)" = "$(cat "$KEPT"/*/[me]* | wc -c)" ] || fail "bytes: $(metric _bytes)"

# A full disk, and a folder that cannot be written: counted, said once, nothing half left, and it measures on.
sleep 0.3
head -c 3M /dev/zero >"$KEPT/../filler" 2>/dev/null
holds 300 0 0
counts '_failed_total{why="no_space"}' 1
rm "$KEPT/../filler"
chmod 500 "$KEPT"
sleep 0.3
holds 300 0 0
counts '_failed_total{why="directory"}' 1
[ "$(grep -c 'measuring goes on' "$T/agent.err")" = 1 ] || fail "expected it to be said once: $(cat "$T/agent.err")"
[ ! -e "$KEPT/.partial" ] || fail "a part of a recording was left"
made wait 1
until_true 3 eval 'curl -sf "http://$AT/metrics" | grep -q "^gilscope_gil_contended_takes_total.*hold"' || fail "it does not measure on"
stop_agent
