#!/bin/sh
# `doctor` says what this machine can do, with and without privileges.
. "$(dirname "$0")/lib.sh"
need_tracer

run doctor --format json
if [ "$(id -u)" = 0 ]; then
	[ "$RC" = 0 ] || fail "doctor: expected exit code 0, seen $RC; $(cat "$T/err")"
fi
check "$T/out" <<'EOF'
expect(isinstance(result, (dict, list)) and result, "doctor", "an object with content", result)
expect(os.uname().release in json.dumps(result), "kernel", os.uname().release, json.dumps(result)[:300])
rows = {r["name"]: r for r in result["requirements"]}
for name in ("BPF ring buffers", "task storage", "BPF cookies", "registers of a sleeping thread",
             "atomic operations that return a value"):
    row = rows.get(name, {})
    expect(row.get("since") and row.get("loss"), name, "since when, and what is lost", row)
    if os.geteuid() == 0:
        equal(name, "ok", row.get("state"))
EOF
run doctor
[ -s "$T/out" ] || fail "doctor as a table: printed nothing"
for command in "" top stat record report diff export probes ps tour doctor; do
	run $command --help
	[ "$RC" = 0 ] && [ -s "$T/out" ] && [ ! -s "$T/err" ] ||
		fail "$command --help: expected text and exit code 0, seen $RC; $(cat "$T/err")"
done
run --version
[ "$RC" = 0 ] && grep -qF "$(cat "$ROOT/VERSION")" "$T/out" ||
	fail "--version: expected $(cat "$ROOT/VERSION"), seen: $(cat "$T/out" "$T/err")"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$GILSCOPE" "$T/gilscope"
	chmod 755 "$T/gilscope"
	timeout -k 2 20 setpriv --reuid 65534 --regid 65534 --clear-groups "$T/gilscope" doctor >"$T/out" 2>"$T/err"
	[ -s "$T/out" ] || fail "doctor, unprivileged: printed nothing; $(cat "$T/err")"
fi
