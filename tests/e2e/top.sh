#!/bin/sh
# The dashboard in a real terminal: figures, keys, resizing, no colour, hostile names, restored.
. "$(dirname "$0")/lib.sh"
need_root
need tmux
unset TMUX
screens=0 # each has a server of its own
mux() { timeout 20 tmux -S "$T/tmux$screens" -f /dev/null "$@"; }
trap 'rc=$?; mux kill-server 2>/dev/null; (exit $rc); cleanup' EXIT

# screen_start WIDTH HEIGHT COMMAND: a shell in a terminal of that size runs it; when it is over
# the shell prints END and its exit code, and the terminal's settings are in $T/stty
screen_start() {
	[ $screens = 0 ] || mux kill-server 2>/dev/null
	screens=$((screens + 1))
	rm -f "$T/stty" "$T/raw"
	cat >"$T/session.sh" <<-SCRIPT
		stty -a >'$T/stty.before'
		printf 'BEFORE\n'
		$3
		printf 'END %s\n' \$?
		stty -a >'$T/stty'
		sleep 60
	SCRIPT
	mux new-session -d -x "$1" -y "$2" "sleep 0.3; exec sh '$T/session.sh'" || fail "tmux: does not start"
	mux pipe-pane "exec cat >'$T/raw'"
}
screen() { mux capture-pane -p; }
shows() { screen | grep -q -e "$1"; }
rows() { screen | grep -w 'cpu[01]\|io[0-3]'; }
differs() { [ "$1" != "$(screen)" ]; }
key() { mux send-keys "$1"; }
await() { # await SECONDS PATTERN WHAT
	until_true "$1" shows "$2" || fail "$3: expected '$2' on the screen, seen:
$(screen)"
}
restored_after() {
	await 15 '^END' "$1"
	until_true 5 test -s "$T/stty" || fail "$1: no terminal settings"
	cmp -s "$T/stty.before" "$T/stty" || fail "$1: terminal settings differ: $(diff "$T/stty.before" "$T/stty")"
	shows '^BEFORE' || fail "$1: expected what the screen showed before, seen: $(screen)"
	[ "$(mux display-message -p '#{cursor_flag}')" = 1 ] || fail "$1: the cursor is still hidden"
	[ "$(mux display-message -p '#{alternate_on}')" = 0 ] || fail "$1: still on the alternate screen"
}

start_work mix.py 200
go
for size in 80x24 200x60; do
	screen_start "${size%x*}" "${size#*x}" "'$GILSCOPE' top --with stacks -p $WORK -i 0.2"
	await 20 "$WORK" "top at $size"
	await 5 'HELD%' "top at $size"
	await 10 'cpu0' "top at $size: thread names"
	before=$(screen)
	key '?'
	until_true 5 differs "$before" || fail "top: ? changes nothing"
	await 5 '[Qq]uit' "top: the keys that ? lists"
	key '?'
	await 5 'HELD%' "top: back from the help"
	key s
	sleep 0.3
	key p
	await 5 '[Pp][Aa][Uu][Ss]' "top: p"
	sleep 0.3
	before=$(rows)
	[ -n "$before" ] || fail "top: paused: no rows of threads; seen: $(screen)"
	sleep 0.8
	[ "$before" = "$(rows)" ] || fail "top: figures change while paused: $before and then $(rows)"
	key p
	key Down
	key Up
	key z # means nothing
	mux resize-window -x 60 -y 15
	sleep 0.6
	mux resize-window -x 20 -y 4
	sleep 0.6
	mux resize-window -x "${size%x*}" -y "${size#*x}"
	await 5 'HELD%' "top: after resizing"
	key Enter
	await 5 'WAITED FOR' "top at $size: Enter opens the marked thread"
	key F
	await 10 'burn\|pump' "top at $size: F in an opened thread, its functions"
	key w
	key Escape
	await 5 'WAITED FOR' "top at $size: back in the thread"
	key b
	await 5 'HOLDER, by waiter' "top at $size: b"
	key Escape
	await 5 'HELD%' "top at $size: back from the matrix"
	key q
	restored_after "top: q"
	shows '^END 0' || fail "top: expected exit code 0 after q, seen: $(screen | grep END)"
done

# Ended by a signal: restored as well.
for signal in TERM INT HUP; do
	screen_start 80 24 "sh -c 'echo \$\$ >$T/pid; exec \"$GILSCOPE\" top -p $WORK -i 0.2'"
	await 20 'HELD%' "top"
	kill -$signal "$(cat "$T/pid")"
	restored_after "top: SIG$signal"
done
until_true 10 text_restored "$WORK" >/dev/null 2>&1 || fail "$(text_restored "$WORK")"

# The target ends: it says so, in the dashboard or by ending.
kill "$WORK"
start_work mix.py 200
go
screen_start 80 24 "'$GILSCOPE' top -p $WORK -i 0.2"
await 20 'HELD%' "top"
kill -KILL "$WORK"
await 10 'exited\|ended\|gone\|^END' "top: after the target's end"
shows '^END' || key q
restored_after "top: the target's end"

# No colour where none is wanted; colours otherwise, so that the check can fail.
start_work mix.py 200
go
colours() { LC_ALL=C grep -a -c "$(printf '\033')\[\([0-9;]*;\)\{0,1\}[349][0-8][0-9;]*m" "$T/raw"; }
for how in NO_COLOR=1 --no-color ''; do
	case $how in
	NO*) command="$how '$GILSCOPE' top -p $WORK -i 0.2" ;;
	*) command="'$GILSCOPE' top -p $WORK -i 0.2 $how" ;;
	esac
	screen_start 100 30 "$command"
	await 20 'HELD%' "top $how"
	sleep 0.5
	key q
	restored_after "top $how"
	if [ -n "$how" ]; then
		[ "$(colours)" = 0 ] || fail "top with $how: expected no colours"
	else
		[ "$(colours)" != 0 ] || fail "top: expected colours"
	fi
done
kill "$WORK"

# Names that are escape sequences do not reach the terminal.
start_work names.py
screen_start 120 40 "'$GILSCOPE' top -p $WORK -i 0.2"
await 20 'HELD%' "top with hostile names"
sleep 1
! LC_ALL=C grep -a -q "$(printf '\033')\]0;PWNED\|$(printf '\033')\[31mEVIL\|$(printf '\302\233')" "$T/raw" ||
	fail "top: a name's escape sequence reached the terminal"
case $(mux display-message -p '#{pane_title}') in
*PWNED*) fail "top: a name changed the terminal's title" ;;
esac
key q
restored_after "top with hostile names"

# Terminals it cannot draw on, and no terminal.
for term in dumb no-such-terminal; do
	screen_start 80 24 "TERM=$term '$GILSCOPE' top -p $WORK"
	await 15 '^END 2' "top with TERM=$term"
	await 1 'gilscope: ' "top with TERM=$term"
done
