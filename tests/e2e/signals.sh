#!/bin/sh
# SIGINT prints the result; a second one, SIGTERM, a closed or full stdout end it cleanly too.
. "$(dirname "$0")/lib.sh"
need_root
start_work mix.py 200
go

clean_after() { until_true 10 text_restored "$WORK" >/dev/null 2>&1 || fail "$1: $(text_restored "$WORK")"; }

start_stat -p "$WORK"
sleep 0.5
stop_stat
check "$S.out" <<'EOF'
contract(result)
expect(gil(only_process(result))["takes"] > 0, "takes", "more than none", 0)
EOF
clean_after SIGINT

start_stat -p "$WORK"
kill -TERM "$SCOPE"
ended "$SCOPE" 10
[ "$RC" != 124 ] || fail "SIGTERM: still running after 10 s"
clean_after SIGTERM

start_stat -p "$WORK"
kill -INT "$SCOPE"
kill -INT "$SCOPE" 2>/dev/null
ended "$SCOPE" 10
[ "$RC" != 124 ] || fail "two SIGINTs: still running after 10 s"
clean_after "two SIGINTs"

# Killed while it detaches, at different moments: the kernel still takes every probe off.
i=0
while [ $i -lt 8 ]; do
	i=$((i + 1))
	start_stat -p "$WORK"
	kill -INT "$SCOPE"
	sleep "$(awk "BEGIN { print $i * 0.03 }")"
	kill -KILL "$SCOPE" 2>/dev/null
	ended "$SCOPE" 10
	clean_after "SIGKILL $i while it detaches"
done

# SIGINT before it measures: no result to print, but it ends, and leaves nothing behind.
for after in 0.01 0.05 0.1 0.2 0.4; do
	env --default-signal=INT "$GILSCOPE" stat -p "$WORK" --format json >"$T/out" 2>"$T/err" &
	pid=$!
	later $pid
	sleep $after
	kill -INT $pid 2>/dev/null
	ended $pid 10
	[ "$RC" != 124 ] || fail "SIGINT after $after s: still running 10 s later"
	clean_after "SIGINT after $after s"
done

# The reader goes away: the next line ends it, without a message.
mkfifo "$T/pipe"
timeout -k 2 20 "$GILSCOPE" stat -p "$WORK" -i 0.1 --format jsonl 2>"$T/err" >"$T/pipe" &
pid=$!
later $pid
timeout 20 head -n 1 "$T/pipe" >"$T/line"
[ -s "$T/line" ] || fail "closed pipe: not even one line"
ended $pid 10
case $RC in 124 | 137) fail "closed pipe: still running after 10 s" ;; esac
clean_after "closed pipe"

# Nowhere to write to: exit code 1 and one line.
for out in full closed; do
	RC=0
	case $out in
	full) timeout -k 2 20 "$GILSCOPE" stat -p "$WORK" -d 0.2 --format json >/dev/full 2>"$T/err" || RC=$? ;;
	closed) timeout -k 2 20 "$GILSCOPE" stat -p "$WORK" -d 0.2 --format json >&- 2>"$T/err" || RC=$? ;;
	esac
	[ "$RC" = 1 ] || fail "stdout is $out: expected exit code 1, seen $RC; $(cat "$T/err")"
	grep -q '^gilscope: .*: ' "$T/err" || fail "stdout is $out: expected a message, seen: $(cat "$T/err")"
	clean_after "stdout is $out"
done
alive "$WORK" || fail "the target died"
kill "$WORK"
