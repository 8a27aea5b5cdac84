#!/bin/sh
# With --native stacks have the C functions between the Python ones that call them and that they call; dump has, too.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root
need readelf

# STACKS=all: every CPython here, for longer; else the system's and a newer one.
case ${STACKS:-} in
all) seconds=2 costs=2 roots='*' ;;
*) seconds=0.3 costs=0.5 roots=3.14 ;;
esac

# How many rings of the size that native stacks have (bpf/native.h) a tracer has.
rings() { cat "/proc/$1"/fdinfo/* 2>/dev/null | awk '$1 == "max_entries:" && $2 == 8388608' | grep -c .; }

dumps() {
	for option in --native ''; do
		# shellcheck disable=SC2086 # none is none
		run dump -p "$WORK" $option --format json
		[ "$RC" = 0 ] || fail "dump $option: expected exit code 0, seen $RC; $(cat "$T/err")"
		tr -d '\n' <"$T/out"
		echo
	done >"$T/dumps"
}

# Holds of known lengths in C, and a thread asleep there.
holds() {
	start_work natives.py $seconds
	start_stat -p "$WORK" --native --stack-rate 999
	[ "$(rings "$SCOPE")" = 1 ] || fail "--native: expected one ring of native stacks, seen $(rings "$SCOPE")"
	go
	truth_of
	dumps
	stop_stat
	quit
	check "$S.out" "$W.truth" "$T/dumps" <<-'END'
		from natives import *
		contract(result)
		p, dumps = only_process(result), load(sys.argv[3])
		stripped = is_stripped(p)
		few_lost(result)
		held_in_c(p, truth, stripped)
		parked_in_c(dumps, truth, stripped)
	END
}

# Every Python frame is the one that the program knows, and the figures add up as without the native ones.
known() {
	start_work costs.py $costs
	start_stat -p "$WORK" --native --mode watch --stack-rate 999
	go
	truth_of
	stop_stat
	quit
	check "$S.out" "$W.truth" <<-'END'
		from natives import *
		from answers import frames_equal, sums_of_stacks
		few_lost(result)
		all_in_c(only_process(result), ("matching", "sorting"))
		python_only(result)
		frames_equal(only_process(result), truth)
		sums_of_stacks(only_process(result))
	END
}

# A recording, all that is made of it, and a measurement without the option meanwhile.
recorded() {
	start_work natives.py $seconds
	start_record -p "$WORK" --native --stack-rate 999
	start_stat -p "$WORK" --with stacks --stack-rate 999
	[ "$(rings "$SCOPE")" = 0 ] || fail "without --native: there is a ring of native stacks"
	go
	truth_of
	stop_stat
	stop_record
	quit
	report
	check "$R.json" "$W.truth" "$S.out" <<-'END'
		from natives import *
		p = only_process(result)
		held_in_c(p, truth, is_stripped(p))
		plain = load(sys.argv[3])[0]
		no_natives(plain)
		same_pythons(p, only_process(plain))
	END
	# What C did is what the function of Python did that called it.
	"$GILSCOPE" report "$R" --findings --format json >"$T/page.json" 2>"$T/err" || fail "report --findings: $(cat "$T/err")"
	check "$T/page.json" <<-'END'
		named = [x["function"]["function"] for x in result["findings"] if x["id"] == "holder-blocked" and x["function"]]
		equal("function of the finding", ["hold"], named)
	END
	for to in folded speedscope html perfetto; do
		called='usleep \[libc'
		[ $to != perfetto ] || called='\[python3\|\[lib\|[.0-9]+0x' # what was on the CPU, whatever it was
		"$GILSCOPE" export "$R" --to $to -o "$T/x.$to" 2>"$T/err" || fail "export --to $to: $(cat "$T/err")"
		grep -aq "$called" "$T/x.$to" || fail "export --to $to: no $called in it"
	done
	"$GILSCOPE" flame "$R" -o "$T/x.svg" 2>"$T/err" || fail "flame DIR: $(cat "$T/err")"
	grep -q 'usleep \[libc' "$T/x.svg" || fail "flame DIR: no usleep() in it"
	run flame "$R" --native -o "$T/y.svg"
	[ "$RC" = 2 ] || fail "flame DIR --native: expected exit code 2, seen $RC"
}

each system holds known recorded
if [ "$roots" = '*' ]; then # those whose functions all have names
	for PYTHON in $(pythons | sed 1d); do
		each "$PYTHON" holds known
	done
fi
for root in "$O"/pythons/$roots; do
	case $root in */3.11 | *t) continue ;; esac # the system's; no GIL
	in_root "$root" || continue
	each "$name" holds
done
[ -z "$fails" ]
