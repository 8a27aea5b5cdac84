#!/bin/sh
# Every blocking call is one take: a thread's takes equal its own count of its calls.
. "$(dirname "$0")/lib.sh"
need_root

# Rule: takes == 2 x rounds + 2 (gate and note of the end), for every thread, plus the releases
# that others asked for, each of which is followed by one more take of the same thread.
pingpong() {
	for pairs in 1 4; do
		measure_work pingpong.py $pairs 2000
		check "$S.out" "$W.truth" <<-'EOF'
			contract(result)
			nothing_lost(result)
			p = only_process(result)
			forced = gil(p)["forced_releases"]
			seen = 0
			for name, tid in truth["tids"].items():
			    t = thread(p, tid)
			    between(f"takes of {name}", truth["takes"], truth["takes"] + forced, t["takes"])
			    seen += t["takes"]
			n = len(truth["tids"])
			between("takes of all", n * truth["takes"], n * truth["takes"] + forced, seen)
			between("handovers", 1, gil(p)["takes"], gil(p)["handovers"])
			expect(gil(p)["contended_takes"] <= gil(p)["takes"], "contended takes",
			       "at most the takes", gil(p)["contended_takes"])
		EOF
	done
}
on_each_python pingpong

# The same where the kernel has no uprobe_multi links, or they fail the self-test.
export GILSCOPE_PLAIN_UPROBES=1
pingpong
