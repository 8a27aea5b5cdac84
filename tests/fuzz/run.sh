#!/bin/sh
# run.sh [SECONDS]: build the fuzz targets into $O/fuzz, run each for so long (60); 1 if one crashes.
#
# What has been found is kept in $O/fuzz/corpus and begun with the next time.  A crash leaves its
# input in $O/fuzz; run the target with that file to see it again.
set -eu
cd "$(dirname "$0")/../.."
O=${O:-build}
seconds=${1:-60}
case $seconds in '' | *[!0-9]*) echo "run.sh: $seconds: not a number of seconds" >&2; exit 2 ;; esac
F=$O/fuzz
mkdir -p "$F/corpus"

sources="user/trace/layout.c user/trace/metadata.c user/trace/packet.c user/trace/writer.c
	user/trace/directory.c user/trace/owner.c user/trace/reader.c user/trace/reader_*.c
	user/base/str.c user/base/utf8.c user/base/err.c user/model/event.c"
flags="-D_GNU_SOURCE -iquote . -std=gnu11 -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all"
# shellcheck disable=SC2086 # lists of words
{
	${CLANG:-clang} $flags -fsanitize=fuzzer,address,undefined -o "$F/fuzz_trace_reader" \
		tests/fuzz/fuzz_trace_reader.c $sources -lbabeltrace2 -lz
	${CLANG:-clang} $flags -o "$F/seeds" tests/fuzz/seeds.c $sources -lbabeltrace2 -lz
}
"$F/seeds" "$F/corpus"

# In memory: the reader's copies, and the target's own directory, which its log names.
shm=/dev/shm
[ -w $shm ] || shm=/tmp
tmp=$(mktemp -d $shm/gilscope-fuzz-tmp-XXXXXX)
trap 'rm -rf "$tmp"; rm -rf $(sed -n "s/^in \(.*gilscope-fuzz-.*\)/\1/p" "$F/log")' EXIT
rc=0
export TMPDIR="$tmp" ASAN_OPTIONS=malloc_context_size=4:quarantine_size_mb=8
limits="-timeout=20 -rss_limit_mb=1024 -max_len=65536 -artifact_prefix=$F/"
# Looking for leaks takes longer than anything else: that is done once, with all that was found.
# shellcheck disable=SC2086
"$F/fuzz_trace_reader" $limits -detect_leaks=0 -max_total_time="$seconds" -print_final_stats=1 \
	"$F/corpus" >"$F/log" 2>&1 &&
	"$F/fuzz_trace_reader" $limits -detect_leaks=1 -runs=0 "$F/corpus" >>"$F/log" 2>&1 || rc=1
grep -E '^stat::number_of_executed_units|^stat::peak_rss_mb' "$F/log" || true
if [ $rc -ne 0 ]; then
	tail -n 40 "$F/log"
elif [ -n "$(ls -A "$tmp")" ]; then
	echo "copies were left behind: $(ls "$tmp")"
	rc=1
fi
exit $rc
