#!/bin/sh
# Every stop of the tour goes as expected: on the bundled runtime, and on CPython where it exists.
. "$(dirname "$0")/lib.sh"
need_root
rt=$(dirname "$GILSCOPE")/gilscope-rt
[ -x "$rt" ] || fail "$rt: not built; run make"

names=$("$rt" --names)
[ -n "$names" ] || fail "gilscope-rt --names: expected stops, seen none"
listed=$("$GILSCOPE" tour | awk '{ print $1 }')
[ "$listed" = "$names" ] || fail "gilscope tour: expected the stops $names, seen $listed"

for python in "" --python; do
	"$GILSCOPE" tour --all $python >"$T/out" 2>"$T/err" || {
		grep -B 12 'NOT as expected' "$T/out"
		fail "gilscope tour --all $python: $(tail -n 1 "$T/out"); $(cat "$T/err")"
	}
	n=$(echo "$names" | wc -l)
	[ "$(tail -n 1 "$T/out")" = "$n stops, $n as expected" ] ||
		fail "tour --all $python: expected all $n as expected, seen $(tail -n 1 "$T/out")"
done

# A stop that does not exist, one too many, and an unprivileged visitor.
rc=0
"$GILSCOPE" tour nowhere >"$T/out" 2>"$T/err" || rc=$?
[ $rc = 2 ] || fail "an unknown stop: expected exit code 2, seen $rc; $(cat "$T/err")"
rc=0
"$GILSCOPE" tour gil race >"$T/out" 2>"$T/err" || rc=$?
[ $rc = 2 ] || fail "two stops: expected exit code 2, seen $rc; $(cat "$T/err")"
