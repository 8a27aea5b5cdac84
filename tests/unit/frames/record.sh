#!/bin/sh
# record.sh VERSION...: write the images anew, as root, with what `make pythons` and `make tests` left.
set -eu
cd "$(dirname "$0")/../../.."
O=${O:-build}
inside=/tmp/gilscope-frames.$$
t=$(mktemp -d)
pid=
end() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
	rm -rf "$t" "$O"/pythons/*"$inside"
}
trap end EXIT
for version; do
	root=$O/pythons/$version
	mkdir "$root$inside"
	cp tests/work/*.py "$root$inside"
	mkfifo "$t/in"
	chroot "$root" "/usr/bin/python$version" "$inside/stacks.py" 60 <>"$t/in" >"$t/out" &
	pid=$!
	until grep -q READY "$t/out"; do sleep 0.1; done
	printf g 1<>"$t/in"
	until grep -q '^{' "$t/out"; do sleep 0.1; done
	# A thread with a coroutine below, and of some depth.
	/usr/bin/python3 - "$t/out" >"$t/chosen" <<-'END'
		import json, sys
		threads = json.loads(open(sys.argv[1]).read().splitlines()[-1])["threads"]
		fit = [t for t in threads if len(t["frames"]) < 100 and any(f[3] == "coroutine" for f in t["frames"])]
		best = max(fit, key=lambda t: len({f[0] for f in t["frames"]}))
		print(best["tid"])
		for f in best["frames"]:
		    print("frame", f[0], f[2])
	END
	echo "# The frames of a thread of CPython $version, and what the program says of them; see README.md" >"$t/image"
	"$O/tests/test_frames" --record "$pid" "$(sed -n 1p "$t/chosen")" >>"$t/image"
	sed -n '2,$p' "$t/chosen" >>"$t/image"
	mv "$t/image" "tests/unit/frames/$version"
	kill "$pid"
	pid=
	rm -rf "$t/in" "$root$inside"
done
