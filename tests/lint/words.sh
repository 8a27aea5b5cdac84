#!/bin/sh
# Words that do not belong: notes to ourselves, paths of one machine; and comments that do.
# Arguments: all files of the project.
set -u
rc=0
complain() { printf '%s\n' "$1"; rc=1; }

# The words are put together here so that this file does not find itself.
note='TO''DO|FIX''ME|XX''X'
paths='/ro''ot/|/ho''me/[a-z]|/wo''rk/|/Use''rs/'
for what in "\\b($note)\\b:note to ourselves; do it or describe the limit" \
	"(^|[^A-Za-z0-9_.}\$])($paths):path of one machine"; do
	found=$(grep -nIE "${what%:*}" -- "$@") && complain "$(printf '%s\n' "$found" | sed "s|\$|   <- ${what##*:}|")"
done

# Every file opens by saying what it is for: in line 1, or in line 2 after #!.
for f; do
	case $f in
	tour/python/*) continue ;; # shown whole, under the words of their stop
	tests/golden/v*) continue ;; # data
	debian/* | packaging/man.h2m | packaging/completions/_*) continue ;; # begin as their readers want
	*.md | VERSION | .gitignore | .editorconfig | LICENSE* | *.txt | *.json) continue ;;
	esac
	[ -s "$f" ] || continue
	first=$(sed -n '1{/^#!/!p;q}' "$f")
	[ -n "$first" ] || first=$(sed -n 2p "$f")
	case $first in
	'/*'* | '//'* | '# '* | '"""'* | '#' | '<!-- '*) ;;
	*) complain "$f:1: does not open by saying what it is for" ;;
	esac
done

for f in tests/e2e/*.sh; do
	case $f in tests/e2e/lib*.sh) continue ;; esac
	sed -n 2p "$f" | grep -qE '^# .{20,}[.]$' || complain "$f:2: expected a one-sentence description"
done
exit $rc
