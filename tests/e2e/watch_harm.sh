#!/bin/sh
# Watch mode, attached often or killed at any moment, leaves nothing; its target may be killed too.
. "$(dirname "$0")/lib.sh"
need_root
need bpftool
CYCLES=${HARM_CYCLES:-10}
KILLS=${HARM_KILLS:-10}
tracers=

nothing_left() {
	until_true 10 text_restored "$WORK" >/dev/null 2>&1 || fail "$1: $(text_restored "$WORK")"
	# shellcheck disable=SC2086 # a list of pids
	bpf_left $tracers || fail "$1"
}

start_work server.py 4
i=0
while [ $i -lt "$CYCLES" ]; do
	i=$((i + 1))
	timeout -k 2 30 "$GILSCOPE" stat --mode watch -p "$WORK" -d 0.05 --format json >"$T/out" 2>"$T/err" &
	tracers="$tracers $!"
	later $!
	RC=0
	wait $! || RC=$?
	[ $RC = 0 ] || fail "cycle $i: expected exit code 0, seen $RC; $(cat "$T/err")"
	alive "$WORK" || fail "cycle $i: the server died"
done
nothing_left "after $CYCLES cycles"

# From the first steps of attaching to the middle of the measurement; every other time with sites.
i=0
while [ $i -lt "$KILLS" ]; do
	i=$((i + 1))
	sites=
	[ $((i % 2)) = 0 ] || sites=--contended-sites
	# shellcheck disable=SC2086 # one word or none
	"$GILSCOPE" stat --mode watch -p "$WORK" --format json $sites >/dev/null 2>&1 &
	tracers="$tracers $!"
	later $!
	sleep "$(awk "BEGIN { print $i * 0.03 }")"
	kill -KILL $! || fail "kill $i: gilscope had ended by itself"
	wait $! 2>/dev/null
	alive "$WORK" || fail "kill $i: the server died"
done
nothing_left "after $KILLS kills"

# The dashboard: what the samples tell and what they cannot.
if command -v tmux >/dev/null 2>&1; then
	unset TMUX
	mux() { timeout 20 tmux -S "$T/tmux" -f /dev/null "$@"; }
	trap 'rc=$?; mux kill-server 2>/dev/null; (exit $rc); cleanup' EXIT
	shows() { mux capture-pane -p | grep -q -e "$1"; }
	await() { until_true 15 shows "$1" || fail "top: expected '$1', seen: $(mux capture-pane -p)"; }
	mux new-session -d -x 120 -y 40 \
		"'$GILSCOPE' top --mode watch -p $WORK -i 0.2; echo END \$?; sleep 60" ||
		fail "tmux: does not start"
	await 'HELD%'
	await "$WORK"
	await 'watch'
	mux send-keys q
	await '^END 0'
	nothing_left "after top"
fi

go
truth_of
quit
check "$W.truth" <<'EOF'
equal(f"failed requests of {result['requests']} ({result.get('why')})", 0, result["failed"])
expect(result["requests"] > 100, "requests served", "more than 100", result["requests"])
EOF

# The target is killed while it is watched: that ends the measurement, with what there was.
for delay in 0.05 0.6; do
	start_work mix.py 200
	start_stat --mode watch -p "$WORK"
	go
	sleep $delay
	kill -KILL "$WORK"
	ended "$SCOPE" 10
	[ "$RC" = 0 ] || fail "stat of a target that was killed: expected exit code 0, seen $RC; $(cat "$S.err")"
	check "$S.out" <<-'EOF'
		contract(result)
		equal("mode", "watch", result["mode"])
		only_process(result)
	EOF
	bpf_left "$SCOPE" || fail "after the target was killed"
done
