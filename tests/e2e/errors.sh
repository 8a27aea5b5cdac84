#!/bin/sh
# Bad input, bad targets and missing rights: the documented exit code and one line that helps.
. "$(dirname "$0")/lib.sh"
need_tracer

# expect CODE WHAT ARG…: that exit code; one line "gilscope: OBJECT: CAUSE; REMEDY" on stderr,
# nothing on stdout.  RUNNER comes before gilscope.
cases=0
RUNNER=
mkfifo "$T/pipe"
expect() {
	want=$1 what=$2
	shift 2
	cases=$((cases + 1))
	RC=0
	# shellcheck disable=SC2086
	timeout -k 2 20 $RUNNER "${BINARY:-$GILSCOPE}" "$@" >"$T/out" 2>"$T/err" </dev/null || RC=$?
	[ "$RC" = "$want" ] || fail "$what: expected exit code $want, seen $RC; $(head -n 3 "$T/err")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "$what: expected one line on stderr, seen: $(cat "$T/err")"
	grep -q '^gilscope: .*: .*' "$T/err" || fail "$what: expected 'gilscope: OBJECT: CAUSE; REMEDY', seen: $(cat "$T/err")"
	[ ! -s "$T/out" ] || fail "$what: expected nothing on stdout, seen: $(head -c 200 "$T/out")"
	! LC_ALL=C grep -q '[^[:print:][:space:]]' "$T/err" || fail "$what: control bytes on stderr"
}

expect 2 "no command"
expect 2 "unknown command" frobnicate
expect 2 "unknown command with an escape" "$(printf '\033[31mred')"
expect 2 "option before the command" --all stat
expect 2 "no target" stat
expect 2 "no target for top" top
expect 2 "no target for probes" probes
expect 2 "unknown option" stat -p 1 --frobnicate
expect 2 "option without its value" stat -p
expect 2 "pid: a word" stat -p python
expect 2 "pid: empty" stat -p ""
expect 2 "pid: 0" stat -p 0
expect 2 "pid: negative" stat -p -5
expect 2 "pid: trailing garbage" stat -p 12x
expect 2 "pid: hexadecimal" stat -p 0x10
expect 2 "pid: too big" stat -p 99999999999999999999
expect 2 "pid: empty item" stat -p 1,,2
expect 2 "pid: trailing comma" stat -p 1,
expect 2 "pid: twice the same" stat -p 77,77
expect 2 "duration: a word" stat -p 1 -d soon
expect 2 "duration: negative" stat -p 1 -d -1
expect 2 "duration: zero" stat -p 1 -d 0
expect 2 "duration: not a number" stat -p 1 -d nan
expect 2 "duration: infinite" stat -p 1 -d inf
expect 2 "duration: too big" stat -p 1 -d 1e300
expect 2 "duration: given twice" stat -p 1 -d 1 -d 2
expect 2 "interval: zero" stat -p 1 -i 0
expect 2 "format: unknown" stat -p 1 --format xml
expect 2 "family: unknown" stat -p 1 --with gil,nonsense
expect 2 "two kinds of target" stat -p 1 --all
expect 2 "a process and a file" probes -p 1 --file /bin/true
expect 2 "hits of a file" probes --file /bin/true -d 1
expect 2 "a file to measure" stat --file /bin/true
expect 4 "file: not there" probes --file /nonexistent
expect 4 "file: a folder" probes --file /tmp
expect 4 "file: a device" probes --file /dev/zero
expect 4 "file: a pipe with no writer" probes --file "$T/pipe"
expect 4 "file: text" probes --file /etc/passwd
expect 4 "file: another program" probes --file /bin/true
expect 2 "ps takes no target" ps -p 1
expect 2 "doctor takes no target" doctor 1
expect 2 "max-threads: too small" stat -p 1 --max-threads 1
expect 2 "top without a terminal" top -p $$
expect 2 "sample rate: too high" stat -p 1 --mode watch --sample-rate 1000000

if [ "$(id -u)" = 0 ]; then
	sh -c 'exit 0' &
	gone=$!
	wait $gone
	expect 4 "no such process" stat -p $gone -d 1
	[ "$(cat /proc/2/comm 2>/dev/null)" != kthreadd ] || expect 4 "a kernel thread" stat -p 2 -d 1
	sleep 60 &
	later $!
	expect 4 "not Python" stat -p $! -d 1
	expect 4 "not Python, probes" probes -p $!
	"$PYTHON" -c 'import os, time
if os.fork() == 0: os._exit(0)
print("READY", flush=True); time.sleep(60)' >"$T/zombie" &
	later $!
	until_true 10 has_line READY "$T/zombie" || fail "zombie: not ready"
	zombie=$(tr -d ' ' <"/proc/$!/task/$!/children")
	expect 4 "a zombie" stat -p "$zombie" -d 1
	if command -v pypy3 >/dev/null; then
		pypy3 -c 'import time; print("READY", flush=True); time.sleep(60)' >"$T/pypy" &
		later $!
		until_true 20 has_line READY "$T/pypy" || fail "pypy3: not ready"
		expect 4 "PyPy" stat -p $! -d 1
	fi
	start_work idle.py
	# One bad pid of two spoils the measurement rather than being passed over.
	expect 4 "one of two gone" stat -p "$WORK,$gone" -d 1
	text_restored "$WORK" || fail "after errors: program text differs"

	if command -v setpriv >/dev/null; then
		cp "$GILSCOPE" "$T/gilscope" # where anybody can run it
		chmod 755 "$T/gilscope"
		BINARY=$T/gilscope
		RUNNER="setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all"
		expect 3 "unprivileged, another's process" stat -p "$WORK" -d 1
		expect 3 "unprivileged, its own program" stat -- /usr/bin/python3 -c pass
		RUNNER=''
		BINARY=''
	fi
	kill "$WORK"
fi
[ $cases -gt 30 ] || fail "only $cases cases were tried"
