#!/bin/sh
# Exact mode under a budget: watch mode while it costs too much, told, and back by itself.
. "$(dirname "$0")/lib.sh"
need_root
need bpftool

# Too many takes to count each, then few: falls back at once, tries again, returns for good.
start_work reads.py 2 3
GILSCOPE_BUDGET_RETRY=1 start_stat -p "$WORK" --mode exact --budget 1% --with gc
go
truth_of
stop_stat
text_restored "$WORK"
quit
check "$S.out" "$W.truth" <<'EOT'
contract(result)
nothing_lost(result, but=("arrival_missed",))
p = only_process(result)
g = gil(p)
b = result["budget"]["gil"]
equal("mode", "exact", result["mode"])
equal("families thinned", [], result["budget"]["families"])
equal("family", "gil", b["family"])
equal("state at the end", "exact", b["state"])
equal("budget", 0.01, b["share"])
# There and back once, or more often where a retry came while it was busy.
expect(b["switches"] in (2, 4, 6), "changes of mode", "2, 4 or 6", b["switches"])
expect(b["last_cost_ratio"] is not None and b["cost_ratio"] > 0, "cost", "some", b["cost_ratio"])
# Takes and holds were not counted all the time, and so are not known of the whole.
equal("takes", None, g["takes"])
equal("source", "mixed", g["held_source"])
between("error of the held share", 0.001, 0.5, g["held_error_ratio"])
# What both modes measure is known of the whole.
equal("collections", truth["rounds"], generation(p, 2)["collections"])
w = thread(p, truth["waiter"])
# A wait that a change of mode falls into is one of each mode.
between("waits of the waiter", truth["rounds"] * 0.9 - 1, truth["rounds"] + b["switches"],
        w["contended_takes"])
# From the wake-up on, by its clock; for the GIL, once it had got a CPU.
between("time it waited", truth["wait_ns"] * 0.85, truth["wait_ns"] * 1.02, w["wait_ns"])
near("waits that ended", w["contended_takes"], w["wait"]["count"], 0, 1)
equal("rows of the waiter", 1, sum(t["tid"] == truth["waiter"] for t in p["threads"]))
near("measured", result["duration_ns"], p["measured_ns"], 0.02)
EOT

# Each interval is of the mode it was measured in, and says which; each way is told.
start_work reads.py 2 3
GILSCOPE_BUDGET_RETRY=1 SCOPE_FORMAT=jsonl start_stat -p "$WORK" --mode exact --budget 1% -i 0.25
go
truth_of
stop_stat
quit
check "$S.out" "$W.truth" <<'EOT'
states = [r["budget"]["gil"]["state"] for r in results]
begun = next((i for i, r in enumerate(results) if r["overhead"]["probe_hits"] > 5000), None)
if begun is None or "watch" not in states:
    expect(False, "states", "a busy interval, then watch mode", states)
else:
    first = states.index("watch")
    at = lambda r: r["started_unix_ns"] + r["duration_ns"]
    b = results[first]["budget"]["gil"]
    between("seconds until it fell back", 0, 1.5,
            (b["since_unix_ns"] - results[begun]["started_unix_ns"]) / 1e9)
    expect(b["why"], "why", "a reason", b["why"])
    expect(b["last_cost_ratio"] > 0.01, "cost that was too much", "over 1 %", b["last_cost_ratio"])
    expect(b["retry_unix_ns"] > b["since_unix_ns"], "retry", "later", b["retry_unix_ns"])
    equal("state at the end", "exact", states[-1])
    equal("no retry then", None, results[-1]["budget"]["gil"]["retry_unix_ns"])
    watched = [r for r in results if r["mode"] == "watch"]
    expect(len(watched) >= 4, "intervals of watch mode", "at least 4", len(watched))
    for r in watched:
        g = gil(only_process(r))
        equal("takes in watch mode", None, g["takes"])
        equal("source in watch mode", "sampled", g["held_source"])
    last = gil(only_process(results[-1]))
    expect(last["takes"] is not None, "takes in exact mode again", "counted", last["takes"])
    equal("source in exact mode again", "exact", last["held_source"])
    # No flapping: the back-off lets it be tried a few times only.
    changes = sum(a != b for a, b in zip(states, states[1:]))
    between("changes of state", 1, 6, changes)
    between("sum of the rounds' waits", truth["rounds"] * 0.9 - 1,
            truth["rounds"] + results[-1]["budget"]["gil"]["switches"],
            sum(t["contended_takes"] for r in results for t in only_process(r)["threads"]
                if t["tid"] == truth["waiter"]))
EOT

# A program that does little stays in exact mode, and is counted exactly.
start_work reads.py 0 2
start_stat -p "$WORK" --mode exact --budget 1%
go
truth_of
stop_stat
quit
check "$S.out" "$W.truth" <<'EOT'
b = result["budget"]["gil"]
equal("state", "exact", b["state"])
equal("changes", 0, b["switches"])
equal("why", None, b["why"])
equal("source", "exact", gil(only_process(result))["held_source"])
expect(gil(only_process(result))["takes"] > truth["rounds"], "takes", "counted", 0)
equal("distorted", False, result["overhead"]["distorted"])
EOT

# Without a budget it counts each, whatever it costs; but says so.
start_work reads.py 60 0
go
start_stat -p "$WORK" --mode exact
sleep 1
stop_stat
check "$S.out" <<'EOT'
equal("budget", None, result["budget"])
equal("source", "exact", gil(only_process(result))["held_source"])
o = result["overhead"]
equal("distorted", o["target_cpu_ns_estimate"] > result["duration_ns"] / 10, o["distorted"])
EOT
# It is too much whenever the program gets a CPU; where others use them all, in some of the time.
tells_distorted() {
	run stat -p "$WORK" --mode exact -d 0.5
	has_line 'DISTORTED.*--mode watch' "$T/out"
}
until_true 15 tells_distorted || fail "table: expected DISTORTED, seen: $(head -n 6 "$T/out")"
run stat -p "$WORK" --mode exact -d 1.5 --budget 1%
has_line 'budget .*gil: FELL BACK to watch mode' "$T/out" ||
	fail "table: expected it to say FELL BACK, seen: $(head -n 6 "$T/out")"

# Ended by SIGINT and by SIGKILL at moments around the changes: nothing is left, nobody harmed.
export GILSCOPE_BUDGET_RETRY=0.1
tracers=
for i in 1 2 3 4 5 6 7 8 9; do
	start_stat -p "$WORK" --mode exact --budget 1%
	tracers="$tracers $SCOPE"
	sleep "$(awk "BEGIN { print $i * 0.05 }")"
	if [ $((i % 3)) = 0 ]; then
		stop_stat
	else
		kill -KILL "$SCOPE" || fail "end $i: gilscope had ended by itself; $(tail -n 3 "$S.err")"
		wait "$SCOPE" 2>/dev/null
	fi
	alive "$WORK" || fail "end $i: the program died"
	until_true 3 text_restored "$WORK" >/dev/null 2>&1 || text_restored "$WORK" || exit 1
done
# shellcheck disable=SC2086 # pids
bpf_left $tracers
