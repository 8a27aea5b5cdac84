#!/bin/sh
# `stat -- PROGRAM` counts from the program's first instruction and reports how that went.
. "$(dirname "$0")/lib.sh"
need_root

# The program ends without the interpreter's own last collections, so that its statistics,
# which begin with the process, are all there is to be seen.
launch() {
	cat >"$T/program.py" <<-'EOF'
		import gc, json, os, sys
		class Node: pass
		for _ in range(5000):
		    a, b = Node(), Node()
		    a.other, b.other = b, a
		gc.collect()
		with open(sys.argv[1], "w") as f:
		    gc.disable()
		    json.dump({"pid": os.getpid(), "stats": gc.get_stats(), "argv": sys.argv[2:]}, f)
		os._exit(0)
	EOF
	S=$T/launch
	RC=0
	timeout -k 2 60 "$GILSCOPE" stat --mode exact --format json -- "$PYTHON" -B "$T/program.py" "$T/truth" -d "a b" \
		>"$S.out" 2>"$S.err" </dev/null || RC=$?
	[ "$RC" = 0 ] || fail "stat -- $PYTHON: expected exit code 0, seen $RC; $(cat "$S.err")"
	check "$S.out" "$T/truth" <<-'EOF'
		contract(result)
		p = process(result, truth["pid"])
		equal("the program's arguments", ["-d", "a b"], truth["argv"])
		equal("exited", True, p["exited"])
		for n, stats in enumerate(truth["stats"]):
		    for key in ("collections", "collected", "uncollectable"):
		        equal(f"{key} of generation {n} since its start", stats[key], generation(p, n)[key])
		expect(gil(p)["takes"] > 0, "takes", "more than none", gil(p)["takes"])
	EOF
}
on_each_python launch

# A script found through PATH and its #! line is followed to its interpreter.
mkdir "$T/bin"
printf '#!/usr/bin/env -S /usr/bin/python3 -B\nimport os, time\nfor _ in range(100): time.sleep(0)\n' >"$T/bin/gs-script"
chmod +x "$T/bin/gs-script"
PATH=$T/bin:$PATH
run stat --mode exact --format json -- gs-script
[ "$RC" = 0 ] || fail "stat -- gs-script: expected exit code 0, seen $RC; $(cat "$T/err")"
check "$T/out" <<'EOF'
between("takes of a program that sleeps 100 times", 100, 1000, gil(only_process(result))["takes"])
EOF

# What cannot be run, or is no CPython: exit code 4 and one line.
bad() {
	want=$1
	shift
	run stat --format json -- "$@"
	[ "$RC" = "$want" ] || fail "stat -- $*: expected exit code $want, seen $RC; $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" = 1 ] || fail "stat -- $*: expected one line on stderr, seen: $(cat "$T/err")"
	[ ! -s "$T/out" ] || fail "stat -- $*: expected nothing on stdout, seen: $(head -c 200 "$T/out")"
}
bad 4 gilscope-no-such-program
bad 4 "$T/no/such/file"
bad 4 /etc/passwd
bad 4 true
run stat --format json --
[ "$RC" = 2 ] || fail "stat -- without a program: expected exit code 2, seen $RC"

# Watch mode is the default, from the first instruction on, too.  Where it cannot be, exact mode is,
# with a word; unless watch mode was asked for.
run stat --format json -- gs-script
[ "$RC" = 0 ] || fail "stat -- gs-script: expected exit code 0, seen $RC; $(cat "$T/err")"
check "$T/out" <<'EOF'
contract(result)
equal("mode of a CPython", "watch", result["mode"])
equal("takes in watch mode", None, gil(only_process(result))["takes"])
EOF
rt=$(dirname "$GILSCOPE")/gilscope-rt
run stat --format json -- "$rt" refcount
[ "$RC" = 0 ] || fail "stat -- gilscope-rt: expected exit code 0, seen $RC; $(cat "$T/err")"
grep -q '^gilscope: exact mode: ' "$T/err" || fail "stat -- gilscope-rt: does not say that the mode is exact; $(cat "$T/err")"
sed -n '/^{$/,$p' "$T/out" >"$T/result" # behind what the program printed
check "$T/result" <<'EOF'
contract(result)
equal("mode of the bundled runtime", "exact", result["mode"])
expect(gil(only_process(result))["takes"] > 0, "takes", "some", gil(only_process(result))["takes"])
EOF
run stat --mode watch --format json -- "$rt" refcount
[ "$RC" = 5 ] || fail "stat --mode watch -- gilscope-rt: expected exit code 5, seen $RC; $(cat "$T/err")"
