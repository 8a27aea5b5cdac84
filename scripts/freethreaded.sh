#!/bin/sh
# Build a free-threaded CPython 3.13 from Debian's source package, as a chroot like those of
# scripts/pythons.sh: Debian has no such binary.  Nothing is installed into the system.
#
# usage: scripts/freethreaded.sh DIR         makes DIR/3.13t: usr/bin/python3.13t, stripped, and
#        usr/bin/python3.13t-symbols, the same with symbols and debug information
#
# It runs with copies of this machine's libraries.  Takes some minutes (NICE_JOBS processes, 2 by
# default); what is there already is kept.  Ends with 1 and one line if it cannot be had.
set -u
me=freethreaded
[ $# -eq 1 ] || { echo "usage: scripts/freethreaded.sh DIR" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
name=3.13t version=3.13
root=$dir/$name
[ ! -e "$root/.packages" ] || exit 0
for tool in cc make xz strip ldd; do
	command -v $tool >/dev/null 2>&1 || die "$tool: not installed"
done

source_of trixie python$version

began=$(date +%s)
build() {
	cd src &&
		CFLAGS='-g' OPT='-O2 -DNDEBUG -Wall' ./configure -q --prefix=/usr --disable-gil \
			--disable-test-modules --without-ensurepip --without-doc-strings &&
		nice make -s -j"${NICE_JOBS:-2}" &&
		nice make -s DESTDIR="$root.new" commoninstall bininstall
}
rm -rf "$root.new"
(build) >"$work/log" 2>&1 || die "it does not build: $(tail -n 1 "$work/log")"

# with_libraries ROOT FILE…: copies of the libraries that these are linked with
with_libraries() {
	into=$1
	shift
	for lib in $(ldd "$@" 2>/dev/null | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u); do
		mkdir -p "$into${lib%/*}" && cp -L "$lib" "$into$lib" || return 1
	done
}
finish() {
	cd "$root.new" && mkdir -p dev proc tmp usr/lib64 usr/sbin &&
		for link in bin sbin lib lib64; do ln -s usr/$link $link || return 1; done &&
		mv usr/bin/python${version}t usr/bin/python${version}t-symbols &&
		find usr/bin -mindepth 1 ! -name "*-symbols" -delete &&
		strip -o usr/bin/python${version}t usr/bin/python${version}t-symbols &&
		rm -rf usr/lib/python${version}t/test usr/lib/python${version}t/config-* &&
		with_libraries . usr/bin/python${version}t usr/lib/python${version}t/lib-dynload/*.so &&
		chroot . /usr/bin/python${version}t -c 'import ctypes, select, sys, threading
assert not sys._is_gil_enabled()'
}
(finish) >"$work/log" 2>&1 || die "built, but does not run: $(tail -n 1 "$work/log")"
is=$(chroot "$root.new" /usr/bin/python${version}t -VV)
printf '%s\t%s\n' "${orig%.orig.tar.xz}" "built in $(($(date +%s) - began)) s" >"$root.new/.packages"
mv "$root.new" "$root" || exit 1
rm -rf src
printf '%s: %s: %s, built in %s s\n' "$me" "$name" "$is" "$(($(date +%s) - began))"
