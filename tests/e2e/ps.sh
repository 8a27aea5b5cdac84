#!/bin/sh
# `ps` lists the CPython processes of this host, and only those.
. "$(dirname "$0")/lib.sh"
need_root

start_work names.py
sleep 60 &
later $!
sleeper=$!
run ps --format json
[ "$RC" = 0 ] || fail "ps: expected exit code 0, seen $RC; $(cat "$T/err")"
echo "{\"pid\": $WORK, \"sleeper\": $sleeper}" >"$T/truth"
check "$T/out" "$T/truth" <<'EOF'
rows = result["processes"] if isinstance(result, dict) else result
pids = [r["pid"] for r in rows]
expect(truth["pid"] in pids, "processes", f"{truth['pid']} among them", pids)
expect(truth["sleeper"] not in pids, "processes", f"{truth['sleeper']}, a sleep, not among them", pids)
equal("processes listed twice", [], sorted({p for p in pids if pids.count(p) > 1}))
row = next(r for r in rows if r["pid"] == truth["pid"])
version = row["python"]["version"] if isinstance(row.get("python"), dict) else row.get("version", "")
expect(version.startswith("3."), "version", "3.…", version)
EOF
run ps
[ "$RC" = 0 ] || fail "ps as a table: expected exit code 0, seen $RC"
grep -qw "$WORK" "$T/out" || fail "ps as a table: $WORK is not in: $(cat "$T/out")"
! LC_ALL=C grep -q "$(printf '\033')" "$T/out" || fail "ps as a table: an escape sequence got through"
