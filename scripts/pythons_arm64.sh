#!/bin/sh
# Fetch Debian's CPythons for arm64 and unpack each into a folder of its own: files to look for probe
# sites in (tests/unit/test_sites_arm64.c, gilscope probes --file), nothing that could run here.
# Nothing is installed into the system, and its package manager learns no other architecture.
#
# usage: scripts/pythons_arm64.sh DIR [NAME…]      NAME: 3.9 3.11 3.13 3.14 3.15; all by default; guest
#
# guest is what tests/kernels/arm64.sh boots: a kernel, busybox, and 3.13 with the libraries it needs.
#
# Ends with 1 and a line for every interpreter that cannot be had; the others are made all the same.
set -u
me=pythons_arm64
# shellcheck disable=SC2034 # suites.sh reads it
arch=arm64
[ $# -ge 1 ] || { echo "usage: scripts/pythons_arm64.sh DIR [NAME…]" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
shift
names=${*:-3.9 3.11 3.13 3.14 3.15}

# have_files NAME SUITE PACKAGE…: what these packages alone contain, in $dir/NAME
have_files() {
	name=$1 suite=$2
	shift 2
	[ ! -e "$dir/$name/.packages" ] || return 0
	use_suite "$suite" || {
		printf '%s: %s: Debian %s cannot be had: %s\n' "$me" "$name" "$suite" "$(said "$suite")" >&2
		return 1
	}
	log=$dir/apt/$suite/log
	rm -rf "$dir/$name.new"
	mkdir -p "$dir/$name.new"
	(cd "$dir/$name.new" && apt_in "$suite" download "$@") >"$log" 2>&1 || {
		printf '%s: %s: its packages cannot be had from Debian %s: %s\n' "$me" "$name" "$suite" \
			"$(said "$suite")" >&2
		return 1
	}
	for deb in "$dir/$name.new"/*.deb; do
		dpkg-deb -x "$deb" "$dir/$name.new" && dpkg-deb --show "$deb" >>"$dir/$name.new/.packages" &&
			rm -f "$deb" || return 1
	done
	rm -rf "${dir:?}/$name"
	mv "$dir/$name.new" "$dir/$name" || return 1
	printf '%s: %s: %s\n' "$me" "$name" "$(awk '{ print $1, $2 }' "$dir/$name/.packages" | paste -sd,)"
}

have_guest() {
	[ ! -e "$dir/guest/.packages" ] || return 0
	use_suite trixie && kernel=$(APT_CONFIG=$dir/apt/trixie/apt.conf apt-cache depends linux-image-cloud-arm64 |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1) && [ -n "$kernel" ] || {
		printf '%s: guest: no kernel can be had from Debian trixie: %s\n' "$me" "$(said trixie)" >&2
		return 1
	}
	have_files guest trixie "$kernel" busybox-static python3.13-minimal libpython3.13-minimal \
		libc6 libexpat1 zlib1g
}

suites_begin
rc=0
for name in $names; do
	# The suite that carries it.
	case $name in
	3.9) suite=bullseye ;;
	3.11) suite=bookworm ;;
	3.13) suite=trixie ;;
	3.14 | 3.15) suite=sid ;;
	guest)
		have_guest || rc=1
		continue
		;;
	*) die "$name: not known; known: 3.9 3.11 3.13 3.14 3.15 guest" ;;
	esac
	have_files "$name" $suite "python$name-minimal" "libpython$name" || rc=1
done
suites_end
[ $rc != 0 ] || rm -rf "$dir/apt" # the indexes are larger than all the rest
exit $rc
