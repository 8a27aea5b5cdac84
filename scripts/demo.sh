#!/bin/sh
# demo.sh: watch a small web service fight over the GIL.
#
# Starts demo/workload.py under the system's Python, then the dashboard on it (q quits); without
# a terminal prints three intervals of one second instead.  The workload ends with this script.
# Exact mode, for the sake of all its figures; MODE=watch shows what costs the workload nothing.
set -eu
cd "$(dirname "$0")/.."
O=${O:-build}
GILSCOPE=${GILSCOPE:-$O/gilscope}
PYTHON=${PYTHON:-/usr/bin/python3}

die() { printf 'demo: %s\n' "$*" >&2; exit 1; }
[ -x "$GILSCOPE" ] || die "$GILSCOPE: not built; run make"
[ "$(id -u)" = 0 ] || die "root: needed to trace; run as root or with sudo"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-demo.XXXXXX")
pid=
end() {
	rc=$?
	trap - EXIT INT TERM HUP
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	fi
	rm -rf "$tmp"
	exit $rc
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Its standard input is a pipe that only this script writes to: should the script be killed, the
# workload sees the end of it and ends too.
mkfifo "$tmp/in"
"$PYTHON" -B demo/workload.py <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
pid=$!
exec 9>"$tmp/in"
tries=200
until grep -q READY "$tmp/out"; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] && kill -0 "$pid" 2>/dev/null || die "workload: does not start; $(tail -n 1 "$tmp/err")"
	sleep 0.05
done
printf 'demo: the workload has pid %s (demo/workload.py)\n' "$pid" >&2

if [ -t 0 ] && [ -t 1 ]; then
	"$GILSCOPE" top --mode "${MODE:-exact}" -p "$pid" 9>&-
else
	"$GILSCOPE" stat --mode "${MODE:-exact}" -p "$pid" -i 1 -d 3 --format table 9>&- </dev/null
fi
