#!/bin/sh
# A target that ends during the measurement ends it, as a result; at attach it is one clear line.
. "$(dirname "$0")/lib.sh"
need_root

for how in TERM KILL; do
	start_work pingpong.py 2 300
	start_stat -p "$WORK"
	go
	truth_of
	kill -$how "$WORK"
	ended "$SCOPE" 20
	[ "$RC" = 0 ] || fail "target ended by SIG$how: expected exit code 0, seen $RC; $(cat "$S.err")"
	check "$S.out" "$W.truth" <<-'EOF'
		contract(result)
		p = only_process(result)
		equal("exited", True, p["exited"])
		forced = gil(p)["forced_releases"]
		for name, tid in truth["tids"].items():
		    between(f"takes of {name}", truth["takes"], truth["takes"] + forced + 2, thread(p, tid)["takes"])
	EOF
done

# One of two ends: the other is measured on.
start_work idle.py
other=$WORK
start_work idle.py
start_stat -p "$WORK,$other" -d 1.5
kill -KILL "$WORK"
ended "$SCOPE" 20
[ "$RC" = 0 ] || fail "one of two targets ended: expected exit code 0, seen $RC; $(cat "$S.err")"
check "$S.out" "$W.ready" <<'EOF'
equal("exited", {True: 1, False: 1}, {f: sum(p["exited"] is f for p in result["processes"]) for f in (True, False)})
equal("exited of the one that ended", True, process(result, truth["pid"])["exited"])
between("duration", 1.4e9, 3e9, result["duration_ns"])
EOF

# It ends while gilscope attaches, a little later each time.
for after in 0 0.02 0.05 0.1 0.15 0.2 0.3; do
	/usr/bin/python3 -S -c "import time; time.sleep(0.3 + $after)" &
	pid=$!
	later $pid
	sleep 0.3
	run stat -p $pid -d 5 --format json
	case $RC in
	0) check "$T/out" <<-'EOF'
		equal("exited", True, only_process(result)["exited"])
		EOF
		;;
	4) [ "$(wc -l <"$T/err")" = 1 ] || fail "gone at attach: expected one line, seen: $(cat "$T/err")" ;;
	*) fail "target that ends at attach: expected exit code 0 or 4, seen $RC; $(cat "$T/err")" ;;
	esac
	wait $pid 2>/dev/null
done
