#!/bin/bash
# run.sh [NAME…]: run the tests: unit tests, lint, end-to-end; say how each went.
#
# NAME limits the run to tests whose name contains one of them (test_hist, lint, e2e/gil …).
# O=DIR is where gilscope was built (build).  All are run, whichever fail; the
# last line is "N passed, N failed[, N skipped]".  Exit code 1 if any failed.
set -u
cd "$(dirname "$0")/.." || exit 2
export O=${O:-build}
LIMIT=${TEST_TIMEOUT:-300} # seconds for one script or unit test program
passed=0 failed=0 skipped=0
log=$(mktemp) || exit 2
trap 'rm -f "$log" "$log.aside"; [ -z "${aside:-}" ] || kill "$aside"' EXIT
trap 'echo "interrupted: $passed passed, $failed failed so far" >&2; exit 130' INT TERM

wanted() { # wanted NAME ARG…
	local name=$1 want
	shift
	[ $# -eq 0 ] && return 0
	for want; do
		[[ $name == *"$want"* ]] && return 0
	done
	return 1
}

# try NAME COMMAND…: run it within the limit; sets rc, out ($log) and took
try() {
	local from=$EPOCHREALTIME
	shift
	timeout -k 10 "$LIMIT" "$@" >"$log" 2>&1 </dev/null
	rc=$?
	took=$(awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }')
	case $rc in 124 | 137) echo "    ended after $LIMIT s" >>"$log" ;; esac
}

verdict() { # verdict NAME: one line for a test that is one test
	case $rc in
	0) passed=$((passed + 1)) && printf 'ok    %-28s %s\n' "$1" "$took" ;;
	77) skipped=$((skipped + 1)) && printf 'skip  %-28s %s: %s\n' "$1" "$took" "$(tail -n 1 "$log")" ;;
	*) failed=$((failed + 1)) && printf 'FAIL  %-28s %s (exit code %d)\n' "$1" "$took" "$rc" && cat "$log" ;;
	esac
}

# A unit test program holds many tests; cmocka lists each with its outcome.
unit() {
	local name=$1 ok bad skip
	try "$name" "$2"
	ok=$(grep -c '^\[       OK \]' "$log")
	# Failed and skipped tests are listed twice, in place and in the summary.
	skip=$(sed -n 's/^\[  SKIPPED \] \([A-Za-z_][A-Za-z0-9_]*\)$/\1/p' "$log" | sort -u | wc -l)
	bad=$(sed -n 's/^\[  FAILED  \] \([A-Za-z_][A-Za-z0-9_]*\)$/\1/p' "$log" | sort -u | wc -l)
	[ "$rc" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
	[ "$rc" -eq 0 ] && [ "$((ok + skip))" -eq 0 ] && bad=1 && echo "    it ran no test" >>"$log"
	passed=$((passed + ok)) skipped=$((skipped + skip)) failed=$((failed + bad))
	if [ "$bad" -gt 0 ]; then
		printf 'FAIL  %-28s %s (%d of %d tests)\n' "$name" "$took" "$bad" "$((ok + bad + skip))"
		cat "$log"
	else
		printf 'ok    %-28s %s (%d tests)\n' "$name" "$took" "$ok"
	fi
}

# Fuzzing, and the kernels in their emulator, take one CPU and nothing else of this machine: so
# they are done beside what takes no time of anything: fuzzing beside unit tests, lint and the
# scripts in $beside_fuzz, the kernels beside those in $beside_kernels.  What attaches again and again
# only asks whether its server lives, so it goes beside those in $beside_harm, which count and compare.
beside_fuzz="runtime_builds browser broken deploy otlp"
beside_kernels="deploy_sql probes ps embed errors formats golden doctor launch report"
beside_harm="record record_report export packaging"
aside=
begin_aside() { # begin_aside NAME ARG…
	local name=$1
	shift
	wanted "e2e/$name" "$@" || return 0
	aside_name=$name aside_from=$EPOCHREALTIME
	timeout -k 10 "$LIMIT" sh "tests/e2e/$name.sh" >"$log.aside" 2>&1 </dev/null &
	aside=$!
}
end_aside() { # as try, and its verdict
	[ -n "$aside" ] || return 0
	rc=0
	wait "$aside" || rc=$?
	took=$(awk -v a="$aside_from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s, beside others", b - a }')
	aside=
	mv "$log.aside" "$log"
	verdict "e2e/$aside_name"
}
script() { # script NAME ARG…: of tests/e2e
	local name=$1
	shift
	wanted "e2e/$name" "$@" || return 0
	try "$name" sh "tests/e2e/$name.sh"
	verdict "e2e/$name"
}

begin_aside fuzz "$@"
for source in tests/unit/test_*.c; do
	[ -e "$source" ] || continue
	name=$(basename "$source" .c)
	wanted "unit/$name" "$@" || continue
	if [ -x "$O/tests/$name" ]; then
		unit "unit/$name" "$O/tests/$name"
	else
		echo "    $O/tests/$name: not built" >"$log"
		rc=1 took="0.0 s"
		verdict "unit/$name"
	fi
done
if wanted lint "$@"; then
	try lint sh tests/lint/run.sh
	verdict lint
fi
for name in $beside_fuzz; do
	script "$name" "$@"
done
end_aside
begin_aside kernels "$@"
for name in $beside_kernels; do
	script "$name" "$@"
done
end_aside
begin_aside harm "$@"
for name in $beside_harm; do
	script "$name" "$@"
done
end_aside
for path in tests/e2e/*.sh; do
	name=$(basename "$path" .sh)
	case " fuzz kernels harm $beside_fuzz $beside_kernels $beside_harm " in *" $name "*) continue ;; esac
	[ "${name#lib}" = "$name" ] && script "$name" "$@"
done

[ $((passed + failed + skipped)) -gt 0 ] || { echo "no test is called that" >&2; failed=1; }
line="$passed passed, $failed failed"
[ $skipped -eq 0 ] || line="$line, $skipped skipped"
echo "$line"
[ $failed -eq 0 ]
