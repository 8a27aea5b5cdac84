#!/bin/sh
# Known answers hold in containers' parts: overlayfs, user, PID and mount namespaces, chroots; one by one and together.
. "$(dirname "$0")/lib.sh"
need_root
need unshare

# The workload's own count of takes against ours; the pids as the host and as the place see them.
cat >"$T/known.py" <<'END'
from check import *

def known(result, truth, host, ns_pid):
    p = process(result, host)
    equal("pid in its namespace", ns_pid, p["ns_pid"])
    inside = {t["ns_tid"]: t for t in p["threads"]}
    forced = gil(p)["forced_releases"]
    for name, tid in truth["tids"].items():
        if expect(tid in inside, f"{name}: {tid}", "among the threads", sorted(inside)):
            between(f"takes of {name}", truth["takes"], truth["takes"] + forced, inside[tid]["takes"])
END
PYTHONPATH=$PYTHONPATH:$T

# place NAME COMMAND…: COMMAND runs the words after it in a place of its own, as its child or itself;
# the workload there is started: its stem in $W, its pid on the host in $WORK
place() {
	name=$1
	shift
	works=$((works + 1))
	W=$(mktemp -u "$T/work$works.XXXXXX")
	mkfifo "$W.in"
	"$@" "$PYTHON" "$WORK_DIR/pingpong.py" 1 500 <>"$W.in" >"$W.out" 2>"$W.err" &
	outer=$!
	later $outer
	until_true 30 work_ready "$W" $outer || fail "$name: not ready; $(tail -n 3 "$W.err")"
	sed -n 's/^READY //p' "$W.out" >"$W.ready"
	has_line READY "$W.out" || fail "$name: does not run; $(tail -n 3 "$W.err")"
	child=$(tr -d ' ' <"/proc/$outer/task/$outer/children")
	WORK=${child:-$outer}
	later "$WORK"
}

# holds NAME NS_PID: the one in $W and $WORK, by its pid, in both modes
holds() {
	start_stat -p "$WORK"
	go
	truth_of
	stop_stat
	echo "{\"host\": $WORK, \"ns\": ${2:-$WORK}}" >"$T/pids.json"
	(check "$S.out" "$W.truth" "$T/pids.json") <<-'END' || fail "(in: $1)"
		from known import known
		contract(result)
		known(result, truth, truths[1]["host"], truths[1]["ns"])
	END
	"$GILSCOPE" stat -p "$WORK" -d 0.2 --mode watch --format json >"$T/watch" 2>"$T/watch.err" ||
		fail "$1, watch mode: $(cat "$T/watch.err")"
	"$GILSCOPE" stat -p "$WORK" -d 0.2 >"$T/table" 2>&1 || fail "$1, as a table: $(cat "$T/table")"
	quit
	until_true 10 dead "$WORK" || fail "$1: does not end"
}

# Every namespace by itself, then all of them: as root inside of a user namespace, pid 1.
place "user namespace" unshare -U --map-root-user
holds "user namespace"
place "mount namespace" unshare -m
holds "mount namespace"
place "PID namespace" unshare -pf --mount-proc --kill-child
holds "PID namespace" 1
place "user, PID, mount, UTS, IPC namespaces" unshare -Upfmui --map-root-user --mount-proc --kill-child
holds "user, PID, mount, UTS, IPC namespaces" 1

# over NAME: an overlay on the root file system, seen by the process alone, and a chroot into it
over() {
	mkdir -p "$T/$1/fs" "$T/$1/root"
	cat >"$T/$1/run" <<-END
		set -e
		mount -t tmpfs none '$T/$1/fs'
		mkdir '$T/$1/fs/upper' '$T/$1/fs/work'
		mount -t overlay overlay -o lowerdir=/,upperdir='$T/$1/fs/upper',workdir='$T/$1/fs/work' '$T/$1/root'
		mount --rbind /dev '$T/$1/root/dev'
		mount -t proc proc '$T/$1/root/proc'
		mount --bind '$ROOT' '$T/$1/root$ROOT'
		exec chroot '$T/$1/root' "\$@"
	END
}
over one
if unshare -m sh "$T/one/run" /bin/true 2>"$T/over.err"; then
	place overlayfs unshare -m sh "$T/one/run"
	holds overlayfs
	place "overlayfs, PID namespace" unshare -mpf --kill-child sh "$T/one/run"
	holds "overlayfs, PID namespace" 1
	# Two containers of one image: the file below is one, and so each event must count once.
	over two
	place "first of one image" unshare -mpf --kill-child sh "$T/one/run"
	first=$W first_pid=$WORK
	place "second of one image" unshare -mpf --kill-child sh "$T/two/run"
	start_stat --all
	go
	truth_of
	go "$first"
	truth_of "$first"
	stop_stat
	echo "{\"first\": $first_pid, \"second\": $WORK}" >"$T/pids.json"
	(check "$S.out" "$first.truth" "$W.truth" "$T/pids.json") <<-'END' || fail "(two containers of one image, --all)"
		from known import known
		contract(result)
		known(result, truths[0], truths[2]["first"], 1)
		known(result, truths[1], truths[2]["second"], 1)
	END
	# Written to inside, the file is copied up: the running one stays what it was.
	quit "$first"
	quit
	place "replaced inside of overlayfs" unshare -m sh "$T/one/run"
	nsenter -t "$WORK" -m -r -w sh -c 'f=$(readlink -f /usr/bin/python3) && cp "$f" "$f.new" && mv "$f.new" "$f"' ||
		fail "replaced inside of overlayfs: cannot be"
	holds "replaced inside of overlayfs"
	place "deleted inside of overlayfs" unshare -m sh "$T/one/run"
	nsenter -t "$WORK" -m -r -w sh -c 'rm "$(readlink -f /usr/bin/python3)"' || fail "deleted inside of overlayfs: cannot be"
	holds "deleted inside of overlayfs"
else
	printf 'without overlayfs: %s\n' "$(tail -n 1 "$T/over.err")"
fi

# By ld.so, in a PID namespace and a chroot.
interpreter=$(readelf -l "$PYTHON" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
place "ld.so" unshare -pf --mount-proc --kill-child "$interpreter"
holds "ld.so" 1
