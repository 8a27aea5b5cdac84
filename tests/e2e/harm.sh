#!/bin/sh
# Attaching and detaching again and again, and being killed, never harms a busy server.
. "$(dirname "$0")/lib.sh"
need_root
need bpftool
CYCLES=${HARM_CYCLES:-100} # on each of two builds
KILLS=${HARM_KILLS:-20}

harm() {
	start_work server.py 4
	text_restored "$WORK" || fail "before any attach: text differs"

	tracers=
	i=0
	while [ $i -lt "$CYCLES" ]; do
		i=$((i + 1))
		timeout -k 2 30 "$GILSCOPE" stat -p "$WORK" -d 0.05 --format json >"$T/out" 2>"$T/err" &
		tracers="$tracers $!"
		later $!
		RC=0
		wait $! || RC=$?
		[ $RC = 0 ] || fail "cycle $i: expected exit code 0, seen $RC; $(cat "$T/err")"
		alive "$WORK" || fail "cycle $i: the server died"
	done
	nothing_left "after $CYCLES cycles"

	# Killed at a different moment each time, from the first steps to the middle of it.
	tracers=
	i=0
	while [ $i -lt "$KILLS" ]; do
		i=$((i + 1))
		"$GILSCOPE" stat -p "$WORK" --format json >/dev/null 2>&1 &
		tracers="$tracers $!"
		later $!
		sleep "$(awk "BEGIN { print $i * 0.04 }")"
		kill -KILL $! || fail "kill $i: gilscope had ended by itself"
		wait $! 2>/dev/null
		alive "$WORK" || fail "kill $i: the server died"
	done
	nothing_left "after $KILLS kills"

	# With intervals for a while: its memory grows until it keeps as many ended threads as it
	# ever will, then no more, though threads come and go.
	SCOPE_FORMAT=jsonl start_stat -p "$WORK" -i 0.1
	sleep 4
	rounds=0
	after=$(rss "$SCOPE")
	until
		before=$after
		sleep 4
		after=$(rss "$SCOPE")
		[ $((after - before)) -le 128 ]
	do
		rounds=$((rounds + 1))
		[ $rounds -lt 10 ] || fail "memory of gilscope: still grows after 40 s, $((after - before)) KiB in 4 s"
	done
	SCOPE_FORMAT=
	stop_stat
	go
	truth_of
	quit
	check "$S.out" "$W.truth" <<-'EOF'
		equal(f"failed requests of {truth['requests']} ({truth.get('why')})", 0, truth["failed"])
		expect(truth["requests"] > 200, "requests served", "more than 200", truth["requests"])
		expect(len(results) >= 40, "intervals", "at least 40", len(results))
	EOF
}
nothing_left() {
	until_true 10 text_restored "$WORK" >/dev/null 2>&1 || { text_restored "$WORK"; fail "$1"; }
	# shellcheck disable=SC2086 # a list of pids
	bpf_left $tracers || fail "$1"
}
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }
on_each_python harm
