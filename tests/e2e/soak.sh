#!/bin/sh
# A few seconds of the soak: stat and record at full rate stay flat, lose nothing, and keep the time.
. "$(dirname "$0")/lib.sh"
need_root

# Wider bounds than in the long run: buffers are touched for the first time, and a few readings are
# late on a machine that does other things.
O=$O GILSCOPE=$GILSCOPE timeout 120 sh "$ROOT/tests/bench/run.sh" soak --seconds "${SOAK_SECONDS:-8}" --clock 200 --growth 8 \
	>"$T/out" 2>"$T/err" || fail "soak: exit code $?; $(cat "$T/out"; tail -n 3 "$T/err")"
[ "$(grep -c '^ok ' "$T/out")" = 6 ] || fail "soak: expected 6 lines ok, seen: $(cat "$T/out")"
! grep -q '^FAIL' "$T/out" || fail "soak: $(cat "$T/out")"
