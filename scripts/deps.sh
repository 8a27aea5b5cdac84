#!/bin/sh
# deps.sh [build|test|bench|kernels|arm64|package]: install what gilscope needs on a Debian machine.
#
# Idempotent: asks dpkg first, says what it installs, and touches no network
# when nothing is missing.  libbpf >= 1.4 (for uprobe_multi) and its bpftool
# come from the release's backports when the release itself is too old; the
# mirror and key are those of the machine's own apt configuration, read
# through a private list that leaves that configuration as it was.
set -eu

BUILD="gcc make clang llvm pkg-config libelf-dev libdw-dev libdebuginfod-dev zlib1g-dev
	libncurses-dev ncurses-term libjansson-dev libcapstone-dev libbabeltrace2-dev
	libprotobuf-c-dev protobuf-c-compiler libmicrohttpd-dev libcurl4-gnutls-dev libcap-ng-dev libinih-dev libcrypt-dev python3"
TEST="libcmocka-dev clang-format tmux procps binutils curl util-linux pypy3
	babeltrace2 chromium nodejs prometheus libclang-rt-14-dev musl-tools help2man zsh
	iproute2 openssl python3-yaml sqlite3"
KERNELS="qemu-system-x86 busybox-static cpio"
ARM64="qemu-system-arm busybox-static cpio gcc-aarch64-linux-gnu"
BENCH="bpftrace linux-perf python3-numpy"
PACKAGE="debhelper help2man bash-completion lintian debootstrap git"
LIBBPF_MIN=1.4
BPFTOOL_MIN=7.3

what=${1:-build}
case $what in
build) want=$BUILD ;;
test) want="$BUILD $TEST" ;;
bench) want="$BUILD $TEST $BENCH" ;;
kernels) want="$BUILD $KERNELS" ;;
arm64) want="$BUILD $ARM64" ;;
package) want="$BUILD $PACKAGE" ;;
*) echo "deps.sh: $what: unknown set; use build, test, bench, kernels, arm64 or package" >&2; exit 2 ;;
esac

say() { printf 'deps: %s\n' "$*" >&2; }
die() { printf 'deps: %s\n' "$*" >&2; exit 1; }

# installed PACKAGE [MIN]: is it there, and new enough?
installed() {
	v=$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1" 2>/dev/null) || return 1
	case $v in ii*) v=${v#ii} ;; *) return 1 ;; esac
	v=${v# }
	[ $# -lt 2 ] || dpkg --compare-versions "${v#*:}" ge "$2"
}

# Another nodejs than Debian's brings npm along.
case $what in
test | bench) command -v npm >/dev/null 2>&1 || want="$want npm" ;;
esac

missing=
for p in $want; do
	# libcurl with any TLS: its development packages exclude each other.
	case $p in libcurl4-*-dev)
		! installed libcurl4-openssl-dev && ! installed libcurl4-nss-dev || continue
	esac
	installed "$p" || missing="$missing $p"
done
newer=
installed libbpf-dev $LIBBPF_MIN || newer="$newer libbpf-dev"
installed bpftool $BPFTOOL_MIN || newer="$newer bpftool"

if [ -z "$missing$newer" ]; then
	case $what in kernels | arm64) what="boot $what" ;; esac
	say "everything needed to $what is installed"
	exit 0
fi
command -v apt-get >/dev/null 2>&1 ||
	die "apt-get: not found; install these yourself: $missing$newer"
[ "$(id -u)" = 0 ] ||
	die "root: needed to install$missing$newer; run as root or with sudo"

export DEBIAN_FRONTEND=noninteractive
private=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-deps.XXXXXX")
trap 'rm -rf "$private"' EXIT
trap 'exit 130' INT TERM

refresh() { # a failure matters only if the install that follows fails too
	[ -z "${refreshed:-}" ] || return 0
	refreshed=1
	say "refreshing the package lists"
	apt-get update -qq >"$private/update.log" 2>&1 || say "apt-get update: $(tail -n 1 "$private/update.log")"
}

if [ -n "$missing" ]; then
	say "installing$missing"
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $missing >"$private/log" 2>&1 || {
		refresh
		apt-get install -y -qq --no-install-recommends $missing >"$private/log" 2>&1 ||
			{ tail -n 5 "$private/log" >&2; die "apt-get: could not install$missing; see above"; }
	}
fi
[ -n "$newer" ] || exit 0

# candidate PACKAGE: the version the machine's own configuration offers
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \(.*:\)\{0,1\}//p'; }
refresh
enough=yes
dpkg --compare-versions "$(candidate libbpf-dev)" ge $LIBBPF_MIN || enough=
dpkg --compare-versions "$(candidate bpftool)" ge $BPFTOOL_MIN || enough=
if [ -n "$enough" ]; then
	say "installing$newer"
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $newer >"$private/log" 2>&1 ||
		{ tail -n 5 "$private/log" >&2; die "apt-get: could not install$newer; see above"; }
	exit 0
fi

# The mirror that serves this release's main section; Debian's keys, where apt
# does not already trust them for every source.
. /etc/os-release
[ -n "${VERSION_CODENAME:-}" ] || die "release: no codename in /etc/os-release; install libbpf >= $LIBBPF_MIN by hand"
suite=$VERSION_CODENAME-backports
line=$(apt-get indextargets --format '$(RELEASE)|$(COMPONENT)|$(REPO_URI)' \
	'Identifier: Packages' | awk -F'|' -v r="$VERSION_CODENAME" '$1 == r && $2 == "main" && !done { print; done = 1 }')
uri=$(printf %s "$line" | cut -d'|' -f3)
key=/usr/share/keyrings/debian-archive-keyring.gpg
[ -n "$uri" ] || die "mirror: apt has no $VERSION_CODENAME main source; install libbpf >= $LIBBPF_MIN by hand"

mkdir -p "$private/parts" "$private/lists/partial"
for s in "$VERSION_CODENAME" "$suite"; do
	printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$uri" "$s"
	[ ! -e "$key" ] || printf 'Signed-By: %s\n' "$key"
	echo
done >"$private/parts/gilscope.sources"
chmod -R go+rX "$private" # apt reads as an unprivileged user
papt() {
	apt-get -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$private/parts" \
		-o Dir::State::lists="$private/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}
say "installing$newer from $suite"
papt update -qq >"$private/log" 2>&1 || { tail -n 3 "$private/log" >&2; die "$suite: cannot be read; check the network"; }
# shellcheck disable=SC2086
papt install -y -qq --no-install-recommends -t "$suite" $newer >"$private/log" 2>&1 ||
	{ tail -n 5 "$private/log" >&2; die "apt-get: could not install$newer from $suite; see above"; }
