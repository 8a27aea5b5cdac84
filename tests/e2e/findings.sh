#!/bin/sh
# Findings: each is told of the program that shows it, live or from a recording, and of no healthy one.
. "$(dirname "$0")/lib.sh"
need_root
need taskset
cpu=$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')

launch() { # launch KIND [SECONDS]: its pid goes to the variable of that name
	start_work findings.py "$@"
	pids="$pids${pids:+,}$WORK"
	stems="$stems $W"
	eval "$1=$WORK"
}
all_go() { for stem in $stems; do go "$stem"; done; }
all_told() { for stem in $stems; do truth_of "$stem"; done; }
all_quit() { for stem in $stems; do quit "$stem"; done; pids= stems=; }
pids= stems=

# Live.  The rival on one CPU ends with its CPU time, should nobody be there to end it.
launch healthy
launch loop
LAUNCHER="taskset -c $cpu"
launch convoy
LAUNCHER=
taskset -c "$cpu" sh -c 'ulimit -t 60; while :; do :; done' &
rival=$!
later $rival
start_stat --with asyncio,stacks --findings -p "$pids"
all_go
all_told
stop_stat
all_quit
kill -KILL $rival
cat >"$T/told.py" <<'PY'
from check import *
found = {}
for x in result["findings"]:
    found.setdefault(x["pid"], {})[x["id"]] = x
    expect(set(x) >= {"id", "severity", "pid", "ns", "share", "threads", "evidence", "remedy"},
           x["id"], "all keys", sorted(x))
sizes = [x["ns"] for x in result["findings"] if x["ns"] is not None]
equal("the largest is told first", sorted(sizes, reverse=True), sizes)

def told(pid, what, *also):
    """Of that program this is told, and nothing besides but what a busy machine does."""
    seen = set(found.get(pid, {}))
    expect(what is None or what in seen, f"findings of {what}", what, seen)
    expect(seen <= {what, "holder-preempted", *also}, f"findings beside {what}", "none", seen)
    return found.get(pid, {}).get(what)

def function(x, *names):
    """With stacks, most of it was in one of these."""
    if x:
        seen = x["function"] or {}
        expect(seen.get("function") in names, f"function of {x['id']}", names, seen)
        between(f"its share of {x['id']}", 0.5, 1, seen.get("share"))
        expect(seen.get("file", "").endswith("findings.py"), "its file", "findings.py", seen.get("file"))

def names(x, role):
    return [t["name"] for t in x["threads"] if t["role"] == role] if x else None
PY
cat "$T/told.py" - >"$T/live.py" <<EOF
told($healthy, None)
x = told($loop, "event-loop-blocked")
if x:
    between("iterations that blocked", 3, 20, x["evidence"]["blocked_iterations"])
x = told($convoy, "convoy")
equal("the convoy's holder", ["burn0"], names(x, "holder"))
equal("the convoy's waiter", ["come_back1"], names(x, "waiter"))
function(x, "burn")
x = told($convoy, "holder-preempted", "convoy")
equal("who was preempted", ["burn0"], names(x, "holder"))
EOF
"$PY" "$T/live.py" "$S.out" || exit 1

# A call that keeps the GIL, in the function that makes it.
launch ccall 1.5
start_stat --with stacks --findings -p "$pids"
all_go
all_told
stop_stat
all_quit
cat "$T/told.py" - >"$T/called.py" <<EOF
x = told($ccall, "gil-holding-call")
equal("who keeps the GIL", ["compute_in_c0"], names(x, "holder"))
function(x, "compute_in_c")
EOF
"$PY" "$T/called.py" "$S.out" || exit 1

# The same from a recording, of the others; and as text.
launch healthy
launch ccall
launch blocked
sleeper=$W
launch gc
start_record -p "$pids"
all_go
all_told
stop_record
all_quit
report "$R" --findings
cat "$T/told.py" - >"$T/recorded.py" <<EOF
told($healthy, None)
x = told($ccall, "gil-holding-call")
equal("who keeps the GIL", ["compute_in_c0"], names(x, "holder"))
x = told($blocked, "holder-blocked", "gil-holding-call")
equal("who sleeps with the GIL", ["keep_in_read0"], names(x, "holder"))
t = thread(process(result, $blocked), truth["tids"]["keep_in_read0"])
near("asleep with the GIL, by its own clock", truth["kept_ns"],
     t["held_offcpu_ns"] - t["held_preempted_ns"], 0.1)
x = told($gc, "gc-dominates")
equal("the generation", 2, x and x["generation"])
EOF
"$PY" "$T/recorded.py" "$R.json" "$sleeper.truth" || exit 1
"$GILSCOPE" report --findings "$R" >"$T/text" || fail "report --findings: failed"
grep -q "holder-blocked, process $blocked: " "$T/text" || fail "report --findings: no holder-blocked in the table"
"$GILSCOPE" report "$R" >"$T/text" || fail "report: failed"
grep -q '^Findings' "$T/text" && fail "report: findings that nobody asked for"

# Many threads, and not room enough for all of them.
launch starve 3
start_stat --findings --max-threads 16 -p "$pids"
few=$S
scope=$SCOPE
start_stat --findings -p "$pids"
all_go
all_told
stop_stat
cat "$T/told.py" - >"$T/starved.py" <<EOF
x = told($starve, "starvation")
if x:
    # come_back40 needs next to nothing, unless another, or who waits for their end, got less.
    held = {tid: t["held_ns"] for tid, t in threads(process(result, $starve)).items()}
    least = [t["tid"] for t in x["threads"] if t["role"] == "waiter"]
    equal("who starves: one", 1, len(least))
    between("what it held", 0, held[truth["tids"]["come_back40"]], held[least[0]])
    crew = truth["tids"].values()
    equal("who got less", [], [tid for tid in crew if held[tid] < held[least[0]]])
else:
    p = process(result, $starve)
    print("    measured", p["measured_ns"], "lost", result["lost"], *(
        (t["name"], t["held_ns"], t["wait_ns"], t["wait"]["count"]) for t in p["threads"]))
expect("events-lost" not in found.get(None, {}), "lost", "nothing", found.get(None))
EOF
"$PY" "$T/starved.py" "$S.out" "$W.truth" || exit 1
SCOPE=$scope S=$few
stop_stat
"$PY" - "$S.out" <<EOF || exit 1
from check import *
lost = [x for x in result["findings"] if x["id"] == "events-lost"]
equal("what was lost", ["threads_full"], [x["cause"] for x in lost])
EOF
all_quit
