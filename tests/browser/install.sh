#!/bin/sh
# install.sh DIR [FOLDER]: install the packages that FOLDER/package.json lists (the browser tests') into
# DIR, unless they are there already.
# Exit code 77 and a reason if that cannot be done here.
set -u
here=${2:-$(cd "$(dirname "$0")" && pwd)}
dir=${1:?DIR}

for c in node npm $([ $# -gt 1 ] || echo chromium); do
	command -v $c >/dev/null 2>&1 || { echo "$c: not installed; run scripts/deps.sh test"; exit 77; }
done
cmp -s "$here/package.json" "$dir/package.json" && [ -e "$dir/complete" ] && exit 0
mkdir -p "$dir" && rm -f "$dir/complete" && cp "$here/package.json" "$dir/" || exit 1
# No lock file: it would hold the addresses of one machine's registry.
(cd "$dir" && npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error) >"$dir/log" 2>&1 || {
	echo "npm: could not install the packages: $(tail -n 1 "$dir/log")"
	exit 77
}
: >"$dir/complete"
