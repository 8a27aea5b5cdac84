#!/bin/sh
# Fuzzed input for each parser, under ASan and UBSan: no crash, no hang, no unbounded memory.
. "$(dirname "$0")/lib.sh"
need clang make

cd "$ROOT" || fail "$ROOT: cannot go there"
rc=0
O=$O sh tests/fuzz/run.sh "${FUZZ_SECONDS:-60}" >"$T/log" 2>&1 || rc=$?
[ $rc != 77 ] || skip "$(tail -n 1 "$T/log")"
[ $rc = 0 ] || { tail -n 40 "$T/log"; fail "tests/fuzz/run.sh: exit code $rc"; }
tail -n 9 "$T/log"
