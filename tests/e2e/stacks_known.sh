#!/bin/sh
# Every stack that BPF walks is one that the program knows itself, frame by frame, thousands of them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

# STACKS=all: 10,000 and more on each CPython; else a part of it, on two.
case ${STACKS:-} in
all) seconds=8 least=10000 rounds=2 roots='*' ;;
*) seconds=0.7 least=300 rounds=1 roots=3.14 ;;
esac

known() { # known WHAT
	start_work paths.py $seconds
	start_stat -p "$WORK" --with stacks --stack-rate 997 --budget none
	go
	truth_of
	stop_stat
	quit
	WHAT=$1 LEAST=$least check "$S.out" "$W.truth" <<-'END'
		from answers import stacks_known
		contract(result)
		stacks_known(result, truth, os.environ["WHAT"], int(os.environ["LEAST"]))
	END
}

with_gil() { case $1 in *t) return 1 ;; esac; } # there is none to hold in those
again() { for _ in $(seq $rounds); do known "$1"; done; }

each system again
for root in "$O"/pythons/$roots; do
	[ "${root##*/}" != 3.11 ] || continue # the system's
	with_gil "${root##*/}" && in_root "$root" || continue
	each "$name" again
done
[ -z "$fails" ]
