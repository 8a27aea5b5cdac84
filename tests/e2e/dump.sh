#!/bin/sh
# `dump` shows the stacks that the program itself knows, on every CPython here, thousands of them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root

dump() { # dump PID TIMES: that many dumps, an object a line
	: >"$T/dumps"
	for _ in $(seq "$2"); do
		run dump -p "$1" --format json
		[ "$RC" = 0 ] || fail "dump: expected exit code 0, seen $RC; $(cat "$T/err")"
		tr -d '\n' <"$T/out" >>"$T/dumps"
		echo >>"$T/dumps"
	done
}

# Threads that stand still: every name, file and line is what sys._current_frames() says.
parked() {
	start_work stacks.py 200
	go
	truth_of
	dump "$WORK" 2
	export WHAT="$1"
	check "$W.truth" "$T/dumps" <<-'END'
		truth = result
		seen = wrong = 0
		for line in open(sys.argv[2], encoding="utf-8"):
		    dump = json.loads(line)
		    equal("schema", "gilscope.dump/1", dump["schema"])
		    p = dump["processes"][0]
		    totals = p["totals"]
		    for what in ("unsteady", "torn", "unknown"):
		        equal(what, 0, totals[what])
		    main = p["interpreters"][0]
		    equal("id of the first interpreter", 0, main["id"])
		    equal("its collector runs", True, main["collecting"])
		    free = os.environ["WHAT"].endswith("t")
		    equal("GIL locked, by", (None if free else False, None), (main["gil"]["locked"], main["gil"]["holder_tid"]))
		    by_tid = {t["tid"]: t for t in main["threads"]}
		    equal("threads, but for the main one", len(truth["threads"]) + len(truth["elsewhere"]), len(by_tid) - 1)
		    for known in truth["threads"]:
		        t = by_tid.get(known["tid"])
		        if not expect(t, f"thread {known['tid']}", "in the dump", sorted(by_tid)):
		            continue
		        frames = [[f["function"], f["file"], f["line"], f["kind"]] for f in t["frames"]]
		        cut = len(known["frames"]) > 127
		        seen += 1
		        if frames != known["frames"][:127]:
		            wrong += 1
		            first = next((pair for pair in zip(known["frames"], frames) if pair[0] != pair[1]),
		                         (len(known["frames"]), len(frames)))
		            equal(f"stack of {known['name']}: first that differs", *first)
		        if (known["name"], "truncated" if cut else "whole", False, False) != (
		                t["name"], t["end"], t["holds_gil"], t["waits_for_gil"]):
		            equal(known["name"], ("truncated" if cut else "whole", False, False),
		                  (t["name"], t["end"], t["holds_gil"], t["waits_for_gil"]))
		    mine = by_tid[p["pid"]]["frames"]
		    equal("oldest frame of the main thread", ["<module>", truth["file"]], [mine[-1]["function"], mine[-1]["file"]])
		    # The oldest is called by C; so is what sorted() calls.
		    equal("called by C", True, mine[-1]["from_c"])
		    for tid in truth["elsewhere"]:
		        equal("in the main interpreter", "elsewhere", by_tid[tid]["frames"][0]["function"])
		        other = p["interpreters"][1]
		        frames = [[f["function"], f["line"]] for t in other["threads"] if t["tid"] == tid for f in t["frames"]]
		        equal("in its own", [["park", 3], ["<module>", 4]], frames)
		equal("stacks seen, with the deep one and the collecting one", 2 * len(truth["threads"]), seen)
		between("of them", 2 * 202, 2 * 203, seen)
		print(f"{os.environ['WHAT']:8} {seen} stacks as the program knows them")
	END
	run dump -p "$WORK"
	[ "$RC" = 0 ] || fail "dump as text: expected exit code 0, seen $RC; $(cat "$T/err")"
	case $WHAT in *t) gil="no GIL" ;; *) gil="GIL free" ;; esac
	for text in '^pid '"$WORK"'  CPython 3' "^interpreter 0: $gil; its collector runs" \
		'^thread [0-9]* "нить 0"' '^    park (.*/stacks.py:[0-9]*)$' '  coroutine$' \
		'^    ... older frames are left out$'; do
		grep -q "$text" "$T/out" || fail "dump as text: expected a line '$text', seen $(head -n 20 "$T/out")"
	done
	quit
}

# Threads that run: each function is seen below the line that calls it.
busy() {
	start_work stacks.py 0 3
	go
	truth_of
	dump "$WORK" 25
	export WHAT="$1"
	check "$W.truth" "$T/dumps" <<-'END'
		truth, lines = result, open(os.environ["SOURCE"], encoding="utf-8").read().splitlines()
		# Which lines of the program have calls of which function.
		calls = {name: {n for n, text in enumerate(lines, 1) if f" {name}(" in text or f"({name}(" in text}
		         for name in ("count", "first", "second", "third", "forth", "busy")}
		calls["busy"] = {n for n, text in enumerate(lines, 1) if text.strip() == "work(*args)"}
		steady = unsteady = holds = waits = deep = 0
		for line in open(sys.argv[2], encoding="utf-8"):
		    p = json.loads(line)["processes"][0]
		    for t in p["interpreters"][0]["threads"]:
		        if t["tid"] not in truth["busy"]:
		            continue
		        steady += t["steady"]
		        unsteady += not t["steady"]
		        holds += t["holds_gil"]
		        waits += t["waits_for_gil"] is True
		        expect(not (t["holds_gil"] and t["waits_for_gil"]), "a thread", "holds or waits", "does both")
		        if not t["steady"]:
		            continue
		        names = [f["function"] for f in t["frames"] if f["file"] == truth["file"]]
		        rest = [(f["function"].split(".")[-1], f["line"]) for f in t["frames"] if f["file"] == truth["file"]]
		        deep = max(deep, len(rest))
		        for (callee, _), (_, at) in zip(rest, rest[1:]):
		            if callee in calls and at not in calls[callee]:
		                equal(f"line that calls {callee}, of {rest}", calls[callee], at)
		        equal("oldest of the program's own", ("busy", "run"), tuple(n for n, _ in rest[-2:]))
		between("deepest: count, third, second, first, busy, run, or forth", 5, 7, deep)
		between("steady stacks", 70, 75, steady)
		least, most = (0, 0) if os.environ["WHAT"].endswith("t") else (3, 75)
		between("of threads that hold the GIL", least, most, holds)
		between("of threads that wait for it", least, most, waits)
		print(f"{os.environ['WHAT']:8} {steady} stacks of running threads, {unsteady} not of one moment")
	END
	quit
}

# What cannot be dumped is refused by what it is.
refusals() {
	sleep 60 &
	later $!
	run dump -p $!
	[ "$RC" = 4 ] || fail "dump of a sleep: expected exit code 4, seen $RC"
	run dump
	[ "$RC" = 2 ] || fail "dump without a process: expected exit code 2, seen $RC"
	run dump -p 4194304
	[ "$RC" = 4 ] || fail "dump of no process: expected exit code 4, seen $RC"
	kill $!
}

export SOURCE="$ROOT/tests/work/stacks.py"
refusals
each system parked busy
for root in "$O"/pythons/*; do
	[ "${root##*/}" != 3.11 ] || continue # the system's
	in_root "$root" || continue
	each "$name" parked busy
done
[ -z "$fails" ]
