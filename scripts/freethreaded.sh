#!/bin/sh
# Build free-threaded CPythons from Debian's source packages, each as a chroot like those of
# scripts/pythons.sh: Debian has no such binaries.  Nothing is installed into the system.
#
# usage: scripts/freethreaded.sh DIR [NAME…]      NAME: 3.13t 3.14t 3.15t; all by default
#
# Makes DIR/NAME: usr/bin/pythonNAME, stripped, and usr/bin/pythonNAME-symbols, the same with symbols
# and debug information.  They run with copies of this machine's libraries.  Each takes some minutes
# (NICE_JOBS processes, 2 by default); what is there already is kept.  Ends with 1 and a line for
# every one that cannot be had; the others are made all the same.
set -u
me=freethreaded
[ $# -ge 1 ] || { echo "usage: scripts/freethreaded.sh DIR [NAME…]" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
shift
names=${*:-3.13t 3.14t 3.15t}

# with_libraries ROOT FILE…: copies of the libraries that these are linked with
with_libraries() {
	into=$1
	shift
	for lib in $(ldd "$@" 2>/dev/null | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u); do
		mkdir -p "$into${lib%/*}" && cp -L "$lib" "$into$lib" || return 1
	done
}

# -O2 as Debian's own.  Without profiles: making those takes longer than all the rest.
build() {
	cd src &&
		CFLAGS='-g' OPT='-O2 -DNDEBUG -Wall' nice ./configure -q --prefix=/usr --disable-gil \
			--disable-test-modules --without-ensurepip --without-doc-strings &&
		nice make -s -j"${NICE_JOBS:-2}" &&
		nice make -s DESTDIR="$root.new" commoninstall bininstall
}

finish() {
	cd "$root.new" && mkdir -p dev proc tmp usr/lib64 usr/sbin &&
		for link in bin sbin lib lib64; do ln -s usr/$link $link || return 1; done &&
		mv "usr/bin/python$name" "usr/bin/python$name-symbols" &&
		find usr/bin -mindepth 1 ! -name "*-symbols" -delete &&
		strip -o "usr/bin/python$name" "usr/bin/python$name-symbols" &&
		rm -rf "usr/lib/python$name/test" "usr/lib/python$name"/config-* &&
		with_libraries . "usr/bin/python$name" "usr/lib/python$name"/lib-dynload/*.so &&
		chroot . "/usr/bin/python$name" -c 'import _asyncio, ctypes, select, sys, threading
assert not sys._is_gil_enabled()'
}

# one NAME SUITE: it, of the source that this suite has
one() {
	name=$1
	root=$dir/$name
	[ ! -e "$root/.packages" ] || return 0
	source_of "$2" "python${name%t}"
	began=$(date +%s)
	rm -rf "$root.new"
	(build) >"$work/log" 2>&1 ||
		die "$name: it does not build; $work/log ends with: $(tail -n 1 "$work/log")"
	(finish) >"$work/log" 2>&1 || die "$name: built, but does not run: $(tail -n 1 "$work/log")"
	is=$(chroot "$root.new" "/usr/bin/python$name" -VV)
	printf '%s\t%s\n' "${orig%.orig.tar.*}" "built in $(($(date +%s) - began)) s" >"$root.new/.packages"
	mv "$root.new" "$root" || exit 1
	rm -rf src
	printf '%s: %s: %s, built in %s s\n' "$me" "$name" "$is" "$(($(date +%s) - began))"
}

for tool in cc make xz strip ldd; do
	command -v $tool >/dev/null 2>&1 || die "$tool: not installed"
done
rc=0
for name in $names; do
	case $name in
	3.13t) suite=trixie ;;
	3.14t | 3.15t) suite=sid ;;
	*) die "$name: not known; known: 3.13t 3.14t 3.15t" ;;
	esac
	# In a shell of its own: what fails there ends that one only.
	(one "$name" "$suite") || rc=1
done
exit $rc
