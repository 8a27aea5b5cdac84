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
kill $sleeper

# Where it runs: a process in a control group of docker's shape, seen under both of its pids.
id=$(printf '%064d' 0 | tr 0 b)
mkdir "$T/cgroup"
in_cgroups() { # in_cgroups COMMAND…: with the hierarchy mounted at $T/cgroup, seen by nobody else
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare -m sh -c 'mount -t cgroup2 none "$1" && shift && "$@"' sh "$T/cgroup" "$@"
}
group=$T/cgroup/gilscope-test.$$
in_cgroups mkdir -p "$group/docker/$id" 2>/dev/null ||
	{ printf 'control groups cannot be made here\n'; exit 0; }
unshare -pf --mount-proc --kill-child "$PYTHON" -S -c 'import time; time.sleep(100)' &
outer=$!
later $outer
one_child() { [ -n "$(cat "/proc/$outer/task/$outer/children")" ]; }
until_true 10 one_child || fail "unshare: has no child"
inner=$(tr -d ' ' <"/proc/$outer/task/$outer/children")
later "$inner"
in_cgroups sh -c "echo $inner >'$group/docker/$id/cgroup.procs'"
sleep 0.5
run ps --format json
cp "$T/out" "$T/json"
run ps
kill "$inner"
ended $outer 10
until_true 5 in_cgroups rmdir "$group/docker/$id" "$group/docker" "$group" 2>/dev/null ||
	fail "the control group cannot be removed"
echo "{\"pid\": $inner, \"id\": \"$id\"}" >"$T/truth"
check "$T/json" "$T/truth" <<'END'
row = next(r for r in result["processes"] if r["pid"] == truth["pid"])
equal("pid in its namespace", 1, row["ns_pid"])
equal("container", "docker:" + truth["id"][:12], row["container"])
expect(row["cgroup"].endswith("/docker/" + truth["id"]), "cgroup", "/…/docker/" + truth["id"], row["cgroup"])
END
grep -q "^ *$inner  *1 .* docker:bbbbbbbbbbbb " "$T/out" || fail "ps as a table: no container in: $(cat "$T/out")"
lines=$(awk 'NR == 1 {at = index($0, "COMMAND")} /sleep\(100\)/ {print at == index($0, "/usr/bin/python3")}' "$T/out")
[ "$lines" = 1 ] || fail "ps as a table: the columns do not line up: $(cat "$T/out")"
