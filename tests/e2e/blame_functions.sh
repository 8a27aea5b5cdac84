#!/bin/sh
# What functions hold and make others wait is within 2 % of what the program measures, on each CPython.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

# STACKS=all: each CPython that is here; else the system's.
case ${STACKS:-} in
all) seconds=8 ;;
*) seconds=2 ;;
esac

measured() {
	measure_work blames.py $seconds -- --with stacks --stack-rate 997 --budget none
	WHAT=$1 check "$S.out" "$W.truth" <<-'END'
		from answers import by_function, host_tids
		contract(result)
		p = only_process(result)
		held, caused = (by_function(p, key, truth["held"]) for key in ("held_ns", "caused_wait_ns"))
		for name, own in truth["held"].items():
		    around = truth["around"][name]
		    between(f"held by {name}", own * 0.98, own * 1.02 + around, held[name])
		    between(f"waits caused by {name}", truth["caused"][name] * 0.98,
		            truth["caused"][name] * 1.02 + 2 * around, caused[name])
		between("calls of each", 6, 10000, min(truth["counts"].values()))
		# Who waits is charged to who holds: the thread has what its functions have.
		holder = host_tids(p)[truth["tids"]["hold"]]
		blame = sum(b["wait_ns"] for b in p["blame"] if b["holder_tid"] == holder)
		near("waits caused by all four", blame, sum(caused.values()), 0.02, 2 * sum(truth["around"].values()))
		far = max(abs(seen[n] / own[n] - 1) for own, seen in ((truth["held"], held), (truth["caused"], caused))
		          for n in own)
		print(f"{os.environ['WHAT']:8} held and caused by function: at most {100 * far:.2f} % off")
	END
}

# Time on the CPU is by samples: on a machine that is busy with other things some are off by chance.
# What is wrong is so each time.
blamed() {
	for try in 1 2 3 4; do
		(measured "$1") >"$T/said" 2>&1 && break
		[ $try -lt 4 ] || { cat "$T/said"; exit 1; }
	done
	cat "$T/said"
}

each system blamed
[ "${STACKS:-}" = all ] || exit "${fails:-0}"
for root in "$O"/pythons/*; do
	case ${root##*/} in 3.11 | *t) continue ;; esac # the system's; no GIL to hold
	in_root "$root" || continue
	each "$name" blamed
done
[ -z "$fails" ]
