# lib_agent.sh: for tests of the agent, behind lib.sh

# start_agent [ARG…]: with the configuration $T/agent.conf; $AGENT is its pid, $AT its address; $AS runs it
start_agent() {
	: >"$T/agent.err"
	# shellcheck disable=SC2086 # a command's words, before it
	${AS:-} env --default-signal=INT,HUP,PIPE "$GILSCOPE" agent --config "$T/agent.conf" "$@" \
		>"$T/agent.out" 2>"$T/agent.err" </dev/null &
	AGENT=$!
	later $AGENT
	until_true 20 measures "$AGENT" "$T/agent.err"
	AT=$(sed -n 's/.*answering at //p' "$T/agent.err")
	[ -n "$AT" ] || fail "gilscope agent: does not answer; $(tail -n 3 "$T/agent.err")"
}

stop_agent() {
	kill -INT "$AGENT"
	ended "$AGENT" 20
	[ "$RC" = 0 ] || fail "gilscope agent: expected exit code 0 after SIGINT, seen $RC; $(tail -n 3 "$T/agent.err")"
	bpf_left "$AGENT"
}

# refused CODE TEXT ARG…: the agent does not start, and says why
refused() {
	code=$1 text=$2
	shift 2
	run agent "$@"
	[ "$RC" = "$code" ] || fail "agent $*: expected exit code $code, seen $RC; $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "agent $*: expected one line, seen $(cat "$T/err")"
	grep -qF -- "$text" "$T/err" || fail "agent $*: expected '$text', seen $(cat "$T/err")"
}

# reload: SIGHUP; waits for what it says of it, which is in $said
reload() {
	: >"$T/agent.err"
	kill -HUP "$AGENT"
	until_true 5 has_line . "$T/agent.err" || fail "SIGHUP: nothing said"
	said=$(cat "$T/agent.err")
}
