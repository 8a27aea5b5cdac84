#!/bin/sh
# Manual pages, completions and the package's own lists say what --help and the build say.
. "$(dirname "$0")/lib.sh"
command -v help2man >/dev/null || skip "help2man: not installed"

commands=$("$GILSCOPE" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\)  .*/\1/p')
[ -n "$commands" ] || fail "--help lists no commands"
options_of() { # the long options that the help of command $1 lists
	"$GILSCOPE" "$1" --help | sed -n '/^Options:/,/^$/p' |
		sed -n 's/^ *-[a-z], \(--[a-z-]*\).*/\1/p; s/^ *\(--[a-z-]*\).*/\1/p' | sort -u
}

sh "$ROOT/scripts/manpages.sh" "$GILSCOPE" "$T/man" || fail "manual pages: not made"
for command in $commands; do
	page=$T/man/gilscope-$command.8
	[ -s "$page" ] || fail "$command: no manual page"
	if command -v groff >/dev/null; then
		groff -man -ww -Tutf8 "$page" >/dev/null 2>"$T/warnings" || true
		[ ! -s "$T/warnings" ] || { cat "$T/warnings"; fail "$command: its manual page is not clean"; }
	fi
	options_of "$command" >"$T/help"
	sed -n 's/\\fB//g; s/\\fR//g; s/\\-/-/g; s/^\(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' "$page" |
		sort -u >"$T/page"
	diff "$T/help" "$T/page" >"$T/diff" || { cat "$T/diff"; fail "$command: --help (<) and manual page (>) differ"; }
done
[ "$(find "$T/man" -name '*.8' | wc -l)" = "$(($(echo "$commands" | wc -w) + 1))" ] ||
	fail "manual pages: not one for each command and one for all"

# complete_bash WORD…: what bash proposes for the last of them
complete_bash() {
	PATH=$(dirname "$GILSCOPE"):$PATH bash -c '
		. "$0"
		COMP_WORDS=(gilscope "$@") COMP_CWORD=$#
		_gilscope gilscope
		printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/packaging/completions/gilscope.bash" "$@" 2>/dev/null | sort -u
}
expect_same() { # expect_same WHAT WANT WORD…: what is proposed after WORD…
	what=$1 want=$2
	shift 2
	complete_bash "$@" >"$T/seen"
	printf '%s\n' "$want" | tr ' ' '\n' | sort -u >"$T/want"
	diff "$T/want" "$T/seen" >"$T/diff" || { cat "$T/diff"; fail "bash: $what: wanted (<), proposed (>)"; }
}
[ "$(basename "$GILSCOPE")" = gilscope ] || fail "$GILSCOPE: not called gilscope"
expect_same commands "$(echo $commands) --help --version" ""
for command in $commands; do
	expect_same "options of $command" "$(echo $(options_of "$command"))" "$command" --
done
expect_same modes "watch exact" stat --mode ""
expect_same formats "table json jsonl" stat --format ""
expect_same families "gil gc" stat --with g
expect_same files "$ROOT/VERSION" report "$ROOT/VERS"
if command -v zsh >/dev/null; then
	zsh -n "$ROOT/packaging/completions/_gilscope" || fail "zsh: its completion cannot be parsed"
fi

# What the package is built with is what the build installs.
sed -n '/^Build-Depends:/,/^[A-Z][a-z]*-[A-Z]/p' "$ROOT/debian/control" | sed '1d;$d; s/ *(.*//; s/,.*//; s/ *|.*//; s/:any//' |
	tr -d ' ' | grep -v -e '^bash-completion$' -e '^help2man$' | sort >"$T/control"
{
	echo libbpf-dev
	echo bpftool
	sed -n '/^BUILD="/,/"$/p' "$ROOT/scripts/deps.sh" | sed 's/^BUILD=//' | tr -d '"\t' | tr ' ' '\n'
} | grep -v -e '^$' -e '^gcc$' -e '^make$' -e '^ncurses-term$' | sort >"$T/deps"
diff "$T/deps" "$T/control" >"$T/diff" || { cat "$T/diff"; fail "scripts/deps.sh (<) and debian/control (>) differ"; }
[ "$(sed -n '1s/^gilscope (\(.*\)).*/\1/p' "$ROOT/debian/changelog")" = "$(cat "$ROOT/VERSION")" ] ||
	fail "debian/changelog and VERSION differ"
