#!/bin/sh
# Programs that embed CPython: named before it is initialised, measured afterwards, --all included, late ones too.
. "$(dirname "$0")/lib.sh"
need_root
need cc
config=$(command -v python3.11-config || command -v python3-config) || skip "python3-config: not installed"

# The whole of a known answer: so many calls, each a take, between two bytes on a pipe.
cat >"$T/work.py" <<'END'
import os
null = os.open("/dev/null", os.O_WRONLY)
os.write(1, b"READY\n")
os.read(0, 1)
for _ in range(700):
    os.write(null, b".")
os.write(1, b"DONE\n")
os.read(0, 1)
END
cat >"$T/embed.c" <<'END'
/* Embeds Python, which it initialises when it is told to. */
#include <Python.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	FILE *f = fopen(argv[1], "r");
	char c;

	if (write(1, "EMBEDS\n", 7) != 7 || read(0, &c, 1) != 1 || !f)
		return 1;
	Py_Initialize();
	return PyRun_SimpleFile(f, argv[1]) ? 2 : 0;
}
END
# shellcheck disable=SC2046 # words
cc -o "$T/embed" "$T/embed.c" $("$config" --cflags --ldflags --embed) 2>"$T/cc" ||
	skip "no libpython to be linked with: $(tail -n 1 "$T/cc")"

tell() { printf g 1<>"$T/in"; }
start() { # start COMMAND…: with $T/in and $T/said as its ends
	rm -f "$T/in" "$T/said" # what the one before has said must not be taken for this one's
	mkfifo "$T/in"
	"$@" <>"$T/in" >"$T/said" 2>"$T/said.err" &
	program=$!
	later $program
}
takes_are() { # takes_are WHAT: 700 calls, and some before and after
	echo "{\"pid\": $program, \"what\": \"$1\", \"most\": ${2:-760}}" >"$T/truth"
	check "$S.out" "$T/truth" <<-'END'
		contract(result)
		between(f"takes of {truth['what']}", 700, truth["most"], gil(process(result, truth["pid"]))["takes"])
	END
}
works() { # works WHAT: it has said READY; measured by its pid
	until_true 20 has_line READY "$T/said" || fail "$1: not ready; $(tail -n 2 "$T/said.err")"
	start_stat -p $program
	tell
	until_true 20 has_line DONE "$T/said" || fail "$1: does not end; $(tail -n 2 "$T/said.err")"
	stop_stat
	takes_are "$1"
	"$GILSCOPE" stat -p $program -d 0.2 --mode watch --format json >"$T/watch" 2>"$T/watch.err" ||
		fail "$1, watch mode: $(cat "$T/watch.err")"
	tell
	ended $program 10
	[ "$RC" = 0 ] || fail "$1: expected exit code 0 of it, seen $RC; $(tail -n 2 "$T/said.err")"
}

start "$T/embed" "$T/work.py"
until_true 10 has_line EMBEDS "$T/said" || fail "embed: does not start"
run stat -p $program -d 0.2
[ "$RC" = 4 ] && grep -q '^gilscope: pid [0-9]*: .*libpython3.*no interpreter is initialised' "$T/err" && [ "$(wc -l <"$T/err")" = 1 ] ||
	fail "before it is initialised: expected one line and exit code 4, seen $RC: $(cat "$T/err")"
run ps
grep -q "not initialised" "$T/out" || fail "ps: expected 'not initialised', seen: $(cat "$T/out")"
tell
works "a C program"

# --all has it from its first take on, although it was not initialised at the start.
start "$T/embed" "$T/work.py"
until_true 10 has_line EMBEDS "$T/said" || fail "embed: does not start"
start_stat --all
tell
until_true 20 has_line READY "$T/said" || fail "embed: not ready"
tell
until_true 20 has_line DONE "$T/said" || fail "embed: does not end"
stop_stat
takes_are "a C program, initialised under --all" 5000
tell
ended $program 10

# Programs that load libpython when they come to it: there at the attach, or started after it.
# What follows goes on meanwhile: the looks at them come seldomer and seldomer.
cat >"$T/late.c" <<'END'
/* late LIBRARY SECONDS SCRIPT: loads it after so long, then runs the script. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void *lib;
	FILE *f;

	sleep(atoi(argv[2]));
	lib = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
	f = fopen(argv[3], "r");
	if (argc != 4 || !lib || !f)
		return 1;
	((void (*)(void))dlsym(lib, "Py_Initialize"))();
	return ((int (*)(FILE *, const char *))dlsym(lib, "PyRun_SimpleFile"))(f, argv[3]) ? 2 : 0;
}
END
cc -o "$T/late" "$T/late.c" 2>"$T/cc" || fail "cc: $(cat "$T/cc")"
library=$(ldd "$T/embed" | awk '/libpython/ { print $3 }')
sed 's/os.read(0, 1)/open(os.environ["GO"]).read()/' "$T/work.py" >"$T/late.py"
late() { # late NAME SECONDS
	mkfifo "$T/$1.go"
	GO="$T/$1.go" "$T/late" "$library" "$2" "$T/late.py" >"$T/$1.said" 2>"$T/$1.err" &
	later $!
	eval "$1=$!"
}
late there 2
SCOPE_FORMAT=jsonl start_stat --all -i 0.5
late_scope=$SCOPE late_stat=$S
late after 3

if gdb -batch -ex 'python print(1)' 2>/dev/null | grep -q 1; then
	start gdb -q -nx -batch -ex "python exec(open('$T/work.py').read())"
	works gdb
else
	printf 'without gdb\n'
fi

# Seen 3 s after the attach, 4.2 s after the start.
for one in there after; do
	eval "pid=\$$one"
	until_true 30 has_line "\"pid\": *$pid\>" "$late_stat.out" ||
		fail "loaded late, $one: not seen; $(tail -n 2 "$T/$one.err")"
	echo >"$T/$one.go"
	until_true 20 has_line DONE "$T/$one.said" ||
		fail "loaded late, $one: does not end; $(tail -n 2 "$T/$one.err")"
done
SCOPE=$late_scope S=$late_stat
sleep 0.1 # what follows the last interval is left out if it is shorter than 20 ms
stop_stat
check "$S.out" <<END
for pid in ($there, $after):
    takes = [gil(p)["takes"] for r in results for p in r["processes"] if p["pid"] == pid]
    between(f"takes of pid {pid}, which loaded it late", 700, 760, sum(takes))
END

sh "$ROOT/scripts/places.sh" "$O/places" vim >/dev/null 2>"$T/fetch" ||
	{ printf 'without vim: %s\n' "$(tail -n 1 "$T/fetch")"; exit 0; }
cp "$T/work.py" "$O/places/vim/tmp/gilscope-work.py"
# shellcheck disable=SC2016 # the inner shell expands it
start unshare -m sh -c 'mount --rbind /dev "$1/dev" && exec chroot "$@"' sh "$O/places/vim" /usr/bin/vim.nox -u NONE -es \
	-c "py3 exec(open('/tmp/gilscope-work.py').read())" -c 'qa!'
works vim
rm -f "$O/places/vim/tmp/gilscope-work.py"
