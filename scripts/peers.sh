#!/bin/sh
# Fetch the tools that the benchmark compares with and this Debian has not, or has in an older version
# only; DIR/bin/NAME runs them, with their own libraries.  Nothing is installed into the system.
#
# usage: scripts/peers.sh DIR [NAME…]      NAME: austin bpftrace victoria-metrics; all by default
#
# Ends with 1 and a line for every tool that cannot be had; the others are made all the same.
set -u
me=peers
[ $# -ge 1 ] || { echo "usage: scripts/peers.sh DIR [NAME…]" >&2; exit 2; }
mkdir -p "$1/bin" || exit 1
dir=$(cd "$1" && pwd)
. "$(dirname "$0")/suites.sh"
shift
names=${*:-austin bpftrace victoria-metrics}

works() { chroot "$2" "/usr/bin/$1" --version; }

suites_begin
rc=0
for name in $names; do
	case $name in
	austin) suite=trixie ;;
	bpftrace | victoria-metrics) suite=sid ;;
	*) die "$name: not known; known: austin bpftrace victoria-metrics" ;;
	esac
	have "$name" $suite "$name" || { rc=1; continue; }
	# Not in a chroot: they look at files and processes of this system.
	cat >"$dir/bin/$name" <<-END
		#!/bin/sh
		at=\$(cd "\$(dirname "\$0")/../$name" && pwd)
		exec "\$at/lib64/ld-linux-x86-64.so.2" --library-path "\$at/usr/lib/x86_64-linux-gnu" "\$at/usr/bin/$name" "\$@"
	END
	chmod +x "$dir/bin/$name"
done
suites_end
exit $rc
