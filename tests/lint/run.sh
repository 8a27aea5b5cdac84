#!/bin/sh
# run.sh: every check of the source that needs no build; one line per finding, exit code 1 if any.
set -u
cd "$(dirname "$0")/../.." || exit 2
rc=0
T=$(mktemp -d) || exit 2
trap 'rm -rf "$T"' EXIT

# Files of the project: what git would keep, or all but build folders where there is no git.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files --cached --others --exclude-standard
else
	find . -name '.git' -prune -o -name 'build*' -prune -o -name __pycache__ -prune -o -type f -print |
		sed 's|^\./||'
fi | sort -u | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done >"$T/all"
c_files=$(grep '\.[ch]$' "$T/all")
headers=$(grep '\.h$' "$T/all")
sh_files=$(while IFS= read -r f; do ! head -n 1 "$f" | grep -q '^#!/bin/sh' || echo "$f"; done <"$T/all"
	echo tests/e2e/lib.sh tests/e2e/lib_roots.sh tests/e2e/lib_agent.sh | tr " " "\n")
bash_files=$(while IFS= read -r f; do ! head -n 1 "$f" | grep -q '^#!/bin/bash' || echo "$f"; done <"$T/all")
py_files=$(grep '\.py$' "$T/all")

# part NAME COMMAND…: findings are shown, the others still run
part() {
	name=$1
	shift
	"$@" >"$T/out" 2>&1 && return
	printf 'lint %s:\n' "$name"
	sed 's/^/  /' "$T/out" | head -n 60
	rc=1
}
installed() { # a missing tool is a finding, not passed over in silence
	command -v "$1" >/dev/null 2>&1 || { printf '%s: not installed; run scripts/deps.sh test\n' "$1"; return 1; }
	"$@"
}
shell_syntax() {
	bad=0
	for f in $sh_files; do dash -n "$f" || bad=1; done
	for f in $bash_files; do bash -n "$f" || bad=1; done
	return $bad
}
python_syntax() {
	# shellcheck disable=SC2086
	PYTHONPYCACHEPREFIX=$T/pycache /usr/bin/python3 -m compileall -q -f $py_files
}

# shellcheck disable=SC2086 # no file of the project has a blank in its name
{
	part layers awk -f tests/lint/includes.awk $c_files
	part sizes sh tests/lint/sizes.sh $c_files
	part headers sh tests/lint/headers.sh $headers
	part words xargs -d '\n' -a "$T/all" sh tests/lint/words.sh
	part format installed clang-format --dry-run -Werror $c_files
	part shell shell_syntax
	part python python_syntax
}
exit $rc
