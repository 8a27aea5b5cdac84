#!/bin/sh
# The demo without a terminal prints three intervals, exits 0 and leaves no process behind.
. "$(dirname "$0")/lib.sh"
need_root

RC=0
O=$O GILSCOPE=$GILSCOPE timeout -k 5 60 sh "$ROOT/scripts/demo.sh" >"$T/out" 2>"$T/err" </dev/null || RC=$?
[ "$RC" = 0 ] || fail "demo: expected exit code 0, seen $RC; $(tail -n 5 "$T/err")"
pid=$(sed -n 's/^demo: .*pid \([0-9]*\).*/\1/p' "$T/err" | head -n 1)
[ -n "$pid" ] || fail "demo: expected it to name its workload's pid on stderr, seen: $(cat "$T/err")"
tables=$(grep -cw "$pid" "$T/out")
[ "$tables" -ge 3 ] || fail "demo: expected three tables that name process $pid, seen $tables: $(cat "$T/out")"
for name in compute-0 compute-1; do
	[ "$(grep -cw -e "$name" "$T/out")" -ge 3 ] ||
		fail "demo: expected thread $name in each of three tables, seen: $(cat "$T/out")"
done
until_true 5 dead "$pid" || fail "demo: left its workload (pid $pid) running"
