#!/bin/sh
# The walk over frames passes the verifier, and sees in the kernel what it sees from outside.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root
need clang
need bpftool
[ -x "$O/tests/test_frames" ] || skip "test_frames: not built; run make tests"
[ -e "$O/vmlinux.h" ] || skip "vmlinux.h: not built; run make"

pins=${TMPDIR:-/tmp}/gilscope-bpffs-$$ # libbpf pins at no path with dots
mkdir "$pins"
trap 'rc=$?; umount "$pins" 2>/dev/null; rmdir "$pins"; forget; (exit $rc); cleanup' EXIT
mount -t bpf gilscope-test "$pins" 2>"$T/err" || skip "bpffs: cannot be mounted: $(cat "$T/err")"
clang -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -iquote "$ROOT" -iquote "$O" \
	-Wno-missing-declarations -c "$E2E/frames.bpf.c" -o "$T/frames.bpf.o" || fail "clang: see above"
bpftool prog loadall "$T/frames.bpf.o" "$pins/progs" pinmaps "$pins" autoattach 2>"$T/err" ||
	fail "bpftool: $(tail -n 3 "$T/err")"

same() {
	start_work sleeps.py
	tids=$(sed 's/.*"tids": \[\([^]]*\)\].*/\1/; s/,//g' "$W.ready")
	"$PY" "$E2E/frames.py" "$1" "$WORK $tids" "$pins" "$O/tests/test_frames" || exit 1
	go
}

each system same
for root in "$O"/pythons/*; do
	[ "${root##*/}" != 3.11 ] || continue # the system's
	in_root "$root" || continue
	each "$name" same
done
[ -z "$fails" ]
