#!/bin/sh
# --all takes in processes as they start, however many, and gives their slots back when they end.
. "$(dirname "$0")/lib.sh"
need_root

# Nobody has to be there at the start: those that are get hidden from it, each below an empty folder.
cat >"$T/alone" <<'END'
#!/bin/sh
[ -z "${ALONE_IN:-}" ] || exec env ALONE_IN= unshare -m "$0" "$ALONE_IN" "$@"
nothing=$1
shift
for p in $("$REAL" ps | awk '$1 + 0 { print $1 }'); do
	mount --bind "$nothing" "/proc/$p"
done
exec "$REAL" "$@"
END
chmod +x "$T/alone"
mkdir "$T/nothing"
export REAL="$GILSCOPE" ALONE_IN="$T/nothing"
GILSCOPE=$T/alone
run stat --all -d 0.2 --format json
[ $RC = 0 ] || fail "--all with nobody there: expected exit code 0, seen $RC: $(cat "$T/err")"
check "$T/out" <<'END'
contract(result)
END

# A program that starts after the attach: every take of it, from go on.
start_stat --all
GILSCOPE=$REAL
start_work pingpong.py 1 500
later_one=$W
sleep 0.5 # on a busy machine the look at it may take a moment
go "$later_one"
truth_of "$later_one"
stop_stat
quit "$later_one"
check "$S.out" "$later_one.truth" "$later_one.ready" <<'END'
contract(result)
p = process(result, truths[1]["pid"])
forced = gil(p)["forced_releases"]
for name, tid in truth["tids"].items():
    # More: it was seen to start its threads, too.
    between(f"takes of {name}", truth["takes"], truth["takes"] + forced + 10, thread(p, tid)["takes"])
END

start_work idle.py
idle=$W idle_pid=$WORK

# Started by a shell that a target started: kin, though not a target's child.
chain='import subprocess, sys
sys.stdin.readline()
subprocess.run(["/bin/sh", "-c", "exec 3>&1; /bin/sh -c \"$1; true\" sh \"$2\"", "sh", sys.argv[1], ""])'
cat >"$T/leaf.py" <<'END'
import os, time
time.sleep(1)
null = os.open("/dev/null", os.O_WRONLY)
for _ in range(400):
    os.write(null, b".")
print(os.getpid(), flush=True)
time.sleep(60)
END
mkfifo "$T/in"
"$PYTHON" -S -c "$chain" "$PYTHON -S '$T/leaf.py'" <>"$T/in" >"$T/leaf" 2>"$T/leaf.err" &
root=$!
later $root
sleep 0.5
start_stat -p $root --children
echo go >"$T/in"
until_true 30 has_line '[0-9]' "$T/leaf" || fail "the chain of shells: does not get to its end; $(cat "$T/leaf.err")"
later "$(cat "$T/leaf")"
stop_stat
kill "$(cat "$T/leaf")"
echo "{\"pid\": $(cat "$T/leaf")}" >"$T/truth"
check "$S.out" "$T/truth" <<'END'
contract(result)
between("takes of the python below two shells", 400, 3000, gil(process(result, truth["pid"]))["takes"])
END

# Hundreds that live for some milliseconds: each is shown, or told to be missing; slots for 128 do.
burst() {
	"$PY" - "$1" <<'END'
import subprocess, sys
running = []
for i in range(int(sys.argv[1])):
    running.append(subprocess.Popen(["/usr/bin/python3", "-S", "-c", "marker = 'short-lived'; import time; time.sleep(0.05)"]))
    if len(running) == 6:
        running.pop(0).wait()
for p in running:
    p.wait()
END
}
rss() { awk '/^VmRSS/ {print $2}' "/proc/$SCOPE/status"; }
for how in watch exact; do
	start_stat --all --max-processes 128 --mode $how
	burst 100
	before=$(rss)
	burst 200
	after=$(rss)
	stop_stat
	[ $((after - before)) -lt 8192 ] ||
		fail "$how mode: memory after 100 processes: $before KiB, after 300: $after KiB, expected less than 8 MiB more"
	echo "{\"started\": 300, \"idle\": $idle_pid}" >"$T/truth"
	check "$S.out" "$T/truth" <<-'END'
		contract(result)
		expect(truth["idle"] in [p["pid"] for p in result["processes"]], "the one that was there", "shown", "not")
		seen = [p for p in result["processes"] if "short-lived" in p["command"] and p["exited"]]
		gone = sum(lost(result, cause) for cause in ("starts_missed", "processes_dropped", "processes_full", "life_full"))
		# Others on this machine are counted, too: a lower bound is what can be told.
		expect(len(seen) + gone >= truth["started"], "shown, missed and dropped", f"{truth['started']} or more",
		       f"{len(seen)} + {gone}")
		expect(len(seen) > 20, "shown", "more than 20", len(seen))
		expect(lost(result, "processes_full") < 20, "without a slot", "few", lost(result, "processes_full"))
		cpu = result["overhead"]["tracer_cpu_ns"] / truth["started"]
		expect(cpu < 10e6, "CPU time for each", "less than 10 ms", f"{cpu / 1e6:.1f} ms")
	END
	bpf_left "$SCOPE" || exit 1
done
quit "$idle"

# More at a time than there are slots: counted and said, not an error.
for i in 1 2 3 4 5 6 7 8; do
	"$PYTHON" -S -c 'import time; time.sleep(100)' &
	later $!
done
sleep 0.5
start_stat --all --max-processes 4
sleep 0.5
stop_stat
check "$S.out" <<'END'
equal("processes", 4, len(result["processes"]))
expect(lost(result, "processes_full") >= 4, "processes_full", "4 or more", lost(result, "processes_full"))
END
