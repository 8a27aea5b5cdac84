# What the scripts share that run on each CPython of `make pythons`, each in its own root with its own
# libc.  To be sourced after lib.sh.

# The workloads must be seen inside a root; nothing is left there.
inside=/tmp/gilscope-work.$$
forget() {
	for root in "$O"/pythons/*; do
		rm -rf "$root$inside"
	done
}
trap 'rc=$?; forget; (exit $rc); cleanup' EXIT

fails=
# each WHAT TEST…: run every TEST, whether or not those before it failed; they are given WHAT
each() {
	what=$1
	shift
	for test; do
		rc=0
		($test "$what") || rc=$?
		[ $rc = 0 ] || { printf '    (%s, with CPython %s)\n' "$test" "$what"; fails=1; }
	done
}

# in_root ROOT: $name is its version, and workloads run in it; false if no CPython is there
in_root() {
	root=$1 name=${1##*/}
	[ -x "$root/usr/bin/python$name" ] || return 1
	[ -c "$root/dev/null" ] || mknod -m 666 "$root/dev/null" c 1 3
	mkdir "$root$inside" && cp "$ROOT"/tests/work/*.py "$root$inside" || fail "$root: not writable"
	WORK_DIR=$inside LAUNCHER="chroot $root"
	PYTHON=/usr/bin/python$name
}

# embedding: $PYTHON is a program that embeds the root's library
embedding() {
	cc -nostdlib -no-pie -Wl,--unresolved-symbols=ignore-all -o "$root$inside/embedding" "$E2E/embedding.S" \
		"$root"/usr/lib/x86_64-linux-gnu/libpython"$name".so.1.0 || fail "cc: see above"
	PYTHON=$inside/embedding
}
