#!/bin/sh
# Every count equals the bundled runtime's own, over GIL patterns, collections, deallocations and I/O.
. "$(dirname "$0")/lib.sh"
need_root
rt=$(dirname "$GILSCOPE")/gilscope-rt
[ -x "$rt" ] || fail "$rt: not built; run make"

GILSCOPE_RT=$rt "$PY" "$ROOT/tests/calibrate/calibrate.py" --quick >"$T/out" || fail "$(cat "$T/out")"
