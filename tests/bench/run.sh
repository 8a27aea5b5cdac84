#!/bin/sh
# run.sh [recording|soak] [OPTION…]: what gilscope costs the traced program and the machine; see bench.py
# --help.  recording: only what recordings cost.  soak: a long run at full rate; see soak.py --help.
set -eu
cd "$(dirname "$0")/../.."
O=${O:-build}
[ "$(id -u)" = 0 ] || { echo "bench: root: needed to trace; run as root or with sudo" >&2; exit 1; }
[ -x "${GILSCOPE:-$O/gilscope}" ] || { echo "bench: $O/gilscope: not built; run make" >&2; exit 1; }
export O GILSCOPE="${GILSCOPE:-$O/gilscope}" PYTHONDONTWRITEBYTECODE=1
PATH=$PATH:$O/peers/bin:/usr/sbin:/sbin
[ ! -x "$O/peers/bin/bpftrace" ] || export BENCH_BPFTRACE="${BENCH_BPFTRACE:-$O/peers/bin/bpftrace}"
case ${1:-} in
recording) shift; set -- bench.py --section recording "$@" ;;
soak) shift; set -- soak.py "$@" ;;
*) set -- bench.py "$@" ;;
esac
script=$1
shift
exec /usr/bin/python3 "tests/bench/$script" "$@"
