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

# Where the kernel refuses the tracer a stop runs all the same, once, and says what is missing.
if command -v setpriv >/dev/null; then
	chmod 755 "$T"
	cp "$GILSCOPE" "$rt" "$T"
	setpriv --reuid 65534 --clear-groups "$T/gilscope" tour is-vs-equal >"$T/out" 2>"$T/err" ||
		fail "unprivileged: expected exit code 0; $(tail -n 3 "$T/out" "$T/err")"
	grep -q '^Not traced: .*not permitted' "$T/out" || fail "unprivileged: expected it to say so; $(cat "$T/out")"
	[ "$(grep -c '^nan, nan' "$T/out")" = 1 ] || fail "unprivileged: expected one run; $(cat "$T/out")"
fi

# A stop that does not exist, one too many, and an unprivileged visitor.
rc=0
"$GILSCOPE" tour nowhere >"$T/out" 2>"$T/err" || rc=$?
[ $rc = 2 ] || fail "an unknown stop: expected exit code 2, seen $rc; $(cat "$T/err")"
rc=0
"$GILSCOPE" tour gil race >"$T/out" 2>"$T/err" || rc=$?
[ $rc = 2 ] || fail "two stops: expected exit code 2, seen $rc; $(cat "$T/err")"
