#!/bin/sh
# Fetch Debian's cloud kernels, each as one file to boot in qemu: what tests/kernels/run.sh boots.
# Nothing is installed into the system; of a package only its kernel is kept.
#
# usage: scripts/kernels.sh DIR [NAME…]      NAME: 5.10 6.1 6.12 newest; all by default
#
# DIR/NAME/vmlinuz is the kernel, DIR/NAME/release what it calls itself; one from elsewhere can be
# put there by hand.  Ends with 1 and a line for every kernel that cannot be had; the others are
# fetched all the same.
set -u
me=kernels
[ $# -ge 1 ] || { echo "usage: scripts/kernels.sh DIR [NAME…]" >&2; exit 2; }
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
shift
names=${*:-5.10 6.1 6.12 newest}

fetched() { [ -s "$dir/$1/vmlinuz" ] && [ -s "$dir/$1/release" ]; }

# cache SUITE ARG…: apt-cache with that suite only
cache() {
	own=$dir/apt/$1
	shift
	APT_CONFIG=$own/apt.conf apt-cache "$@"
}

# needs SUITE PACKAGE PREFIX: the package whose name begins so that PACKAGE depends on
needs() { cache "$1" depends "$2" | sed -n "s/^ *Depends: \($3[0-9].*\)/\1/p" | head -n 1; }

# package_of SUITE: the package that has the kernel itself; newer suites split it once more
package_of() {
	image=$(needs "$1" linux-image-cloud-amd64 linux-image-)
	binary=$(needs "$1" "${image:-none}" linux-binary-)
	echo "${binary:-$image}"
}

# unpack DEB INTO: the kernel, wherever the package has it
unpack() {
	mkdir -p "$2/tree" && dpkg-deb -x "$1" "$2/tree" || return 1
	kernel=$(find "$2/tree" \( -name 'vmlinuz*' -o -name 'bzImage*' \) -type f | head -n 1)
	[ -n "$kernel" ] || { echo "$1: no kernel in it" >&2; return 1; }
	mv "$kernel" "$2/vmlinuz"
	case ${kernel##*/} in
	*-*) echo "${kernel##*/}" | sed 's/^[a-zA-Z]*-//' ;;
	*) basename "$(dirname "$kernel")" ;;
	esac >"$2/release"
	rm -rf "$2/tree"
}

# get NAME SUITE: into $dir/NAME
get() {
	use_suite "$2" || {
		printf '%s: %s: Debian %s cannot be had: %s\n' "$me" "$1" "$2" "$(said "$2")" >&2
		return 1
	}
	package=$(package_of "$2")
	[ -n "$package" ] || {
		printf '%s: %s: no cloud kernel in Debian %s\n' "$me" "$1" "$2" >&2
		return 1
	}
	new=$dir/$1.new
	rm -rf "$new"
	mkdir -p "$new/deb" || return 1
	(cd "$new/deb" && apt_in "$2" download "$package") >"$dir/apt/$2/log" 2>&1 &&
		unpack "$new"/deb/*.deb "$new" 2>>"$dir/apt/$2/log" || {
		printf '%s: %s: %s: %s\n' "$me" "$1" "$package" "$(tail -n 1 "$dir/apt/$2/log")" >&2
		rm -rf "$new"
		return 1
	}
	rm -rf "$new/deb" "${dir:?}/$1"
	mv "$new" "$dir/$1"
	printf '%s: %s: %s\n' "$me" "$1" "$(cat "$dir/$1/release")"
}

missing=
for name in $names; do
	fetched "$name" || missing="$missing $name"
done
[ -n "$missing" ] || exit 0
suites_begin
rc=0
for name in $missing; do
	case $name in
	5.10) suite=bullseye ;;
	6.1) suite=bookworm ;;
	6.12) suite=trixie ;;
	newest) suite=sid ;;
	*) die "$name: not known; known: 5.10 6.1 6.12 newest" ;;
	esac
	get "$name" $suite || rc=1
done
exit $rc
