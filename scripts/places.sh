#!/bin/sh
# Fetch programs of Debian's that run Python in ways of their own, or are no CPython, each unpacked
# into a folder as a chroot with its own libc: what tests/e2e/{prefork,embed,others}.sh run.
# Nothing is installed into the system.
#
# usage: scripts/places.sh DIR [NAME…]      NAME: gunicorn uwsgi vim pypy3 python2; all by default
#
# Ends with 1 and a line for every one that cannot be had; the others are made all the same.
set -u
me=places
[ $# -ge 1 ] || { echo "usage: scripts/places.sh DIR [NAME…]" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
shift
names=${*:-gunicorn uwsgi vim pypy3 python2}

works() {
	case $1 in
	gunicorn) chroot "$2" /usr/bin/gunicorn --version ;;
	uwsgi) chroot "$2" /usr/bin/uwsgi-core --version ;;
	vim) chroot "$2" /usr/bin/vim.nox --version | head -n 1 ;;
	pypy3) chroot "$2" /usr/bin/pypy3 -V 2>&1 | head -n 1 ;;
	python2) chroot "$2" /usr/bin/python2.7 -V 2>&1 ;;
	esac
}

suites_begin
rc=0
for name in $names; do
	case $name in
	gunicorn) have "$name" bookworm gunicorn python3-setproctitle || rc=1 ;;
	uwsgi) have "$name" bookworm uwsgi-core uwsgi-plugin-python3 || rc=1 ;;
	vim) have "$name" bookworm vim-nox || rc=1 ;;
	pypy3) have "$name" bookworm pypy3 || rc=1 ;;
	python2) have "$name" bullseye python2.7 || rc=1 ;;
	*) die "$name: not known; known: gunicorn uwsgi vim pypy3 python2" ;;
	esac
done
suites_end
exit $rc
