#!/bin/sh
# manpages.sh GILSCOPE OUT: gilscope(1) and a page for each of its commands, by help2man from --help.
#
# What is in no --help (files, the environment, what else to read) is in packaging/man.h2m.
# SOURCE_DATE_EPOCH, if set, dates the pages.
set -eu

[ $# = 2 ] || { echo "usage: manpages.sh GILSCOPE OUT" >&2; exit 2; }
gilscope=$1 out=$2
here=$(dirname "$0")/..
export LC_ALL=C

mkdir -p "$out"
# page NAME SUMMARY [COMMAND]
page() {
	help2man --no-info --no-discard-stderr --section 8 --manual "gilscope" \
		--name "$2" --include "$here/packaging/man.h2m" --output "$out/$1.8" \
		--version-string "gilscope $("$gilscope" --version | awk '{ print $NF }')" \
		"$gilscope${3:+ $3}"
	# help2man calls it by the path that it was run by.
	sed -i "1,/^\.SH SYNOPSIS/s|^\.TH [^ ]* |.TH $(echo "$1" | tr a-z A-Z) |" "$out/$1.8"
}

page gilscope "see who holds a Python process's GIL, who waits, and why"
"$gilscope" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1 \2/p' |
	while read -r command summary; do
		page "gilscope-$command" "$summary" "$command"
	done
