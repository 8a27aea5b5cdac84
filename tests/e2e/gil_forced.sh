#!/bin/sh
# Forced releases equal the switches between threads that compute; a lone hog shows as held.
. "$(dirname "$0")/lib.sh"
need_root

forced() {
	measure_work cpu.py 2 2
	check "$S.out" "$W.truth" <<-'EOF'
		contract(result)
		nothing_lost(result)
		g = gil(only_process(result))
		switches = truth["switches"]
		between("the program's own count of switches", 50, 2000, switches)
		near("handovers", switches, g["handovers"], 0.03, 8)
		near("forced releases", switches, g["forced_releases"], 0.03, 8)
		near("held share of the time it ran", truth["wall_ns"], g["held_ns"], 0.03)
	EOF

	# Nothing ever happens here: no take, no release.  It has held since before the attach.
	start_work hog.py
	start_stat -p "$WORK" -d 1.5
	ended "$SCOPE" 20
	[ "$RC" = 0 ] || fail "gilscope stat -d 1.5: expected exit code 0, seen $RC; $(cat "$S.err")"
	kill "$WORK"
	check "$S.out" "$W.ready" <<-'EOF'
		contract(result)
		p = only_process(result)
		g = gil(p)
		equal("takes of a hog", 0, g["takes"])
		between("held share of a hog", 0.99, 1.001, g["held_ratio"])
		near("held_ns of its thread", result["duration_ns"],
		     thread(p, truth["main_tid"])["held_ns"], 0.01)
		nothing_lost(result)
	EOF
}
on_each_python forced
