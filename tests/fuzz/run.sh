#!/bin/sh
# run.sh [SECONDS [TARGET…]]: build the fuzz targets into $O/fuzz and run each in turn; together they
# take that many seconds (60).  1 if one crashes.
#
# What has been found is kept in $O/fuzz/corpus-TARGET and begun with the next time.  A crash leaves
# its input in $O/fuzz; run the target with that file to see it again.
set -eu
cd "$(dirname "$0")/../.."
O=${O:-build}
seconds=${1:-60}
case $seconds in '' | *[!0-9]*) echo "run.sh: $seconds: not a number of seconds" >&2; exit 2 ;; esac
[ $# -eq 0 ] || shift
targets=${*:-trace_reader elf usdt_note fde code dwarf debug_offsets frames py_code proc native sites}
F=$O/fuzz
clang=${CLANG:-clang}
mkdir -p "$F/tests/fuzz"

# All that is under test, instrumented, as one library.
# No warnings: the other build has them all.  -O1: line numbers that can be trusted.
${MAKE:-make} -s --no-print-directory -j"$(nproc)" O="$F" SAN= WARN= "CFLAGS=-O1 -g -std=gnu11" \
	"CC=$clang -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize=fuzzer-no-link,address,undefined" \
	"$F/libfuzzed.a" >&2
for t in $targets; do
	src=tests/fuzz/fuzz_$t.c
	[ "$F/fuzz_$t" -nt "$src" ] && [ "$F/fuzz_$t" -nt "$F/libfuzzed.a" ] &&
		[ "$F/fuzz_$t" -nt tests/fuzz/elf_maker.h ] && continue
	$clang -D_GNU_SOURCE -iquote . -std=gnu11 -g -O1 -fno-omit-frame-pointer \
		-fno-sanitize-recover=all -fsanitize=fuzzer,address,undefined -o "$F/fuzz_$t" "$src" \
		"$F/libfuzzed.a" -lbabeltrace2 -lcapstone -ldw -lelf -lz
	mkdir -p "$F/corpus-$t"
done

# Seeds: made, not copied.
$clang -D_GNU_SOURCE -iquote . -std=gnu11 -g -fsanitize=address,undefined -o "$F/seeds" \
	tests/fuzz/seeds.c "$F/libfuzzed.a" -lbabeltrace2 -lcapstone -ldw -lelf -lz
mkdir -p "$F/corpus-trace_reader"
"$F/seeds" "$F/corpus-trace_reader"
"${CC:-cc}" -shared -fPIC -O2 -g -nostdlib -Wl,-soname,libpython3.11.so.1.0 -Wl,-z,noseparate-code \
	-o "$F/libpython3.11.so.1.0" tests/fuzz/seed_python.c
"${PYTHON:-/usr/bin/python3}" tests/fuzz/seeds.py "$F/libpython3.11.so.1.0" "$F"
export SEED_PYTHON="$F/libpython3.11.so.1.0"

# In memory: the readers' copies, and the first target's own directory, which its log names.
shm=/dev/shm
[ -w $shm ] || shm=/tmp
tmp=$(mktemp -d $shm/gilscope-fuzz-tmp-XXXXXX)
trap 'rm -rf "$tmp"; rm -rf $(sed -n "s/^in \(.*gilscope-fuzz-.*\)/\1/p" "$F"/log-* 2>/dev/null)' EXIT
trap 'exit 130' INT TERM
export TMPDIR="$tmp" ASAN_OPTIONS=malloc_context_size=4:quarantine_size_mb=8

# fuzz TARGET SECONDS; its words are in $F/log-TARGET.  An input may take 20 s under the sanitizers.
# Looking for leaks takes longer than anything else: that is done once, with all that was found.
fuzz() {
	limits="-timeout=20 -rss_limit_mb=1024 -max_len=65536 -artifact_prefix=$F/$1-"
	# A few changes anywhere find more than many do.
	[ "$1" != sites ] || limits="$limits -max_len=256 -len_control=0"
	# shellcheck disable=SC2086 # words
	"$F/fuzz_$1" $limits -detect_leaks=0 -max_total_time="$2" -print_final_stats=1 \
		"$F/corpus-$1" >"$F/log-$1" 2>&1 &&
		"$F/fuzz_$1" $limits -detect_leaks=1 -runs=0 "$F/corpus-$1" >>"$F/log-$1" 2>&1
}

# shellcheck disable=SC2086 # words
each=$((seconds / $(set -- $targets; echo $#)))
[ "$each" -gt 0 ] || each=1
rc=0
for t in $targets; do
	if fuzz "$t" "$each"; then
		awk -v t="$t" '/^stat::number_of_executed_units/ && !n { n = $2 }
			/^stat::peak_rss_mb/ { m = $2 }
			END { printf "%-14s %9d inputs, at most %d MB\n", t, n, m }' "$F/log-$t"
	else
		echo "$t: failed; its input is in ${F##*/}"
		tail -n 40 "$F/log-$t"
		rc=1
	fi
done
if [ $rc -eq 0 ] && [ -n "$(ls -A "$tmp")" ]; then
	echo "copies were left behind: $(ls "$tmp")"
	rc=1
fi
exit $rc
