#!/bin/sh
# Prefork servers: one measurement has all workers, a row for each, and sums that add up.
. "$(dirname "$0")/lib.sh"
need_root
need curl

cat >"$T/adds_up.py" <<'END'
from check import *

def adds_up(result):
    """The totals are the sums of what the processes' rows say."""
    t, ps = result["totals"], result["processes"]
    equal("totals: processes", len(ps), t["processes"])
    equal("totals: running", sum(not p["exited"] for p in ps), t["running"])
    for key in ("takes", "contended_takes", "held_ns", "wait_ns", "handovers"):
        equal(f"totals: {key}", sum(g[key] for p in ps for g in p["gils"]), t[key])
    equal("totals: collections", sum(g["collections"] for p in ps for g in p["gc"] or []), t["collections"])
    equal("totals: io_wakeups", sum(c["wakeups"] for p in ps for c in p["io"] or []), t["io_wakeups"])
END
PYTHONPATH=$PYTHONPATH:$T

# multiprocessing, each of its ways.
for method in fork forkserver spawn; do
	measure_work workers.py $method 3 500 -- --children
	check "$S.out" "$W.truth" <<-'END'
		from adds_up import adds_up
		contract(result)
		adds_up(result)
		seen = {p["pid"]: p for p in result["processes"]}
		# A new interpreter takes it while it imports, and so do those of the fork server.
		more = 200 if truth["method"] == "fork" else 3000
		for pid in truth["pids"]:
		    if expect(pid in seen, f"worker by {truth['method']}", f"{pid} among the processes", list(seen)):
		        between(f"takes of the worker by {truth['method']}", truth["calls"], truth["calls"] + more,
		                gil(seen[pid])["takes"])
		equal("losses", 0, lost(result, "processes_full") + lost(result, "life_full") + lost(result, "starts_full"))
	END
done

cat >"$T/app.py" <<'END'
import os
null = os.open("/dev/null", os.O_WRONLY)

def application(environ, start_response):
    for _ in range(100):
        os.write(null, b".")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode() + b"\n"]
END

