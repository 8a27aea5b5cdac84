#!/bin/sh
# An older kernel, booted in an emulator, gives the known answers; KERNELS=all for every one that is here.
. "$(dirname "$0")/lib.sh"
need_tracer

# One without uprobe_multi, which is the way that this machine may not take.
names=6.1 tests=holds,collections,traces limit=220
[ "${KERNELS:-}" != all ] || names= tests= limit=600
[ -z "$names" ] || [ -s "$O/kernels/$names/vmlinuz" ] || skip "Linux $names: not fetched; run make kernels"
rc=0
# shellcheck disable=SC2086 # a name or none
GILSCOPE="$GILSCOPE" O="$O" KERNEL_TESTS="$tests" KERNEL_TIMEOUT=$limit bash "$ROOT/tests/kernels/run.sh" $names >"$T/log" 2>&1 || rc=$?
[ $rc != 77 ] || skip "$(tail -n 1 "$T/log")"
cat "$T/log"
[ $rc = 0 ] || fail "tests/kernels/run.sh: exit code $rc"
