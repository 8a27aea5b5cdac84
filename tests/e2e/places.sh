#!/bin/sh
# Interpreters that are deleted, replaced, in another root or run by ld.so are measured all the same.
. "$(dirname "$0")/lib.sh"
need_root

PYTHON=$(readlink -f /usr/bin/python3)
program='import os, sys, time
print("READY", flush=True)
null = os.open("/dev/null", os.O_WRONLY)
while True:
    for i in range(100):
        os.write(null, b".")
    time.sleep(0.005)'

# place NAME COMMAND…: measure the Python that COMMAND becomes, with $before done when it runs
place() {
	name=$1
	shift
	"$@" -c "$program" >"$T/$name.out" 2>"$T/$name.err" &
	pid=$!
	later $pid
	until_true 20 has_line READY "$T/$name.out" || fail "$name: does not start; $(cat "$T/$name.err")"
	$before
	"$GILSCOPE" stat --mode exact -p "$pid" -d 0.3 --format json >"$T/$name.json" 2>"$T/$name.err" ||
		fail "$name: expected exit code 0; $(cat "$T/$name.err")"
	echo "{\"name\": \"$name\"}" >"$T/name"
	check "$T/$name.json" "$T/name" <<-'END'
		contract(result)
		p = only_process(result)
		expect(gil(p)["takes"] > 100, f"takes, {truth['name']}", "more than 100", gil(p)["takes"])
		equal("version", "3.11", ".".join(p["python"]["version"].split(".")[:2]))
	END
	kill $pid
	wait $pid 2>/dev/null || :
}

cp "$PYTHON" "$T/copy"
before="rm $T/copy"
place deleted "$T/copy"

cp "$PYTHON" "$T/copy"
# What an upgrade does: the path now is another file.
replace() { cp /bin/true "$T/new" && mv "$T/new" "$T/copy"; }
before=replace
place replaced "$T/copy"

before=:
interpreter=$(readelf -l "$PYTHON" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
[ -x "$interpreter" ] || skip "no program interpreter found in $PYTHON"
place ld.so "$interpreter" "$PYTHON"

# Another root, seen by nobody else; the path inside is the same as outside, the file is not.
mkdir "$T/root"
if unshare -m true 2>/dev/null; then
	place chroot unshare -m sh -c "mount --rbind / '$T/root' && cp '$PYTHON' '$T/root$T/inner' &&
		exec chroot '$T/root' '$T/inner' \"\$@\"" sh
fi
