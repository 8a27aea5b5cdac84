#!/bin/sh
# A program in its own pid namespace: shown under the host's pids and under its own.
. "$(dirname "$0")/lib.sh"
need_root
need unshare
unshare -pf --mount-proc true 2>/dev/null || skip "pid namespaces: not permitted here"

W=$T/work
mkfifo "$W.in"
unshare -pf --mount-proc --kill-child "$PYTHON" "$WORK_DIR/pingpong.py" 1 500 \
	<>"$W.in" >"$W.out" 2>"$W.err" &
outer=$!
later $outer
until_true 30 work_ready "$W" $outer || fail "pingpong.py: not ready; $(cat "$W.err")"
WORK=$(tr -d ' ' <"/proc/$outer/task/$outer/children")
[ -n "$WORK" ] || fail "unshare: has no child"
later "$WORK"
start_stat -p "$WORK"
go
truth_of
stop_stat
quit
echo "{\"pid\": $WORK}" >"$T/host"
check "$S.out" "$W.truth" "$T/host" <<'EOF'
contract(result)
p = process(result, truths[1]["pid"])
equal("ns_pid", 1, p["ns_pid"])
inside = {t["ns_tid"]: t for t in p["threads"]}
forced = gil(p)["forced_releases"]
for name, tid in truth["tids"].items():
    if expect(tid in inside, f"ns_tid of {name}", tid, sorted(inside)):
        t = inside[tid]
        between(f"takes of {name}", truth["takes"], truth["takes"] + forced, t["takes"])
        expect(t["tid"] > p["pid"], f"tid of {name}", f"the host's, after {p['pid']}", t["tid"])
EOF
