#!/bin/sh
# More threads than slots: what was not kept is counted, and what was kept is still right.
. "$(dirname "$0")/lib.sh"
need_root

# Every take is one event and every release another.  Of a thread without a slot both are
# counted as lost, and a release that was asked for is a third.  Only the gil family is on.
measure_work threads.py 64 50 -- --max-threads 16 --without sched,io,gc
check "$S.out" "$W.truth" <<'EOF'
bad = shape_errors(result, SHAPE, "result")
expect(not bad, "shape of the result", "as in the contract", "; ".join(bad[:8]))
p = only_process(result)
rows = threads(p)
names = {tid: n for n, tid in truth["tids"].items()}
forced = gil(p)["forced_releases"] or 0
expect(len(rows) <= 16, "threads with a slot", "at most 16", len(rows))
expect(len(rows) >= 12, "threads with a slot", "nearly 16", len(rows))
for tid, t in rows.items():
    if tid in names:
        between(f"takes of {names[tid]}, which got a slot", truth["takes"],
                truth["takes"] + forced + 50, t["takes"])
unseen = sum(tid not in rows for tid in names)
events = 2 * unseen * truth["takes"]
# The main thread (start, gates) may be without a slot too: 64 reads and a few more.
between("threads_full", events, events + 2 * 70 + 3 * 100, lost(result, "threads_full"))
equal("io without the io family", None, p["io"])
equal("gc without the gc family", None, p["gc"])
EOF
