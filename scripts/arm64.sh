#!/bin/sh
# Build gilscope for arm64 on another machine: against Debian's arm64 libraries, fetched and unpacked
# into a folder of their own, and with the types of the arm64 kernel that it is tried on.
#
# usage: scripts/arm64.sh DIR      the folder of scripts/pythons_arm64.sh, which has fetched "guest"
#
# DIR/root is what it is linked with and runs in (Debian 12's libraries and CPython), DIR/build the
# build folder, DIR/kernels what tests/kernels/run.sh boots.  Nothing is installed into the system; the
# compiler is that of scripts/deps.sh arm64.
set -u
me=arm64
# shellcheck disable=SC2034 # suites.sh reads it
arch=arm64
[ $# = 1 ] || { echo "usage: scripts/arm64.sh DIR" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
cd "$(dirname "$0")/.." || exit 1

run="python3.11 busybox-static coreutils dash bpftool libgcc-s1 libelf1 libdw1 zlib1g libcapstone4
	libjansson4 libncursesw6 libbabeltrace2-0 libprotobuf-c1 libmicrohttpd12 libcurl3-gnutls libcap-ng0 libinih1 libcrypt1"
dev="libc6-dev libelf-dev libdw-dev libdebuginfod-dev zlib1g-dev libcapstone-dev libjansson-dev
	libncurses-dev libbabeltrace2-dev libprotobuf-c-dev libmicrohttpd-dev libcurl4-gnutls-dev libcap-ng-dev libinih-dev libcrypt-dev"
backported="libbpf-dev linux-libc-dev" # newer, as scripts/deps.sh has the former of the machine's own

# absolute links lead out of it
own_links() {
	find "$1" -type l -lname '/*' | while read -r link; do
		ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$1$(readlink "$link")")" "$link" || return 1
	done
}

# fetch SUITE apt-get's words…: into the first suite's archives; a line on stderr if not
fetch() {
	suite=$1
	shift
	use_suite "$suite" && (cd "$dir/apt/bookworm/cache/archives" && apt_in "$suite" "$@") \
		>"$dir/apt/$suite/log" 2>&1 || {
		printf '%s: cannot be had from Debian %s: %s\n' "$me" "$suite" "$(said "$suite")" >&2
		return 1
	}
}

have_root() {
	[ ! -e "$dir/root/.packages" ] || return 0
	suites_begin
	use_suite bookworm && rm -f "$dir"/apt/bookworm/cache/archives/*.deb
	# shellcheck disable=SC2086 # words
	fetch bookworm -d install $run && fetch bookworm download $dev &&
		fetch bookworm-backports download $backported || return 1
	rm -rf "$dir/root.new" "${dir:?}/root"
	unpack_all bookworm "$dir/root.new" && own_links "$dir/root.new" || return 1
	rm -rf "$dir/apt"
	mv "$dir/root.new" "$dir/root" || return 1
	printf '%s: root: %s packages\n' "$me" "$(wc -l <"$dir/root/.packages")"
}

# The types are in the kernel's image, which arm64's is as it is: it begins with their magic number,
# version, flags and the size of the header, which tells where they end (Documentation/bpf/btf.rst).
have_types() {
	[ ! -s "$dir/vmlinux.btf" ] || return 0
	python3 - "$dir"/guest/boot/vmlinuz-* "$dir/vmlinux.btf" <<-'END'
		import struct, sys
		image, at = open(sys.argv[1], "rb").read(), -1
		while (at := image.find(struct.pack("<HBBI", 0xeb9f, 1, 0, 24), at + 1)) >= 0:
		    types, types_len, names, names_len = struct.unpack_from("<IIII", image, at + 8)
		    end = at + 24 + names + names_len
		    if types == 0 and names == types_len and image[end - 1:end] == b"\0" and types_len > 1 << 20:
		        open(sys.argv[2], "wb").write(image[at:end])
		        sys.exit()
		sys.exit("no types (BTF) in " + sys.argv[1])
	END
}

# in the form of scripts/kernels.sh
name_kernel() {
	kernel=$(ls "$dir"/guest/boot/vmlinuz-*) && release=${kernel##*/vmlinuz-} || return 1
	own=$dir/kernels/$(echo "$release" | cut -d. -f1-2)
	mkdir -p "$own" && ln -sf "$kernel" "$own/vmlinuz" && echo "$release" >"$own/release"
}

[ -e "$dir/guest/.packages" ] || die "no kernel here; scripts/pythons_arm64.sh $dir guest fetches it"
have_root && have_types && name_kernel || exit 1
libs=$dir/root/usr/lib/aarch64-linux-gnu
exec make O="$dir/build" ARCH=arm64 ARCH_S=aarch64 VMLINUX_BTF="$dir/vmlinux.btf" \
	CC="aarch64-linux-gnu-gcc --sysroot=$dir/root" AR=aarch64-linux-gnu-ar \
	LDFLAGS="-Wl,-rpath-link=$libs" "$dir/build/gilscope"
