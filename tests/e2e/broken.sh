#!/bin/sh
# Programs that map crafted files as their interpreter are refused in one line, or told what is so.
#
# Each is a process that has such a file mapped as code; it never runs any of it.  Refused means exit
# code 4 or 5.  Where what is broken does not matter, the sites are those of the file as it was.
. "$(dirname "$0")/lib.sh"
need_root
need cc

library() { # library FILE [FLAG…]: the small interpreter of the fuzz targets
	file=$1
	shift
	cc -shared -fPIC -O2 -nostdlib -Wl,-soname,libpython3.11.so.1.0 -Wl,-z,noseparate-code "$@" \
		-o "$file" "$ROOT/tests/fuzz/seed_python.c" || fail "cc: see above"
}

cat >"$T/map.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;

	if (mmap(0, 1 << 20, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		return 1;
	puts("READY");
	fflush(stdout);
	sleep(120);
	return 0;
}
END
cc -o "$T/python3" "$T/map.c" || fail "cc: see above"

# mapped FILE: a process that calls itself python3 and has it mapped; $MAPPED
mapped() {
	: >"$T/mapped.out"
	"$T/python3" "$1" >"$T/mapped.out" 2>&1 &
	MAPPED=$!
	later $MAPPED
	until_true 10 has_line READY "$T/mapped.out" || fail "$1: cannot be mapped"
}

# where: each site's event and place
where() {
	"$PY" -c 'import json, sys
for p in json.load(sys.stdin)["processes"]:
    for s in p["probes"]:
        print(s["family"], s["event"], s["offset"])' <"$T/out" | sort
}

library "$T/good"
mkdir "$T/broken" "$T/lib"
"$PY" "$E2E/break_elf.py" "$T/good" "$T/broken" >"$T/names" || fail "break_elf.py: see above"
library "$T/broken/lies" -DSEED_VERSION=0x030d05f0 \
	-DSEED_LIES='"\360\5\15\3\0\0\0\0\377\377\377\377\377\377\377\177\1\2\3\4\5\6\7\10"'
library "$T/broken/more_lies" -DSEED_VERSION=0x030e0af0 -DSEED_LIES='"\360\12\16\3"'
printf 'lies\nmore_lies\n' >>"$T/names"

# The good one: found, but the interpreter in it was never made.
cp "$T/good" "$T/lib/libpython3.11.so.1.0"
mapped "$T/lib/libpython3.11.so.1.0"
run probes -p $MAPPED --format json
[ "$RC" = 0 ] || fail "the file as it was: expected exit code 0, seen $RC; $(cat "$T/err")"
where >"$T/right"
[ -s "$T/right" ] || fail "the file as it was: no sites"
kill -KILL $MAPPED

refused=0 same=0
while read -r name; do
	rm -f "$T/lib/"*
	cp "$T/broken/$name" "$T/lib/libpython3.11.so.1.0"
	mapped "$T/lib/libpython3.11.so.1.0"
	run probes -p $MAPPED --format json
	case $RC in
	0)
		where >"$T/seen"
		cmp -s "$T/right" "$T/seen" || fail "$name: other sites than those of the file as it was: $(diff "$T/right" "$T/seen")"
		same=$((same + 1))
		printf '%-22s same sites\n' "$name"
		;;
	4 | 5)
		[ "$(wc -l <"$T/err")" = 1 ] || fail "$name: expected one line, seen: $(cat "$T/err")"
		first=$RC why=$(cat "$T/err")
		run stat -p $MAPPED -d 0.1 --mode exact
		[ "$RC" = "$first" ] || fail "$name: probes ended with $first, stat with $RC; $(cat "$T/err")"
		text_restored $MAPPED || fail "$name: something was written into its code"
		refused=$((refused + 1))
		printf '%-22s %s\n' "$name" "$why"
		;;
	*) fail "$name: exit code $RC; $(cat "$T/err")" ;;
	esac
	run ps
	[ "$RC" = 0 ] || fail "$name: ps ended with $RC; $(cat "$T/err")"
	kill -KILL $MAPPED
done <"$T/names"
[ $refused -ge 24 ] || fail "only $refused of the crafted files were refused"
echo "$refused refused, $same whose sites are what they were"
