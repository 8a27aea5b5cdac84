#!/bin/sh
# The bundled runtime passes its tests without probes, collecting at every allocation, and under sanitizers.
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2

# variant NAME DEFINES SANITIZERS [TEST…]
variant() {
	name=$1 defines=$2 sanitizers=$3
	shift 3
	make -s -j2 O="$T/$name" RT_DEFS="$defines" SAN="$sanitizers" rt-tests >"$T/$name.log" 2>&1 ||
		fail "$name: does not build; $(tail -n 3 "$T/$name.log")"
	O=$T/$name tests/run.sh "${@:-unit/test_rt}" >"$T/$name.log" 2>&1 ||
		fail "$name: $(grep -A 30 FAIL "$T/$name.log"; tail -n 1 "$T/$name.log")"
	passed=$(sed -n 's/^\([0-9]*\) passed, 0 failed.*/\1/p' "$T/$name.log")
	[ "${passed:-0}" -gt 50 ] || fail "$name: expected more than 50 tests, seen ${passed:-none}"
}

variant plain -DRT_NO_PROBES ""
readelf -n "$T/plain/tests/test_rt_gil" | grep -q gilscope_rt && fail "-DRT_NO_PROBES: expected no notes, seen some"
variant stress -DRT_GC_STRESS address,undefined
variant threads "" thread unit/test_rt_gil unit/test_rt_truth unit/test_rt_loop unit/test_rt_async unit/test_rt_pool
