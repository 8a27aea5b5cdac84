#!/bin/sh
# More threads than slots: what was not kept is counted, and what was kept is still right.
. "$(dirname "$0")/lib.sh"
need_root

# Every take is one event and every release another: of a thread without a slot both are counted
# as lost.  The hits of the probes say how many there were in all.
measure_work threads.py 64 50 -- --max-threads 16 --without sched,io,gc
check "$S.out" "$W.truth" <<'EOF'
bad = shape_errors(result, SHAPE, "result")
expect(not bad, "shape of the result", "as in the contract", "; ".join(bad[:8]))
p = only_process(result)
names = {tid: n for n, tid in truth["tids"].items()}
# Threads without a slot may be listed, with figures that say they were not measured.
rows = {tid: t for tid, t in threads(p).items() if t["takes"] is not None}
forced = gil(p)["forced_releases"]
between("threads with a slot", 12, 16, len(rows))
for tid, t in rows.items():
    if tid in names:
        between(f"takes of {names[tid]}, which got a slot", truth["takes"],
                truth["takes"] + forced + 50, t["takes"])
unseen = sum(tid not in rows for tid in names)
hits = {e: sum(r["hits"] for r in result["probes"] if (r["family"], r["event"]) == ("gil", e))
        for e in ("owned", "released")}
seen = sum(t["takes"] + t["hold"]["count"] for t in rows.values())
equal("threads_full: takes and releases there were, less those told",
      hits["owned"] + hits["released"] - seen, lost(result, "threads_full"))
between("threads_full", 2 * unseen * truth["takes"], hits["owned"] + hits["released"],
        lost(result, "threads_full"))
equal("io without the io family", None, p["io"])
equal("gc without the gc family", None, p["gc"])
EOF
