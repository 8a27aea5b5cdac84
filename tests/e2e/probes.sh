#!/bin/sh
# `probes` tells what would be attached, where and why, and attaches nothing unless it is to count hits.
. "$(dirname "$0")/lib.sh"
need_root

probes() {
	start_work idle.py
	run probes -p "$WORK" --format json
	[ "$RC" = 0 ] || fail "probes: expected exit code 0, seen $RC; $(cat "$T/err")"
	text_restored "$WORK" || fail "probes changed the program"
	check "$T/out" "$W.ready" <<-'EOF'
		equal("schema", "gilscope.probes/1", result["schema"])
		p = only_process(result)
		equal("pid", truth["pid"], p["pid"])
		shape = {"family": TEXT, "event": TEXT, "offset": TEXT, "found_by": TEXT, "evidence": TEXT,
		         "instruction": TEXT}
		bad = shape_errors(p["probes"], [shape], "probes")
		expect(not bad, "shape of the rows", "as in the contract", "; ".join(bad[:6]))
		seen = {(r["family"], r["event"]) for r in p["probes"]}
		for event in (("gil", "owned"), ("gil", "released"), ("gc", "start"), ("gc", "done")):
		    expect(event in seen, "events", event, sorted(seen))
		size = os.path.getsize(f"/proc/{truth['pid']}/root{p['python']['path']}")
		for r in p["probes"]:
		    between(f"offset of {r['event']} in its file", 1, size, int(r["offset"], 16))
	EOF
	run probes -p "$WORK"
	[ "$RC" = 0 ] && grep -q owned "$T/out" || fail "probes as a table: rc $RC, seen: $(cat "$T/out" "$T/err")"

	# What is measured is what was promised.
	run probes -p "$WORK" --format json
	cp "$T/out" "$T/promised"
	run stat --mode exact -p "$WORK" -d 0.2 --format json
	check "$T/out" "$T/promised" <<-'EOF'
		def sites(rows):
		    return sorted({(r["family"], r["event"], int(r["offset"], 16)) for r in rows
		                   if r["offset"] and int(r["offset"], 16)})
		promised = sites(only_process(truth)["probes"])
		expect(len(promised) > 4, "sites promised", "several", promised)
		equal("sites of stat against those of probes", promised, sites(result["probes"]))
	EOF

	# The file alone tells the same, without the process.
	file=$("$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["processes"][0]["python"]["path"])' <"$T/promised")
	run probes --file "$file" --format json
	[ "$RC" = 0 ] || fail "probes --file $file: expected exit code 0, seen $RC; $(cat "$T/err")"
	check "$T/out" "$T/promised" <<-'EOF'
		what = ("family", "event", "offset", "found_by", "evidence", "instruction", "emulated")
		def rows(probes):
		    return sorted(tuple(p[k] for k in what) for p in probes)
		equal("processes", [], result["processes"])
		only = result["files"][0]
		equal("machine", os.uname().machine.replace("_", "-"), only["machine"])
		equal("version", only_process(truth)["python"]["version"], only["python"]["version"])
		equal("sites of the file against those of the process",
		      rows(only_process(truth)["probes"]), rows(only["probes"]))
	EOF
	run probes --file "$file"
	[ "$RC" = 0 ] && grep -q owned "$T/out" || fail "probes --file as a table: rc $RC, seen: $(cat "$T/out" "$T/err")"

	# And the families chosen change it.
	run probes -p "$WORK" --without gc,io,sched --format json
	check "$T/out" <<-'EOF'
		equal("families", set(), {r["family"] for r in only_process(result)["probes"]} & {"gc", "io", "sched"})
		expect(only_process(result)["probes"], "sites of the GIL", "still there", "none")
	EOF
	quit

	# With a duration they are probed for so long, and only so long.
	"$PYTHON" -c 'exec("import time\nwhile True: time.sleep(0.005)")' &
	busy=$!
	later $busy
	sleep 0.2
	run probes -p $busy -d 0.5 --format json
	[ "$RC" = 0 ] || fail "probes -d: expected exit code 0, seen $RC; $(cat "$T/err")"
	text_restored $busy || fail "probes -d left something in the program"
	check "$T/out" "$T/promised" <<-'EOF'
		rates = [(r["event"], r["hits_per_s"]) for r in only_process(result)["probes"]]
		expect(all(isinstance(r, (int, float)) for _, r in rates), "hits/s", "a number each", rates)
		between("hits/s of owned, for a sleep each 5 ms", 20, 400,
		        sum(r for event, r in rates if event == "owned"))
		equal("hits/s where nothing was attached", {None},
		      {r["hits_per_s"] for r in only_process(truth)["probes"]})
	EOF
	run probes -p $busy -d 0.3 --mode watch
	[ "$RC" = 0 ] && grep -q 'hits/s' "$T/out" && ! grep -q owned "$T/out" ||
		fail "probes -d --mode watch: rc $RC, seen: $(cat "$T/out" "$T/err")"
	kill $busy
}
on_each_python probes
