#!/bin/sh
# run.sh [OPTION…]: every CPython at hand, in every form and place, has the known answers; see matrix.py --help.
set -eu
cd "$(dirname "$0")/../.."
O=${O:-build}
[ "$(id -u)" = 0 ] || { echo "matrix: root: needed to trace; run as root or with sudo" >&2; exit 1; }
[ -x "${GILSCOPE:-$O/gilscope}" ] || { echo "matrix: $O/gilscope: not built; run make" >&2; exit 1; }
export O GILSCOPE="${GILSCOPE:-$O/gilscope}" GILSCOPE_CACHE= LC_ALL=C.UTF-8
unset NO_COLOR PYTHONMALLOC PYTHONDEVMODE PYTHONPATH DEBUGINFOD_URLS
PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 tests/matrix/matrix.py "$@"
