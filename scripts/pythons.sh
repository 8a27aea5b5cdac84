#!/bin/sh
# Fetch Debian's CPythons and unpack each into a folder of its own, as a chroot with its own
# libc: what tests/e2e/pythons.sh runs against.  Nothing is installed into the system.
#
# usage: scripts/pythons.sh DIR [NAME…]      NAME: 3.9 3.11 3.13 3.14 3.15; all by default
#
# apt itself does the fetching, with folders of its own under DIR/apt: it verifies each suite's
# signed Release against Debian's keyring and every package against that.  The mirror is the one
# this machine's apt is set up with.  What is there already is kept (DIR/NAME/.packages lists it).
# Ends with 1 and a line for every interpreter that cannot be had; the others are made all the same.
set -u
export LC_ALL=C

die() { printf 'pythons: %s\n' "$*" >&2; exit 1; }

[ $# -ge 1 ] || die "usage: scripts/pythons.sh DIR [NAME…]"
mkdir -p "$1" || exit 1
dir=$(cd "$1" && pwd)
shift
names=${*:-3.9 3.11 3.13 3.14 3.15}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

for tool in apt-get dpkg-deb gpgv tar; do
	command -v $tool >/dev/null 2>&1 || die "$tool: not installed"
done
[ -r $keyring ] || die "$keyring: not there; install debian-archive-keyring"
[ "$(dpkg --print-architecture)" = amd64 ] || die "only amd64 packages are known here"

# The suite that carries each.
suite_of() {
	case $1 in
	3.9) echo bullseye ;;
	3.11) echo bookworm ;;
	3.13) echo trixie ;;
	3.14 | 3.15) echo sid ;;
	*) return 1 ;;
	esac
}

# A repository of this machine's that is Debian's main archive (its Release says Debian/Debian).
mirror() {
	# shellcheck disable=SC2016 # apt expands them
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | sed -n 's/^Debian|Debian|//p' | head -n 1
}
uri=$(mirror)
[ -n "$uri" ] || die "apt knows no Debian mirror; run apt-get update"

# apt_in SUITE ARG…: apt-get with that suite only, in folders of its own, and no package installed
apt_in() {
	own=$dir/apt/$1
	shift
	APT_CONFIG=$own/apt.conf apt-get -q -y "$@"
}

# use_suite SUITE: its index is there and verified
use_suite() {
	own=$dir/apt/$1
	[ ! -e "$own/failed" ] || return 1
	[ ! -e "$own/updated" ] || return 0
	mkdir -p "$own/etc/apt.conf.d" "$own/etc/preferences.d" "$own/state/lists/partial" \
		"$own/cache/archives/partial"
	: >"$own/state/status"
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$1" >"$own/etc/sources.list"
	cat >"$own/apt.conf" <<-END
		Dir "$own/";
		Dir::Etc "etc";
		Dir::State "state";
		Dir::State::status "$own/state/status";
		Dir::Cache "cache";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "20";
		APT::Sandbox::User "root";
		APT::Install-Recommends "false";
		Debug::NoLocking "true";
	END
	# An old index of an archive that was frozen will do: it is signed all the same.
	apt_in "$1" -o Acquire::Check-Valid-Until=false -o APT::Update::Error-Mode=any update \
		>"$own/log" 2>&1 || {
		: >"$own/failed"
		return 1
	}
	: >"$own/updated"
}

# said SUITE: what apt said last, in one line
said() { sed -n 's/^[EW]: //p' "$dir/apt/$1/log" | tail -n 1; }

# unpack_all SUITE INTO: what apt has fetched.  Directories that are links stay links: /lib is.
unpack_all() {
	mkdir -p "$2/usr/bin" "$2/usr/sbin" "$2/usr/lib" "$2/usr/lib64" "$2/dev" "$2/proc" "$2/tmp"
	for link in bin sbin lib lib64; do
		ln -s "usr/$link" "$2/$link" || return 1
	done
	for deb in "$dir/apt/$1/cache/archives"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x --keep-directory-symlink --no-same-owner -C "$2" || return 1
		dpkg-deb --show "$deb" >>"$2/.packages" || return 1
	done
	ldconfig -r "$2" 2>/dev/null
	chroot "$2" "/usr/bin/python$3" -c 'import ctypes, select, threading' || return 1
}

# make NAME
make_one() {
	name=$1
	suite=$(suite_of "$name") || die "$name: not known; known: 3.9 3.11 3.13 3.14 3.15"
	[ ! -e "$dir/$name/.packages" ] || return 0
	use_suite "$suite" || {
		printf 'pythons: %s: Debian %s cannot be had: %s\n' "$name" "$suite" "$(said "$suite")" >&2
		return 1
	}
	rm -f "$dir/apt/$suite/cache/archives"/*.deb
	apt_in "$suite" -d install "python$name" "libpython$name" "python$name-dbg" \
		>"$dir/apt/$suite/log" 2>&1 || {
		printf 'pythons: %s: its packages cannot be had from Debian %s: %s\n' "$name" "$suite" \
			"$(said "$suite")" >&2
		return 1
	}
	rm -rf "$dir/$name.new"
	unpack_all "$suite" "$dir/$name.new" "$name" 2>"$dir/apt/$suite/log" || {
		printf 'pythons: %s: unpacked, but does not run: %s\n' "$name" \
			"$(tail -n 1 "$dir/apt/$suite/log")" >&2
		return 1
	}
	mv "$dir/$name.new" "$dir/$name" || return 1
	printf 'pythons: %s: %s\n' "$name" "$(chroot "$dir/$name" "/usr/bin/python$name" -V)"
}

rm -f "$dir"/apt/*/updated "$dir"/apt/*/failed
rc=0
for name in $names; do
	make_one "$name" || rc=1
done
rm -f "$dir"/apt/*/cache/archives/*.deb
exit $rc
