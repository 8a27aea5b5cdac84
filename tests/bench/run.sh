#!/bin/sh
# run.sh [recording] [OPTION…]: what gilscope costs the traced program and the machine; see bench.py
# --help; recording: what recordings cost, and how fast they are read; see recording.py --help.
set -eu
cd "$(dirname "$0")/../.."
O=${O:-build}
[ "$(id -u)" = 0 ] || { echo "bench: root: needed to trace; run as root or with sudo" >&2; exit 1; }
[ -x "${GILSCOPE:-$O/gilscope}" ] || { echo "bench: $O/gilscope: not built; run make" >&2; exit 1; }
export GILSCOPE="${GILSCOPE:-$O/gilscope}" PYTHONDONTWRITEBYTECODE=1
script=bench
[ "${1:-}" != recording ] || { script=recording; shift; }
export O
exec /usr/bin/python3 "tests/bench/$script.py" "$@"
