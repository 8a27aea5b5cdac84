#!/bin/sh
# --children measures forked children from their first event and new interpreters they start.
. "$(dirname "$0")/lib.sh"
need_root

measure_work forks.py 500 -- --children
check "$S.out" "$W.truth" "$W.ready" <<'EOF'
contract(result)
seen = {p["pid"]: p for p in result["processes"]}
expect(truths[1]["pid"] in seen, "the parent", "among the processes", list(seen))
for kind, pid in truth["pids"].items():
    if not expect(pid in seen, f"the child by {kind}", f"{pid} among the processes", list(seen)):
        continue
    g = gil(seen[pid])
    # A call is a take; then come the note of its end and the gate, and the start of an interpreter
    # that is new, as far as it was seen.
    more = 1500 if kind == "subprocess" else 60
    between(f"takes of the child by {kind}", truth["calls"], truth["calls"] + more, g["takes"])
equal("losses", 0, lost(result, "processes_full") + lost(result, "life_full"))
EOF

# Without --children: the parent alone.
measure_work forks.py 50
check "$S.out" "$W.ready" <<'EOF'
equal("processes without --children", [truth["pid"]], [p["pid"] for p in result["processes"]])
EOF
