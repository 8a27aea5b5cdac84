#!/bin/sh
# Recordings of every format version give what they always gave: each export and report, byte for byte.
. "$(dirname "$0")/lib.sh"
need_tracer

# Every figure that depends on the day or the program's own version is in the recording; what a
# report says of gilscope itself is left out.
normal() { sed 's/"gilscope":"[^"]*"/"gilscope":"VERSION"/; s/"kernel":"[^"]*"/"kernel":"KERNEL"/'; }

# make VERSION-DIR OUT: all there is to compare, into files of OUT
make_all() {
	for format in perfetto chrome speedscope folded jsonl csv openmetrics html; do
		"$GILSCOPE" export "$1/recording" --to $format -o "$2/$format" --force 2>"$T/err" ||
			fail "export --to $format: $(cat "$T/err")"
	done
	for by in waited paused blocked; do
		"$GILSCOPE" export "$1/recording" --to folded --by $by -o "$2/folded.$by" --force 2>"$T/err" ||
			fail "export --to folded --by $by: $(cat "$T/err")"
	done
	for format in table jsonl; do
		"$GILSCOPE" report "$1/recording" --format $format >"$T/out" 2>"$T/err" ||
			fail "report --format $format: $(cat "$T/err")"
		normal <"$T/out" >"$2/report.$format"
	done
}

cd "$ROOT/tests/golden" || fail "tests/golden: not there"
seen=0
for v in v[0-9]*; do
	if [ "${GOLDEN:-}" = rewrite ]; then
		mkdir -p "$v/expected"
		make_all "$v" "$v/expected"
		echo "tests/golden/$v/expected: written anew"
		seen=1
		continue
	fi
	mkdir "$T/$v"
	make_all "$v" "$T/$v"
	for f in "$v"/expected/*; do
		seen=1
		name=$(basename "$f")
		if ! cmp "$f" "$T/$v/$name" >"$T/cmp" 2>&1; then
			diff -a "$f" "$T/$v/$name" | cut -c1-300 | head -n 6
			fail "$v $name: not what it was ($(cat "$T/cmp")); if that is meant: make golden, and say why"
		fi
	done
	[ "$(ls "$v/expected")" = "$(ls "$T/$v")" ] || fail "$v: other files are expected"
done
[ $seen = 1 ] || fail "no golden recording"
