#!/bin/sh
# Every header compiles alone.  Arguments: headers.  bpf/*.bpf.h need the kernel side: left out.
set -eu
rc=0
for h; do
	case $h in *.bpf.h) continue ;; esac
	out=$(printf '#include "%s"\n' "$h" |
		${CC:-cc} -std=gnu11 -Wall -D_GNU_SOURCE -DGS_VERSION='"0"' -iquote . \
			-fsyntax-only -x c - 2>&1) || {
		printf '%s:1: does not compile alone\n%s\n' "$h" "$out"
		rc=1
	}
done
exit $rc
