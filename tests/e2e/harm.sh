#!/bin/sh
# Attaching and detaching again and again, and being killed, never harms a busy server.
. "$(dirname "$0")/lib.sh"
need_root
need bpftool
CYCLES=${HARM_CYCLES:-60}
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
	# shellcheck disable=SC2086
	until_true 5 restored $tracers || { text_restored "$WORK"; bpf_left $tracers; fail "after $CYCLES cycles"; }

	# Killed at a different moment each time, from the first steps to the middle of it.
	tracers=
	i=0
	while [ $i -lt "$KILLS" ]; do
		i=$((i + 1))
		"$GILSCOPE" stat -p "$WORK" --format json >/dev/null 2>&1 &
		tracers="$tracers $!"
		later $!
		sleep "$(awk "BEGIN { print $i * 0.04 }")"
		kill -KILL $!
		wait $! 2>/dev/null
		alive "$WORK" || fail "kill $i: the server died"
	done
	# shellcheck disable=SC2086
	until_true 10 restored $tracers || { text_restored "$WORK"; bpf_left $tracers; fail "after $KILLS kills"; }

	# With intervals for a while: its memory does not grow with the threads that come and go.
	SCOPE_FORMAT=jsonl start_stat -p "$WORK" -i 0.1
	sleep 2
	before=$(rss "$SCOPE")
	sleep 6
	after=$(rss "$SCOPE")
	SCOPE_FORMAT=
	stop_stat
	go
	truth_of
	quit
	echo "{\"before\": $before, \"after\": $after}" >"$T/rss"
	check "$S.out" "$W.truth" "$T/rss" <<-'EOF'
		equal(f"failed requests of {truth['requests']} ({truth.get('why')})", 0, truth["failed"])
		expect(truth["requests"] > 200, "requests served", "more than 200", truth["requests"])
		between("intervals", 40, 100, len(results))
		rss = truths[1]
		expect(rss["after"] - rss["before"] <= 3072, "growth of gilscope in 6 s, KiB", "at most 3072",
		       rss["after"] - rss["before"])
	EOF
}
restored() { text_restored "$WORK" >/dev/null && bpf_left "$@" >/dev/null; }
rss() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }
on_each_python harm
