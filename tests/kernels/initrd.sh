#!/bin/sh
# initrd.sh OUT: everything that runs in the kernels under test, as one initramfs.
#
# gilscope as built with the libraries it needs, Debian's CPython with the modules that the workloads
# and their checks import, busybox, the tests' own files.  All of it is this machine's, unless FROM is
# a folder to take it from, with the same release of Debian for the machine MACHINE (scripts/arm64.sh).
# OTHER, if set, is a folder with another CPython and the libraries it needs: a root of its own.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-build}
case $O in /*) ;; *) O=$ROOT/$O ;; esac
GILSCOPE=${GILSCOPE:-$O/gilscope}
out=$1
python=/usr/bin/python3
FROM=${FROM:-}
MACHINE=${MACHINE:-$(uname -m)}

tree=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-initrd.XXXXXX")
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT TERM

# put FILE [AS]: a copy of what it is, links followed
put() {
	mkdir -p "$tree$(dirname "${2:-$1}")"
	cp -L "$FROM$1" "$tree${2:-$1}"
}

# libraries FILE: those it is linked with, its loader among them
libraries() {
	[ -n "$FROM" ] || {
		ldd "$1" | sed -n 's/^.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p'
		return
	}
	# Another machine's cannot be asked: by their names, theirs with the next.
	readelf -ld "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p; s/.*interpreter: .*\/\(.*\)\]/\1/p' |
		while read -r lib; do echo "/usr/lib/$MACHINE-linux-gnu/$lib"; done
}

# program FILE [AS]: and the libraries it is linked with
program() {
	put "$@"
	with_libraries "$FROM$1"
}
with_libraries() {
	libraries "$1" | while read -r lib; do
		[ ! -e "$tree$lib" ] || continue
		put "$lib"
		[ -z "$FROM" ] || with_libraries "$FROM$lib"
	done
}

# The modules: what is imported after these have been, the compiled ones beside them.
modules() {
	"$python" -B -s - <<-'END'
		import sys
		import asyncio, atexit, ctypes, gc, hashlib, json, os, re, select, selectors, signal, socket
		import subprocess, threading, time, encodings.utf_8, encodings.ascii, encodings.latin_1
		import multiprocessing.popen_fork, multiprocessing.synchronize
		for m in list(sys.modules.values()):
		    spec = getattr(m, "__spec__", None)
		    for path in (getattr(m, "__file__", None), getattr(spec, "cached", None)):
		        if path and path.startswith(sys.prefix) and os.path.exists(path):
		            print(path)
		print(os.__file__)
	END
}

for d in bin dev proc sys tmp etc usr/bin usr/sbin root; do mkdir -p "$tree/$d"; done
ln -s usr/sbin "$tree/sbin"
[ -z "$FROM" ] || { # its libraries and its loader are looked for below /lib
	mkdir "$tree/usr/lib"
	ln -s usr/lib "$tree/lib"
	loader=$(cd "$FROM/usr/lib/$MACHINE-linux-gnu" && ls ld-linux-*)
	ln -s "$MACHINE-linux-gnu/$loader" "$tree/lib/$loader"
}
echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
put "$(command -v busybox)" /bin/busybox
for name in $(busybox --list); do
	[ "$name" = busybox ] || ln -s busybox "$tree/bin/$name"
done
for name in env timeout; do # busybox's know less, and run busybox's own programs
	rm -f "$tree/bin/$name"
	program "$(command -v $name)" /bin/$name
done
rm -f "$tree/bin/sh"
program /bin/dash /bin/sh
(FROM= && put "$GILSCOPE" /usr/bin/gilscope)
with_libraries "$GILSCOPE"
program /usr/sbin/bpftool
plugins=$(find "$FROM/usr/lib" -path '*babeltrace2/plugins/babeltrace-plugin-ctf.so' -printf '/usr/lib/%P\n' | head -n 1)
[ -z "$plugins" ] || program "$plugins"
program "$(readlink -f "$python")"
ln -s "$(basename "$(readlink -f "$python")")" "$tree/usr/bin/python3"
modules | sed "s/$(uname -m)-linux-gnu/$MACHINE-linux-gnu/" | sort -u | while read -r file; do
	case $file in
	*.so) program "$file" ;;
	*/dist-packages/*) [ -n "$FROM" ] || put "$file" ;; # not Python's own
	*.pyc) (FROM= && put "$file") ;; # packages have none; they are made where they are installed
	*) put "$file" ;;
	esac
done
unwind=$(find "$FROM/usr/lib/$MACHINE-linux-gnu/" -maxdepth 1 -name libgcc_s.so.1 -printf "/usr/lib/$MACHINE-linux-gnu/%P\n")
[ -z "$unwind" ] || put "$unwind" # what pthread_exit() loads
mkdir -p "$tree/gilscope/tests/e2e" "$tree/gilscope/tests/work"
cp "$ROOT"/tests/e2e/*.py "$ROOT"/tests/e2e/*.sh "$ROOT/tests/kernels/guest.sh" \
	"$tree/gilscope/tests/e2e/"
cp "$ROOT"/tests/work/*.py "$tree/gilscope/tests/work/"
[ -z "${OTHER:-}" ] || {
	own=$tree/roots/$(basename "$OTHER"/usr/bin/python3.* | sed 's/python//')
	mkdir -p "$own/usr/bin" "$own/usr/lib" "$own/dev" "$own/proc" "$own/work"
	ln -s usr/lib "$own/lib"
	cp "$OTHER"/usr/bin/python3.* "$own/usr/bin/"
	cp -a "$OTHER"/usr/lib/python3.* "$OTHER/usr/lib/$MACHINE-linux-gnu" "$OTHER"/usr/lib/ld-linux-* "$own/usr/lib/"
	cp "$ROOT"/tests/work/*.py "$own/work/"
}
cp "$ROOT/tests/kernels/init" "$tree/init"
chmod 755 "$tree/init"
(cd "$tree" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet) >"$out.tmp"
mv "$out.tmp" "$out"
