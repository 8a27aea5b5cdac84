#!/bin/sh
# More threads than slots, or than memory for them: what was not kept is counted, and what was kept is still right.
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

# The tracer's memory cgroup is full: what the kernel remembers a thread by is charged to who made the map.
# Events of threads it has no memory for are lost, by that name.  Only where version 1 has the controller:
# with oom_control nothing is killed there meanwhile.
root=/sys/fs/cgroup/memory group=/sys/fs/cgroup/memory/gilscope-e2e.$$
remove() {
	[ -d "$group" ] || return 0
	echo -1 >"$group/memory.limit_in_bytes"
	while read -r p; do
		kill -KILL "$p"
	done <"$group/cgroup.procs"
	until_true 5 rmdir "$group"
} 2>/dev/null
trap 'rc=$?; remove; (exit $rc); cleanup' EXIT
if [ ! -w "$root/memory.limit_in_bytes" ] || ! mkdir "$group" || ! echo 1 >"$group/memory.oom_control"; then
	echo "task_storage: not tested, no control group with version 1's memory controller can be made here"
	exit 0
fi 2>/dev/null
full() { cat "$group/memory.usage_in_bytes" >"$group/memory.limit_in_bytes"; }
printf '#!/bin/sh\necho $$ >%s/cgroup.procs && exec %s "$@"\n' "$group" "$GILSCOPE" >"$T/confined"
chmod +x "$T/confined"
start_work threads.py 500 5
GILSCOPE=$T/confined
start_stat -p "$WORK" --without sched,io,gc
# Down to what cannot be taken from it; that also takes back what CPUs have put by for it.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
	echo $(($(cat "$group/memory.usage_in_bytes") - 65536)) >"$group/memory.limit_in_bytes" || break
done 2>/dev/null
until_true 5 full 2>/dev/null || fail "memory: no limit could be set"
go
truth_of
echo -1 >"$group/memory.limit_in_bytes"
stop_stat
quit
check "$S.out" "$W.truth" <<'EOF'
bad = shape_errors(result, SHAPE, "result")
expect(not bad, "shape of the result", "as in the contract", "; ".join(bad[:8]))
p = only_process(result)
hits = sum(r["hits"] for r in result["probes"] if (r["family"], r["event"]) in (("gil", "owned"), ("gil", "released")))
kept = [t for t in p["threads"] if t["takes"] is not None]
# A hold told is a take and a release; a thread remembered as late as at a release was in one "at attach".
seen = 2 * sum(t["hold"]["count"] for t in kept) + lost(result, "attach_mid_hold")
equal("task_storage: takes and releases there were, less those told", hits - seen, lost(result, "task_storage"))
equal("threads_full", 0, lost(result, "threads_full"))
# Linux before 6.4 lets such an allocation (GFP_ATOMIC) exceed the limit.
kernel = tuple(int(n) for n in result["kernel"].split("-")[0].split(".")[:2])
expect(kernel < (6, 4) or lost(result, "task_storage"), "task_storage", "some", 0)
most = truth["takes"] + gil(p)["forced_releases"] + 2
equal("threads with more takes than there were", [], [t["tid"] for t in kept if t["tid"] != p["pid"] and t["takes"] > most])
EOF
