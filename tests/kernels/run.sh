#!/bin/bash
# run.sh [NAME…]: boot each kernel fetched by scripts/kernels.sh and run guest.sh in it; or, with
# MACHINE=aarch64, arm64's, with all that scripts/arm64.sh has made for it.
#
# Everything is emulated (qemu without KVM, so that it is the same everywhere): what counts is that
# the answers are right.  One kernel is booted at a time; NAME limits them (6.1, newest).
#
#   O=DIR                  build folder (build); the kernels are in $O/kernels
#   KERNEL_TESTS=NAME,…    of guest.sh, only these
#   KERNEL_TIMEOUT=S       for one kernel (600)
#
# Ends with 0 if all was as expected, 77 if nothing could be booted, else 1.
set -u
cd "$(dirname "$0")/../.." || exit 2
O=${O:-build}
limit=${KERNEL_TIMEOUT:-600}
PATH=$PATH:/usr/sbin:/sbin

skip() { echo "$*"; exit 77; }
MACHINE=${MACHINE:-$(uname -m)}
case $MACHINE in
x86_64) kernels=$O/kernels deps=kernels FROM= ;;
aarch64)
	kernels=$O/pythons-arm64/kernels deps=arm64 FROM=$(realpath "$O/pythons-arm64/root")
	GILSCOPE=$O/pythons-arm64/build/gilscope OTHER=$(realpath "$O/pythons-arm64/guest")
	;;
*) skip "there are kernels for x86-64 and aarch64" ;;
esac
for c in "qemu-system-$MACHINE" busybox cpio bpftool; do
	command -v "$c" >/dev/null || skip "$c: not installed; sh scripts/deps.sh $deps"
done
[ -x "${GILSCOPE:=$O/gilscope}" ] || { echo "$GILSCOPE: not built; run make"; exit 1; }
export GILSCOPE O MACHINE FROM OTHER="${OTHER:-}"

names=("$@")
if [ $# -eq 0 ]; then
	mapfile -t names < <(cd "$kernels" 2>/dev/null && ls -d */vmlinuz | sed 's,/.*,,' | sort -V)
fi
[ ${#names[@]} -gt 0 ] || skip "no kernels here; make kernels fetches them"

T=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-kernels.XXXXXX") || exit 1
qemu=
cleanup() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
sh tests/kernels/initrd.sh "$T/initrd" || { echo "the initramfs could not be made"; exit 1; }

# x86-64 without cmpxchg16b, which the emulator of Debian 12 gets wrong now and then (flags: a double
# fault after minutes).  Since 6.18 task storage is allocated with it, unless slabs are being debugged.
# Both CPUs in one thread, by turns: with a thread for each, the kernel's patching of its own code races with
# the emulator's other CPU (below), and a guest once stopped for good.
# aarch64's machine has one serial line: no word of the kernel but its last.
boot() { # boot VMLINUZ
	local words="quiet panic=-1 mitigations=off gilscope.tests=${KERNEL_TESTS:-}" is threads=multi
	case $MACHINE in
	x86_64)
		is=(-cpu max,-cx16 -serial "file:$T/console")
		threads=single
		words="$words console=ttyS0 slab_debug=F,kmalloc-*"
		;;
	aarch64)
		is=(-M virt -cpu "max,pauth-impdef=on")
		words="$words console=ttyAMA0 loglevel=1"
		;;
	esac
	timeout "$limit" "qemu-system-$MACHINE" -accel "tcg,thread=$threads" "${is[@]}" -smp 2 -m 1024 \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$1" -initrd "$T/initrd" -append "$words" \
		-serial "file:$T/said" </dev/null >"$T/qemu" 2>&1 &
	qemu=$!
	wait "$qemu"
	ended=$?
	qemu=
}

# The kernel's own code is patched while it runs (static keys) by way of breakpoints.  The emulator may
# run one on its other CPU when it is gone already; no CPU does, and the kernel knows nothing of it.
emulator_failed() { # emulator_failed NAME
	[ ! -e "$T/console" ] || ! where=$(grep -A 8 'Oops: int3' "$T/console") && return 1
	echo "$1: the emulator failed ($(sed -n 's/.*RIP: [0-9]*:\([^ ]*\).*/int3 at \1/p' <<<"$where" | head -n 1)); once more"
}

# What it found of the kernel, then what went how; the words of a failed test are above it.
table() { # table NAME RELEASE SECONDS
	awk -v name="$1" -v release="$2" -v took="$3" '
	$1 == "feature" { state = $2; $1 = $2 = ""; sub(/^ +/, "")
		if (state == "ok") there = there ", " $0; else lacks[state] = lacks[state] ", " $0; next }
	$1 == "test" { n[$3]++; if ($3 != "ok") bad = bad " " $2; all = all "  " $2 " " $4 " s"; next }
	$1 == "up" || $1 == "end" || $1 == "done" { ended = $1; code = $2; next }
	{ words[++w] = $0 }
	END {
		printf "%-7s %s, %d s\n", name, release, took
		printf "  there:    %s\n", substr(there, 3)
		if (lacks["fallback"]) printf "  fallback: %s\n", substr(lacks["fallback"], 3)
		if (lacks["missing"]) printf "  missing:  %s\n", substr(lacks["missing"], 3)
		for (i = 1; i <= w; i++) print "  | " words[i]
		printf "  tests:  %s\n", all
		if (ended != "end" || code != 0 || n["FAIL"] || !n["ok"]) {
			printf "  FAILED:  %s\n", bad ? bad : " it did not get to the end"
			exit 1
		}
		printf "  %d of %d as expected\n", n["ok"], n["ok"]
	}' "$T/said"
}

rc=0
for name in "${names[@]}"; do
	dir=$kernels/$name
	[ -s "$dir/vmlinuz" ] || { echo "$name: not fetched; run make $deps"; rc=1; continue; }
	from=$SECONDS
	: >"$T/said"
	boot "$dir/vmlinuz"
	if emulator_failed "$name"; then
		: >"$T/said"
		rm -f "$T/console"
		boot "$dir/vmlinuz"
	fi
	table "$name" "$(cat "$dir/release" 2>/dev/null)" $((SECONDS - from)) && continue
	rc=1
	cat "$T/qemu"
	[ "$ended" != 124 ] || { echo "$name: stopped after $limit s; its last words:"; tail -n 9 "$T/said" "$T/console"; }
	[ ! -e "$T/console" ] || sed -n '/BUG\|Oops\|panic\|WARNING/,$p' "$T/console" | head -n 60
done
exit $rc
