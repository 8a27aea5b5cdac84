#!/bin/sh
# A recording's figures equal those of a stat that ran at the same time: counts the same, sums within 1 %.
. "$(dirname "$0")/lib.sh"
need_root

cat >"$T/same.py" <<'EOF'
"""same(STAT, REPORT): hold every figure of the one against the other's."""
from check import *

COUNTS = {
    "gils": ("takes", "contended_takes", "handovers", "forced_releases"),
    "threads": ("takes", "contended_takes", "forced_releases"),
    "gc": ("collections", "collected", "uncollectable"),
    "io": ("calls", "wakeups", "timeouts", "errors", "events"),
    "types": ("deallocs", "allocs"),
    "held_blocked": ("count",),
    "asyncio": ("iterations",),
}
TIMES = {
    "gils": ("held_ns", "wait_ns", "contended_ns", "held_offcpu_ns", "held_preempted_ns", "wait_runnable_ns"),
    "threads": ("held_ns", "wait_ns", "held_offcpu_ns", "wait_runnable_ns"),
    "gc": ("stalled_ns",),
    "io": (),
    "types": (),
    "held_blocked": ("ns",),
    "asyncio": (),
}
HISTS = {"gils": (), "threads": ("hold", "wait"), "gc": ("pause",),
         "io": ("blocked", "wake_to_run", "wake_to_gil", "wake_gil_wait"), "types": (),
         "held_blocked": (), "asyncio": ("iteration", "step", "step_delay")}
KEYS = {"gils": ("address",), "threads": ("tid",), "gc": ("generation",), "io": ("call",),
        "types": ("type",), "held_blocked": ("tid", "call"), "asyncio": ("tid",)}
# What wakes and when a thread is off the CPU two tracers see at their own moments: counts differ.
ONE_PROBE = ("held_blocked",)
# By how much times may differ.  Of two tracers' probes at one place one runs after the other: 0.1 us
# each time in a program that is busy, 1 to 2.5 us, as measured, where the caches are cold.
SLACK_NS = {"one probe": 0, "two probes": 200_000}
HIT_NS = {"one probe": 0, "two probes": 3_000}


# The thread may even be descheduled between the two, for as long as others are busy: what is further
# apart is noted here, and the whole is done again.
ODD = []


def near_time(how, what, a, b, slack):
    if how == "one probe" or abs(a - b) <= max(0.01 * a, slack):
        near(what, a, b, share=0.01, slack=slack)
    else:
        ODD.append(f"{what}: {a} and {b}")


def rows(p, table):
    return {tuple(r[k] for k in KEYS[table]): r for r in p[table] or []}


def compare_row(what, table, a, b, apart, how):
    for f in COUNTS[table]:
        equal(f"{what} {f}", a[f], b[f])
    slack = SLACK_NS[how] + HIT_NS[how] * (a.get("takes") or 0)
    for f in TIMES[table]:
        if a[f] is None:
            equal(f"{what} {f}", a[f], b[f])
        else:
            near_time(how, f"{what} {f}", a[f], b[f], slack + apart)
    for f in HISTS[table]:
        if a[f] is None:
            equal(f"{what} {f}", None, b[f])
            continue
        equal(f"{what} {f}.count", a[f]["count"], b[f]["count"])
        for member in ("sum_ns", "max_ns"):
            near_time(how, f"{what} {f}.{member}", a[f][member], b[f][member],
                      SLACK_NS[how] + HIT_NS[how] * a[f]["count"])


def total(threads):
    """The sums over threads, as a row."""
    sums = {"hold": None, "wait": None}
    for f in COUNTS["threads"] + TIMES["threads"]:
        sums[f] = sum(t[f] or 0 for t in threads)
    return sums


def same(stat, report, how):
    equal("schema", stat["schema"], report["schema"])
    a = {p["pid"]: p for p in stat["processes"]}
    b = {p["pid"]: p for p in report["processes"]}
    equal("processes", sorted(a), sorted(b))
    for pid in a.keys() & b.keys():
        p, q = a[pid], b[pid]
        # What still goes on counts up to the end, and the two end a little apart.
        apart = abs(p["measured_ns"] - q["measured_ns"])
        equal(f"{pid} python", p["python"], q["python"])
        equal(f"{pid} exited", p["exited"], q["exited"])
        for table in KEYS:
            if how != "one probe" and table in ONE_PROBE:
                continue
            equal(f"{pid} {table} measured", p[table] is None, q[table] is None)
            ra, rb = rows(p, table), rows(q, table)
            # Of the types only those that were counted are told; ended threads beyond a number are
            # one row, and which ones the two may see differently.
            folded = table == "threads" and (0,) in ra.keys() | rb.keys()
            if folded:
                ra, rb = {"all": total(ra.values())}, {"all": total(rb.values())}
            elif table != "types":
                equal(f"{pid} {table}", sorted(ra), sorted(rb))
            for key in ra.keys() & rb.keys():
                compare_row(f"{pid} {table} {key}", table, ra[key], rb[key], apart, how)
        names = [{t["tid"]: t["name"] for t in x["threads"] if not t["exited"]} for x in (p, q)]
        equal(f"{pid} names of threads", *names)
        equal(f"{pid} switch interval", p["switch_interval_ns"], q["switch_interval_ns"])
        expect(all(r["step_delay"]["count"] for r in p["asyncio"] or []), f"{pid} steps after a wake-up", "some", p["asyncio"])
EOF

# of_work SCRIPT [ARG…] [-- OPTION…]: record it; $R.out has the figures of the very same probes
of_work() {
	script=$1
	shift
	take_work_args "$@"
	shift $taken
	# shellcheck disable=SC2086 # the workloads' arguments are numbers
	start_work "$script" $work_args
	[ -z "${AND_STAT:-}" ] || start_stat -p "$WORK" "$@"
	start_record -p "$WORK" --figures json "$@"
	go
	truth_of
	sleep 0.2 # what it does after telling its truth is over by then
	# Its threads never rest, and a reading takes one after the other: it is to see them all at one time.
	[ "$script" != server.py ] || { kill -STOP "$WORK"; sleep 0.05; }
	[ -z "${AND_STAT:-}" ] || stop_stat
	stop_record
	kill -CONT "$WORK"
	quit
	report
	compare "$R.out" "one probe" # of the kernel side's own counts
	[ -z "${AND_STAT:-}" ] || compare "$S.out" "two probes"
}
compare() { # compare STAT HOW
	PYTHONPATH="$T:$E2E" check "$1" "$R.json" <<EOF
from same import ODD, same
same(result, truth, "$2")
equal("complete", True, truth["recording"]["complete"])
equal("damage", [], truth["recording"]["damage"])
equal("lost by the ring", 0, lost(truth, "ring_full"))
open("$T/odd", "w").write("\n".join(ODD))
EOF
}

# What the kernel side counted while it made the records: nothing is different but what was going
# on at the end.
for work in mix.py pingpong.py gcwork.py selects.py threads.py churn.py aio.py server.py; do
	of_work $work
done
of_work refs.py -- --with refs
of_work aio.py -- --with asyncio
of_work forks.py 200 -- --children

# A stat of its own at the same time: its probes run beside the recorder's.
AND_STAT=yes
for work in mix.py gcwork.py selects.py aio.py; do
	for try in 1 2 3; do
		of_work $work
		[ -s "$T/odd" ] || break
	done
	[ ! -s "$T/odd" ] || fail "$work: times too far apart, $try times: $(cat "$T/odd")"
done
