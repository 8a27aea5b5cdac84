#!/bin/sh
# Fetch Debian's CPythons and unpack each into a folder of its own, as a chroot with its own
# libc: what tests/e2e/pythons.sh runs against.  Nothing is installed into the system.
#
# usage: scripts/pythons.sh DIR [NAME…]      NAME: 3.9 3.11 3.13 3.14 3.15; all by default
#
# Ends with 1 and a line for every interpreter that cannot be had; the others are made all the same.
set -u
me=pythons
[ $# -ge 1 ] || { echo "usage: scripts/pythons.sh DIR [NAME…]" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
shift
names=${*:-3.9 3.11 3.13 3.14 3.15}

works() {
	chroot "$2" "/usr/bin/python$1" -c 'import ctypes, select, threading' &&
		chroot "$2" "/usr/bin/python$1" -V
}

suites_begin
rc=0
for name in $names; do
	# The suite that carries it; and with this host's version uvloop, for tests/e2e/uvloop.sh.
	more=
	[ "$name" != 3.11 ] || more=python3-uvloop
	case $name in
	3.9) suite=bullseye ;;
	3.11) suite=bookworm ;;
	3.13) suite=trixie ;;
	3.14 | 3.15) suite=sid ;;
	*) die "$name: not known; known: 3.9 3.11 3.13 3.14 3.15" ;;
	esac
	# shellcheck disable=SC2086 # none, or a word
	have "$name" $suite "python$name" "libpython$name" "python$name-dbg" $more || rc=1
done
suites_end
exit $rc
