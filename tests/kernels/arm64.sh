#!/bin/sh
# The sites that `probes --file` finds in Debian's arm64 CPython, probed by an emulated arm64 kernel.
#
# The kernel's own uprobe events are put on its sites, and what they see of a program that knows its
# own answers is held against what the sites mean.  gilscope itself is tried by run.sh (MACHINE=aarch64).
#
#   O=DIR     build folder (build); scripts/pythons_arm64.sh has fetched "guest" into $O/pythons-arm64
#
# Ends with 0 if all was as expected, 77 if nothing could be booted, else 1.
set -u
cd "$(dirname "$0")/../.." || exit 2
O=${O:-build}
guest=$O/pythons-arm64/guest
skip() { echo "$*"; exit 77; }
command -v cpio >/dev/null || skip "cpio: not installed"
command -v qemu-system-aarch64 >/dev/null || skip "qemu-system-aarch64: not installed; sh scripts/deps.sh arm64"
[ -e "$guest/.packages" ] || skip "no arm64 guest here; scripts/pythons_arm64.sh $O/pythons-arm64 guest fetches it"
[ -x "${GILSCOPE:=$O/gilscope}" ] || { echo "$GILSCOPE: not built; run make"; exit 1; }

T=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-arm64.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
python=$guest/usr/bin/python3.13
"$GILSCOPE" probes --file "$python" --with refs --format json >"$T/probes" || exit 1

root=$T/root
mkdir -p "$root/usr/bin" "$root/proc" "$root/sys" "$root/dev" || exit 1
cp -a "$guest/usr/lib" "$root/usr/" && rm -rf "$root/usr/lib/modules" && ln -s usr/lib "$root/lib" &&
	cp "$python" "$root/usr/bin/" && cp "$guest/usr/bin/busybox" "$root/busybox" || exit 1
cp tests/kernels/arm64_init "$root/init" && cp tests/kernels/arm64_work.py "$root/work.py" &&
	chmod +x "$root/init" && python3 tests/kernels/arm64_check.py "$T/probes" write "$root/uprobes" || exit 1
(cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$T/initrd" || exit 1

timeout 300 qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on -smp 2 -m 1024 -nographic -nic none -no-reboot \
	-kernel "$guest"/boot/vmlinuz-* -initrd "$T/initrd" -append "console=ttyAMA0 quiet panic=-1" \
	>"$T/log" 2>&1 </dev/null
python3 tests/kernels/arm64_check.py "$T/probes" check "$T/log" || {
	tail -n 20 "$T/log"
	exit 1
}
