#!/bin/sh
# `probes` tells what would be attached, where and why, and attaches nothing.
. "$(dirname "$0")/lib.sh"
need_root

probes() {
	start_work idle.py
	run probes -p "$WORK" --format json
	[ "$RC" = 0 ] || fail "probes: expected exit code 0, seen $RC; $(cat "$T/err")"
	text_restored "$WORK" || fail "probes changed the program"
	check "$T/out" "$W.ready" <<-'EOF'
		rows = result["probes"]
		bad = shape_errors(rows, [{k: v for k, v in SHAPE["probes"][0].items() if k != "hits"}], "probes")
		expect(not bad, "shape of the rows", "as in the contract", "; ".join(bad[:6]))
		seen = {(r["family"], r["event"]) for r in rows}
		for event in (("gil", "owned"), ("gil", "released"), ("gc", "start"), ("gc", "done")):
		    expect(event in seen, "events", event, sorted(seen))
		for r in rows:
		    if r["found_by"] == "kernel" or not r["file"].startswith("/"):
		        continue
		    expect(os.path.exists(f"/proc/{truth['pid']}/root{r['file']}"), "file", "one that exists", r["file"])
		    expect(int(r["offset"], 16) > 0, f"offset of {r['event']}", "more than 0", r["offset"])
	EOF
	run probes -p "$WORK"
	[ "$RC" = 0 ] && grep -q owned "$T/out" || fail "probes as a table: rc $RC, seen: $(cat "$T/out" "$T/err")"

	# What is measured is what was promised.
	run probes -p "$WORK" --format json
	cp "$T/out" "$T/promised"
	run stat -p "$WORK" -d 0.2 --format json
	check "$T/out" "$T/promised" <<-'EOF'
		def sites(rows):
		    return sorted({(r["family"], r["event"], r["file"], r["offset"]) for r in rows
		               if r["found_by"] != "kernel"})
		equal("sites of stat against those of probes", sites(truth["probes"]), sites(result["probes"]))
	EOF

	# And the families chosen change it.
	run probes -p "$WORK" --without gc,io,sched --format json
	check "$T/out" <<-'EOF'
		equal("families", set(), {r["family"] for r in result["probes"]} & {"gc", "io", "sched"})
	EOF
	quit
}
on_each_python probes
