#!/bin/sh
# gilscope diff: what differs between two recordings is found, and what is noise is called noise.
. "$(dirname "$0")/lib.sh"
need_root

# recorded NAME THREADS: four seconds of so many computing threads
recorded() {
	start_work cpu.py "$2" 5
	go
	sleep 0.3
	start_record -p "$WORK" -d 4
	ended "$REC" 20
	[ "$RC" = 0 ] || fail "record: expected exit code 0, seen $RC; $(cat "$R.err")"
	mv "$R" "$T/$1"
	truth_of
	quit
}
recorded two 2
recorded four 4

run diff "$T/two" "$T/four" --format json
[ "$RC" = 0 ] || fail "diff: expected exit code 0, seen $RC; $(cat "$T/err")"
cp "$T/out" "$T/differ.json"
run diff "$T/two" "$T/two" --format json
cp "$T/out" "$T/same.json"
check "$T/differ.json" "$T/same.json" <<'EOF'
equal("schema", "gilscope.diff/1", result["schema"])
def figure(diff, name, group="gil"):
    found = [f for f in diff["figures"] if f["group"] == group and f["figure"] == name and f["process"]]
    return found[0] if found else {}
wait = [f for f in result["figures"] if f["group"] == "gil" and "wait" in f["figure"]]
expect(any(f["verdict"] == "grew" for f in wait), "waiting with four threads instead of two", "grew",
       [(f["figure"], f["a"], f["b"], f["verdict"]) for f in wait])
for f in wait:
    if f["verdict"] == "grew" and f["unit"] == "share":
        # Of two threads one waits, of four three do; less where others use the CPUs.
        between(f"{f['figure']}, B to A", 2.0, 5.0, f["b"] / f["a"])
# With itself there is nothing but noise.
expect(truth["figures"], "figures of a recording beside itself", "some", [])
for f in truth["figures"]:
    expect(f["verdict"] in ("within_noise", "too_short_to_tell") and not f["difference"],
           f"{f['figure']} of the same recording twice", "no difference", f)
EOF
run diff "$T/two" "$T/four"
[ "$RC" = 0 ] && grep -q grew "$T/out" || fail "diff as a table: expected 'grew', seen exit code $RC: $(head -n 5 "$T/out" "$T/err")"
run diff "$T/two" "$T/nowhere"
[ "$RC" = 1 ] || fail "diff with a recording that is not there: expected exit code 1, seen $RC"
run diff "$T/two"
[ "$RC" = 2 ] || fail "diff of one: expected exit code 2, seen $RC"
