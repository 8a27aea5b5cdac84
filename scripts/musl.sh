#!/bin/sh
# Build a CPython 3.13 linked with musl from Debian's source package, as a chroot like those of
# scripts/pythons.sh: Debian has no such binary.  Nothing is installed into the system.
#
# usage: scripts/musl.sh DIR      makes DIR/3.13musl: usr/bin/python3.13musl, stripped
#
# It has the modules that need no library but libc, and ctypes.  Takes some minutes (NICE_JOBS processes, 2 by
# default); what is there already is kept.  Ends with 1 and one line if it cannot be had.
set -u
me=musl
[ $# -eq 1 ] || { echo "usage: scripts/musl.sh DIR" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
name=3.13musl version=3.13
root=$dir/$name
[ ! -e "$root/.packages" ] || exit 0
for tool in musl-gcc make xz strip; do
	command -v $tool >/dev/null 2>&1 || die "$tool: not installed; sh scripts/deps.sh test"
done
began=$(date +%s)
source_of trixie python$version
# What ctypes calls through: of libc it uses nothing that musl has not.
suites_begin
use_suite trixie && apt_in trixie download libffi-dev >"$work/log" 2>&1 && dpkg-deb -x libffi-dev_*.deb ffi ||
	die "libffi-dev cannot be had from Debian trixie"
ffi=$work/ffi/usr
# musl-gcc tells of gcc's own triplet, which configure takes for a contradiction
cat >cc <<-'END'
	#!/bin/sh
	[ "$*" != --print-multiarch ] || exit 0
	exec musl-gcc "$@"
END
chmod +x cc
build() {
	cd src && ./configure -q CC="$PWD/../cc" PKG_CONFIG=/bin/false OPT='-O2 -DNDEBUG' --prefix=/usr --disable-test-modules \
		--without-ensurepip --without-doc-strings \
		LIBFFI_CFLAGS="-I$ffi/include/x86_64-linux-gnu" LIBFFI_LIBS="$ffi/lib/x86_64-linux-gnu/libffi_pic.a" &&
		nice make -s -j"${NICE_JOBS:-2}" && nice make -s DESTDIR="$root.new" commoninstall bininstall
}
rm -rf "$root.new"
(build) >"$work/log" 2>&1 || die "it does not build: $(tail -n 1 "$work/log")"

finish() {
	cd "$root.new" && mkdir -p dev proc tmp usr/sbin usr/lib && ln -s usr/bin bin && ln -s usr/lib lib &&
		cp -L /lib/ld-musl-x86_64.so.1 lib/ && strip -o usr/bin/python$name usr/bin/python$version &&
		find usr/bin -mindepth 1 ! -name "python$name" -delete &&
		rm -rf usr/lib/python$version/test usr/lib/python$version/config-* &&
		chroot . /usr/bin/python$name -c 'import _asyncio, ctypes, select, sysconfig, threading
assert "musl" in sysconfig.get_config_var("MULTIARCH")'
}
(finish) >"$work/log" 2>&1 || die "built, but does not run: $(tail -n 1 "$work/log")"
is=$(chroot "$root.new" /usr/bin/python$name -VV)
printf '%s\t%s\n' "${orig%.orig.tar.xz}" "built in $(($(date +%s) - began)) s" >"$root.new/.packages"
mv "$root.new" "$root" || exit 1
rm -rf src
printf '%s: %s: %s, built in %s s\n' "$me" "$name" "$is" "$(($(date +%s) - began))"
