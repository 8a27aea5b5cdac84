#!/bin/sh
# deb.sh OUT: build the Debian packages of this tree, into OUT.
#
# The sources are copied first, so that nothing is left in the tree; SOURCE_DATE_EPOCH is that of the
# changelog, so that the same tree makes the same bytes.
set -eu

[ $# = 1 ] || { echo "usage: deb.sh OUT" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
version=$(dpkg-parsechangelog -S Version)
[ "$version" = "$(cat VERSION)" ] ||
	{ echo "deb.sh: debian/changelog: version $version, but VERSION says $(cat VERSION)" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/gilscope-$version"
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard
else
	find . -type f ! -path './build*' -print0
fi | tar --null --ignore-failed-read --warning=no-failed-read -T - -cf - | tar -xf - -C "$work/gilscope-$version"

cd "$work/gilscope-$version"
dpkg-buildpackage -b -uc -us >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; exit 1; }
rm -f "$out"/*.deb "$out"/*.buildinfo "$out"/*.changes
mv "$work"/*.deb "$work"/*.buildinfo "$work"/*.changes "$out/"
ls "$out"/*.deb
