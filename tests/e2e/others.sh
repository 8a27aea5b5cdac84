#!/bin/sh
# What is no CPython that can be traced is named as what it is, in one line and with its exit code.
. "$(dirname "$0")/lib.sh"
need_root
need cc

root_of() { # root_of NAME: Debian's, unpacked; false where it cannot be had
	sh "$ROOT/scripts/places.sh" "$O/places" "$1" >/dev/null 2>"$T/fetch" && return 0
	printf 'without %s: %s\n' "$1" "$(tail -n 1 "$T/fetch")"
	return 1
}

# named CODE PATTERN COMMAND…: start it; stat and probes say PATTERN in one line and end with CODE,
# ps does not list it as supported, --all goes on without it
named() {
	code=$1 pattern=$2
	shift 2
	"$@" >"$T/other.out" 2>&1 </dev/null &
	other=$!
	later $other
	sleep 0.7
	alive $other || fail "$*: does not run; $(tail -n 2 "$T/other.out")"
	for command in "stat -p $other -d 0.2" "probes -p $other"; do
		case "$command/$pattern" in probes*/*initialised*) continue ;; esac
		# shellcheck disable=SC2086 # words
		run $command
		[ "$RC" = "$code" ] || fail "$command: expected exit code $code, seen $RC: $(cat "$T/err")"
		[ "$(wc -l <"$T/err")" = 1 ] && [ ! -s "$T/out" ] ||
			fail "$command: expected one line on stderr, seen: $(cat "$T/out" "$T/err")"
		grep -q "^gilscope: pid $other: .*$pattern" "$T/err" ||
			fail "$command: expected '$pattern', seen: $(cat "$T/err")"
	done
	run ps
	! grep "^ *$other .* yes " "$T/out" || fail "ps: lists $* as supported"
	alive $other || fail "$*: has ended"
	kill -KILL $other
	wait $other 2>/dev/null
}

# A script by the interpreter's name.
printf '#!/bin/sh\nsleep 100 & wait\n' >"$T/python3"
chmod +x "$T/python3"
named 4 "$T/python3 is a script that /.*sh runs, not CPython" "$T/python3"

# A 32-bit program: pause(2) in a loop.
"$PY" - "$T/python3.11" <<'END'
import os, struct, sys
code = bytes((0xb8, 29, 0, 0, 0, 0xcd, 0x80, 0xeb, 0xf7))
base = 0x08048000
head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, base + 84, 52, 0, 0, 52, 32, 1, 0, 0, 0)
load = struct.pack("<8I", 1, 0, base, base, 84 + len(code), 84 + len(code), 5, 0x1000)
open(sys.argv[1], "wb").write(head + load + code)
os.chmod(sys.argv[1], 0o755)
END
if "$T/python3.11" 2>/dev/null & sleep 0.1; kill -KILL $! 2>/dev/null; then
	named 5 "32-bit program; only x86-64" "$T/python3.11"
else
	printf 'without a 32-bit program: this kernel runs none\n'
fi

# An executable that is only named like one, and one that exports what it has not got.
cp "$(command -v sleep)" "$T/python3.12"
named 4 "not CPython" "$T/python3.12" 100
printf '#include <unistd.h>\nchar _PyRuntime[4096];\nint main(void) { for (;;) pause(); }\n' >"$T/fake.c"
cc -rdynamic -o "$T/python3.13" "$T/fake.c" || fail "cc: does not build the fake"
named 5 "$T/python3.13: " "$T/python3.13"

if command -v pypy3 >/dev/null; then
	named 4 'is PyPy, not CPython' pypy3 -c 'import time; time.sleep(100)'
elif root_of pypy3; then
	named 4 'is PyPy, not CPython' chroot "$O/places/pypy3" /usr/bin/pypy3 -c 'import time; time.sleep(100)'
fi
! root_of python2 ||
	named 4 'is Python 2, not CPython 3' chroot "$O/places/python2" /usr/bin/python2.7 -c 'import time; time.sleep(100)'
exit 0
