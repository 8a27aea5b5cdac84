#!/bin/sh
# Each CPython fetched by `make pythons`, as program, debug build and library, has the known answers.
#
# The matrix (tests/matrix), in part unless MATRIX=all: each form in a root and with a libc of its own, one interpreter in
# every place; takes, holds, waits, collections, calls of epoll, event loops and task steps equal the
# programs' own counts, and watch mode agrees with exact mode.  And debug builds without debug information.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root
need cc
need objcopy
need readelf
need unshare

# A debug build that cannot be told where its things are is refused by what is missing.
bare() {
	start_work idle.py
	run probes -p "$WORK"
	[ "$RC" = 5 ] || fail "probes of a debug build without debug information ended with $RC, not 5"
	grep -q 'debug build, without debug information' "$T/err" || fail "its error: $(cat "$T/err")"
	quit
}

# The same once debuginfod has been asked, and from then on without: what it told is kept.
fetched() {
	start_work idle.py
	id=$(readelf -n "$root$PYTHON" | sed -n 's/.*Build ID: //p')
	[ -n "$id" ] || fail "$PYTHON: no build id"
	mkdir -p "$T/web/buildid/$id" "$T/kept"
	cp "$root/usr/bin/python$name-dbg" "$T/web/buildid/$id/debuginfo"
	python3 -u -m http.server -b 127.0.0.1 -d "$T/web" 0 >"$T/port" 2>&1 &
	server=$!
	later $server
	until_true 10 has_line ' port [0-9]' "$T/port" || fail "http.server: does not start"
	url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$T/port")
	export DEBUGINFOD_CACHE_PATH="$T/client" GILSCOPE_CACHE="$T/kept"
	export DEBUGINFOD_URLS="$url"
	for from in server kept; do
		run probes -p "$WORK" --format json
		[ "$RC" = 0 ] || fail "probes, debug information from the $from: $(cat "$T/err")"
		check "$T/out" <<-'END'
			equal("layout", "dwarf", only_process(result)["layout"])
		END
		kill $server 2>/dev/null
		rm -rf "$T/client"
		unset DEBUGINFOD_URLS
	done
	# Nobody else may have written there.
	chmod 777 "$T/kept"
	run probes -p "$WORK"
	[ "$RC" = 5 ] || fail "a folder that anybody can write to was trusted"
	quit
}

# What a file below the program's own root told is kept for that file: it is read from there the next
# time, which a number changed in it shows.
kept_for_file() {
	start_work idle.py
	export GILSCOPE_CACHE="$T/own"
	run probes -p "$WORK" --format json
	[ "$RC" = 0 ] || fail "probes, its own debug information: $(cat "$T/err")"
	[ "$(ls "$T/own" | wc -l)" = 1 ] || fail "kept of it: expected one file, seen: $(ls "$T/own")"
	sed -i 's/^frames.code_name .*/frames.code_name 4/' "$T/own"/*
	run probes -p "$WORK"
	[ "$RC" = 5 ] && grep -q 'co_name.*dwarf says 4; one of them is wrong' "$T/err" ||
		fail "what was kept was not used: exit code $RC, $(cat "$T/err")"
	quit
}

part=--subset
[ "${MATRIX:-}" != all ] || part=
# shellcheck disable=SC2086 # none, or a word
GILSCOPE=$GILSCOPE O=$O sh "$ROOT/tests/matrix/run.sh" $part || fails=1

found=
for root in "$O"/pythons/*; do
	in_root "$root" || continue
	[ -e "$root/usr/bin/python$name-dbg" ] || continue
	found=1
	PYTHON=$inside/python${name}d
	objcopy --strip-debug "$root/usr/bin/python$name-dbg" "$root$PYTHON" || fail "objcopy: see above"
	each "$name dbg" bare
	[ "$name" != 3.11 ] || each "$name dbg" fetched
	PYTHON=/usr/bin/python$name-dbg
	[ "$name" != 3.11 ] || each "$name dbg" kept_for_file
done
[ -z "$fails" ] || exit 1
[ -n "$found" ] || skip "no other CPythons here; run make pythons"
