#!/bin/sh
# `dump` shows asyncio's tasks as the program knows them, which one a thread runs, and since when threads wait.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

dump() {
	run dump -p "$WORK" "$@" --format json
	[ "$RC" = 0 ] || fail "dump $*: expected exit code 0, seen $RC; $(cat "$T/err")"
}

tasks() {
	start_work loops.py
	go
	truth_of
	cp "$W.truth" "$T/truth"
	for i in 1 2 3 4 5; do
		dump
		cp "$T/out" "$T/dump.$i"
	done
	WHAT=$1 check "$T/dump.5" "$T/truth" "$T"/dump.[1-4] <<-'END'
		listed = result["processes"][0]["python"]["version"].startswith(("3.14", "3.15"))
		dumps = [load(path)[0]["processes"][0]["interpreters"][0] for path in sys.argv[1:2] + sys.argv[3:]]
		for d in dumps:
		    by_tid = {t["tid"]: t for t in d["threads"]}
		    equal("task of the thread whose tasks all wait", None, by_tid[truth["tids"]["waiting"]]["task"])
		    if not listed:
		        equal("list of tasks", (None, None), (d["tasks"], d["tasks_more"]))
		        continue
		    equal("more tasks than those", False, d["tasks_more"])
		    mine = {t["name"]: t for t in d["tasks"] if t["tid"] == truth["tids"]["waiting"]}
		    names = {t["id"]: t["name"] for t in d["tasks"]}
		    equal("tasks that wait", sorted(t["name"] for t in truth["tasks"]), sorted(mine))
		    for known in truth["tasks"]:
		        t = mine.get(known["name"], {"frames": [], "awaited_by": []})
		        equal(f"frames of {known['name']}", known["frames"],
		              [[f["function"], f["file"], f["line"]] for f in t["frames"]])
		        equal(f"who waits for {known['name']}", known["awaited_by"], sorted(names[w] for w in t["awaited_by"]))
		        equal(f"{known['name']}: runs, steady, cut", (False, True, False), (t["running"], t["steady"], t["cut"]))
		    spins = [t for t in d["tasks"] if t["tid"] == truth["tids"]["spinning"]]
		    equal("tasks of the loop that runs", 2, len(spins))
		    equal("which runs", [("spinner", True, [])],
		          [(t["name"], t["running"], t["frames"]) for t in spins if t["running"]])
		# It runs all the time but for its loop's first steps.
		equal("task of the thread that spins", ["spinner"] * len(dumps),
		      [t["task"] for d in dumps for t in d["threads"] if t["tid"] == truth["tids"]["spinning"]])
		print(f"{os.environ['WHAT']:8} {len(truth['tasks']) * listed} tasks, as the program knows them; who runs")
	END
	run dump -p "$WORK"
	grep -q '^    in task "spinner"$' "$T/out" || fail "dump as text: no task that runs; $(cat "$T/out")"
	case $1 in
	3.14* | 3.15*)
		# The tree: what is waited for is below who waits.
		for text in '^    task "основа"  thread [0-9]*$' '^    | main (.*/loops.py:[0-9]*)$' \
			'^        task "waits 1"' '^        | waits_for (' '^            task "chain"\|^        task "chain"' \
			'^ *| Service.handle (' 'task "spinner"  thread [0-9]*  runs now'; do
			grep -q "$text" "$T/out" || fail "dump as text: expected a line '$text', seen $(cat "$T/out")"
		done
		;;
	esac
	quit
}

# Since when, by the program's own clock; a wait that began while we looked is told to a few ms.
since() {
	start_work loops.py 800
	go
	truth_of
	tries=0
	until dump --since 1000ms &&
		"$PY" -c 'import json, sys, time
d = json.load(open(sys.argv[1]))["processes"][0]["interpreters"][0]
sys.exit(not any(t["waits_ns"] for t in d["threads"]))' "$T/out"; do
		tries=$((tries + 1))
		[ $tries -lt 8 ] || fail "dump --since: nobody waits in $tries dumps of a thread that mostly does"
	done
	check "$T/out" "$W.truth" <<-'END'
		d = result["processes"][0]["interpreters"][0]
		t = next(t for t in d["threads"] if t["tid"] == truth["tids"]["comes back"])
		equal("waits, since it is known when", (True, False), (t["waits_for_gil"], t["waits_longer"]))
		equal("the GIL is held, since it is known when", (True, False), (d["gil"]["locked"], d["gil"]["held_longer"]))
		holder = next(t for t in d["threads"] if t["tid"] == d["gil"]["holder_tid"])
		equal("by", "keeper", holder["name"])
		equal("who does not wait", (None, False), (holder["waits_ns"], holder["waits_longer"]))
		# It comes back each millisecond.
		between("held so long", 1, 800_000_000 * 1.5, d["gil"]["held_ns"])
		between("waited less than that", d["gil"]["held_ns"] * 0.8 - 30_000_000, d["gil"]["held_ns"] + 50_000_000, t["waits_ns"])
	END
	# Without a look nothing is said.
	dump
	check "$T/out" <<-'END'
		d = result["processes"][0]["interpreters"][0]
		equal("times without a look", [None] * (2 + len(d["threads"])),
		      [d["gil"]["held_ns"], d["collecting_ns"], *(t["waits_ns"] for t in d["threads"])])
	END
	quit
}

# A collection that goes on is as long as we have looked, or longer.
collecting() {
	start_work stacks.py 1
	go
	truth_of
	dump --since 60ms
	check "$T/out" <<-'END'
		d = result["processes"][0]["interpreters"][0]
		equal("collects, longer than we looked", (True, True), (d["collecting"], d["collecting_longer"]))
		between("so long", 59_000_000, 5_000_000_000, d["collecting_ns"])
		equal("by whom: it has given the GIL away", None, d["collector_tid"])
	END
	quit
}

PYTHON=/tmp/py314/versions/3.14.4/bin/python3.14; each 3.14.4 tasks; exit
for root in "$O"/pythons/*; do
	case ${STACKS:-}${root##*/} in
	*3.11) continue ;; # the system's
	3.14* | 3.15* | all*) ;; # have lists of tasks
	*) continue ;;
	esac
	in_root "$root" || continue
	each "$name" tasks
done
[ -z "$fails" ]