get() { curl -s -S --max-time 20 "http://127.0.0.1:$1/" >>"$2"; }
answers() { curl -s --max-time 2 "http://127.0.0.1:$1/" >"$T/first" 2>/dev/null; }
children() { cat "/proc/$1/task"/*/children 2>/dev/null; }
workers_are() {
	# shellcheck disable=SC2046 # words
	set -- "$1" "$2" $(children "$1")
	[ $(($# - 2)) = "$2" ]
}
# A killed one stays among the children until its master waits for it: uWSGI's does once a second.
replaced() {
	case " $(children "$1")" in
	*" $3 "*) return 1 ;;
	esac
	workers_are "$1" "$2"
}

# server NAME PORT MASTER WORKERS: 40 requests while all of them are watched, one worker killed
server() {
	name=$1 port=$2 master=$3 workers=$4
	until_true 20 answers "$port" || fail "$name: does not answer; $(tail -n 3 "$T/$name.err")"
	until_true 20 workers_are "$master" "$workers" || fail "$name: expected $workers workers, seen $(children "$master")"
	start_stat -p "$master" --children
	: >"$T/pids-seen"
	n=0
	while [ $n -lt 40 ]; do
		get "$port" "$T/pids-seen" || fail "$name: a request fails while it is traced"
		n=$((n + 1))
	done
	# A worker that is killed: the master starts another one, which is followed.
	old=$(children "$master")
	kill -KILL "${old%% *}"
	until_true 20 replaced "$master" "$workers" "${old%% *}" ||
		fail "$name: no new worker for ${old%% *}, seen $(children "$master")"
	sleep 0.5
	n=0
	while [ $n -lt 20 ]; do
		get "$port" "$T/pids-seen" || fail "$name: a request fails after a worker was killed"
		n=$((n + 1))
	done
	new=$(children "$master")
	stop_stat
	"$PY" - "$T/pids-seen" "$master" "$old" "$new" >"$T/$name.truth" <<-'END'
		import collections, json, sys
		served = collections.Counter(int(line) for line in open(sys.argv[1]))
		print(json.dumps({"served": served, "master": int(sys.argv[2]),
		                  "old": [int(p) for p in sys.argv[3].split()],
		                  "new": [int(p) for p in sys.argv[4].split()]}))
	END
	check "$S.out" "$T/$name.truth" <<-'END'
		from adds_up import adds_up
		contract(result)
		adds_up(result)
		seen = {p["pid"]: p for p in result["processes"]}
		wanted = {truth["master"], *truth["old"], *truth["new"]}
		equal("processes: master, workers, the killed and the new one", [], sorted(wanted - set(seen)))
		equal("the killed one", [True], [seen[p]["exited"] for p in truth["old"] if p not in truth["new"]])
		for pid, requests in truth["served"].items():
		    takes = gil(seen[int(pid)])["takes"]
		    # 100 writes a request, and what the server does for each.
		    between(f"takes of worker {pid} a request", 100, 250, takes / requests)
	END
	"$GILSCOPE" stat -p "$master" --children -d 0.5 >"$T/$name.table" 2>"$T/$name.err2" ||
		fail "$name: a table: $(cat "$T/$name.err2")"
	grep -q "^Processes: $((workers + 1)), $((workers + 1)) running" "$T/$name.table" ||
		fail "$name: a table: expected 'Processes: $((workers + 1))…', seen: $(head -n 3 "$T/$name.table")"
	for pid in $master $new; do
		grep -q "^ *$pid " "$T/$name.table" || fail "$name: a table: no row for $pid: $(head -n 9 "$T/$name.table")"
	done
	grep -q '^ *all ' "$T/$name.table" || fail "$name: a table: no sums: $(head -n 9 "$T/$name.table")"
}

# One of the same shape: a master that forks workers on a listening socket and keeps their number.
cat >"$T/prefork.py" <<'END'
import os, signal, socket, sys
sys.path.insert(0, sys.argv[2])
from app import application
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)

def serve():
    while True:
        connection, _ = listening.accept()
        connection.recv(4096)
        body = b"".join(application({}, lambda status, headers: None))
        connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        connection.close()

workers = set()
while True:
    while len(workers) < 3:
        pid = os.fork()
        if not pid:
            serve()
        workers.add(pid)
    workers.discard(os.wait()[0])
END
"$PYTHON" "$T/prefork.py" 18431 "$T" >"$T/stand-in.out" 2>"$T/stand-in.err" &
master=$!
later $master
server stand-in 18431 $master 3
# shellcheck disable=SC2046 # words
kill $master $(children $master)

# The real one, in Debian's root.
sh "$ROOT/scripts/places.sh" "$O/places" gunicorn >/dev/null 2>"$T/fetch" ||
	{ printf 'without gunicorn: %s\n' "$(tail -n 1 "$T/fetch")"; exit 0; }
root=$O/places/gunicorn
mkdir -p "$root/app"
cp "$T/app.py" "$root/app/app.py"
# shellcheck disable=SC2016 # the inner shell expands it
unshare -m sh -c 'mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$root" \
	/usr/bin/gunicorn -w 3 -b 127.0.0.1:18432 --chdir /app --worker-tmp-dir /tmp app >"$T/gunicorn.out" 2>"$T/gunicorn.err" &
master=$!
later $master
server gunicorn 18432 $master 3
kill $master
ended $master 10

# uWSGI, whose plugin embeds the interpreter.
sh "$ROOT/scripts/places.sh" "$O/places" uwsgi >/dev/null 2>"$T/fetch" ||
	{ printf 'without uwsgi: %s\n' "$(tail -n 1 "$T/fetch")"; exit 0; }
root=$O/places/uwsgi
mkdir -p "$root/app"
cp "$T/app.py" "$root/app/app.py"
# shellcheck disable=SC2016 # the inner shell expands it
unshare -m sh -c 'mount --rbind /dev "$1/dev" && mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$root" \
	/usr/bin/uwsgi-core --plugin python311 --master --processes 3 --http-socket 127.0.0.1:18433 --die-on-term \
	--wsgi-file /app/app.py >"$T/uwsgi.out" 2>"$T/uwsgi.err" &
master=$!
later $master
server uwsgi 18433 $master 3
kill $master
ended $master 10
