#!/bin/sh
# initrd.sh OUT: everything that runs in the kernels under test, as one initramfs.
#
# All of it is this machine's: gilscope as built with the libraries it needs, Debian's CPython with the
# modules that the workloads and their checks import, busybox, the tests' own files.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-build}
case $O in /*) ;; *) O=$ROOT/$O ;; esac
GILSCOPE=${GILSCOPE:-$O/gilscope}
out=$1
python=/usr/bin/python3

tree=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-initrd.XXXXXX")
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT TERM

# put FILE [AS]: a copy of what it is, links followed
put() {
	mkdir -p "$tree$(dirname "${2:-$1}")"
	cp -L "$1" "$tree${2:-$1}"
}

# program FILE [AS]: and the libraries it is linked with, its loader among them
program() {
	put "$@"
	ldd "$1" | sed -n 's/^.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p' | while read -r lib; do
		[ -e "$tree$lib" ] || put "$lib"
	done
}

# The modules: what is imported after these have been, the compiled ones beside them.
modules() {
	"$python" -B -s - <<-'END'
		import sys
		import asyncio, atexit, ctypes, gc, json, os, re, select, selectors, signal, socket
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
echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
put "$(command -v busybox)" /bin/busybox
for name in $("$tree/bin/busybox" --list); do
	[ "$name" = busybox ] || ln -s busybox "$tree/bin/$name"
done
for name in env timeout; do # busybox's know less, and run busybox's own programs
	rm -f "$tree/bin/$name"
	program "$(command -v $name)" /bin/$name
done
rm -f "$tree/bin/sh"
program /bin/dash /bin/sh
program "$GILSCOPE" /usr/bin/gilscope
program /usr/sbin/bpftool
plugins=$(find /usr/lib -path '*babeltrace2/plugins/babeltrace-plugin-ctf.so' | head -n 1)
[ -z "$plugins" ] || program "$plugins"
program "$(readlink -f "$python")"
ln -s "$(basename "$(readlink -f "$python")")" "$tree/usr/bin/python3"
modules | sort -u | while read -r file; do
	case $file in
	*.so) program "$file" ;;
	*) put "$file" ;;
	esac
done
unwind=$(ldconfig -p | sed -n 's/.*libgcc_s.so.1 .*x86-64.* => //p' | head -n 1)
[ -z "$unwind" ] || put "$unwind" # what pthread_exit() loads
mkdir -p "$tree/gilscope/tests/e2e" "$tree/gilscope/tests/work"
cp "$ROOT"/tests/e2e/*.py "$ROOT"/tests/e2e/*.sh "$ROOT/tests/kernels/guest.sh" \
	"$tree/gilscope/tests/e2e/"
cp "$ROOT"/tests/work/*.py "$tree/gilscope/tests/work/"
cp "$ROOT/tests/kernels/init" "$tree/init"
chmod 755 "$tree/init"
(cd "$tree" && find . -print0 | cpio -0 -o -H newc -R 0:0 --quiet) >"$out.tmp"
mv "$out.tmp" "$out"
