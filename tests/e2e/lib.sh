# What the end-to-end scripts share: find the tracer, start workloads, attach, compare.
#
# A script sources this file from its own folder:
#	. "$(dirname "$0")/lib.sh"
# and ends with 0 (pass), 77 (skip, with a reason) or anything else (fail).  Files go to $T,
# which is removed at the end, when every process started here is ended too.
set -u
E2E=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$E2E/../.." && pwd)
O=${O:-build}
case $O in /*) ;; *) O=$ROOT/$O ;; esac
GILSCOPE=${GILSCOPE:-$O/gilscope}
PYTHON=${PYTHON:-/usr/bin/python3}
PY=/usr/bin/python3 # runs the checks
WORK_DIR=$ROOT/tests/work
PATH=$PATH:/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$E2E" LC_ALL=C.UTF-8
export GILSCOPE_CACHE=
unset NO_COLOR PYTHONMALLOC PYTHONDEVMODE DEBUGINFOD_URLS

T=$(mktemp -d "${TMPDIR:-/tmp}/gilscope-e2e.XXXXXX") || exit 1
chmod 711 "$T"
: >"$T/pids"

fail() { printf '    %s\n' "$*"; exit 1; }
skip() { printf '%s\n' "$*"; exit 77; }

# alive PID: does it run (zombies do not)?
alive() {
	[ -r "/proc/$1/stat" ] || return 1
	read -r stat_line <"/proc/$1/stat" 2>/dev/null || return 1
	case ${stat_line##*) } in [ZX]*) return 1 ;; esac
}

cleanup() {
	rc=$?
	trap - EXIT INT TERM HUP PIPE
	while read -r p since; do
		[ "$(start_time "$p")" != "$since" ] || kill -KILL "$p" 2>/dev/null
	done <"$T/pids"
	wait 2>/dev/null
	rm -rf "$T"
	exit $rc
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

# start_time PID: when it started; with the pid, its identity
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# later PID: end it with the script, at the latest
later() { printf '%s %s\n' "$1" "$(start_time "$1")" >>"$T/pids"; }

# until_true SECONDS COMMAND: try until it succeeds
until_true() {
	deadline=$(($(date +%s) + $1 + 1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt $deadline ] || return 1
		sleep 0.05
	done
}

has_line() { grep -q "$1" "$2" 2>/dev/null; }
dead() { ! alive "$1"; }

# ended PID SECONDS: wait for it; its exit code is in $RC (124: it had to be killed)
ended() {
	if until_true "$2" dead "$1"; then
		RC=0
		wait "$1" 2>/dev/null || RC=$?
	else
		kill -KILL "$1" 2>/dev/null
		wait "$1" 2>/dev/null
		RC=124
	fi
}

need_tracer() {
	[ -x "$GILSCOPE" ] || fail "${GILSCOPE#"$ROOT"/}: not built; run make"
	[ -x "$PY" ] || skip "/usr/bin/python3: not installed"
}
need_root() {
	need_tracer
	[ "$(id -u)" = 0 ] || skip "not root"
}
need() { # need COMMAND…
	for c; do
		command -v "$c" >/dev/null 2>&1 || skip "$c: not installed"
	done
}

# pythons: the CPython 3.11 executables to be tested, one a line: the system's, and any other
# build of it that a python3 or python3.11 in PATH stands for
pythons() {
	{
		"$PY" "$E2E/check.py" native /usr/bin/python3
		printf '%s\n' "$PATH" | tr ':' '\n' | while read -r dir; do
			for name in python3 python3.11; do
				[ ! -x "$dir/$name" ] || "$PY" "$E2E/check.py" native "$dir/$name"
			done
		done
	} 2>/dev/null | awk 'NF && !seen[$0]++'
}

# on_each_python FUNCTION: run it with PYTHON set to each build; says which one failed
on_each_python() {
	builds=$(pythons)
	[ -n "$builds" ] || skip "no CPython 3.11 found"
	for PYTHON in $builds; do
		rc=0
		("$1") || rc=$?
		[ $rc = 0 ] || { printf '    (with the CPython at %s)\n' "$PYTHON"; exit $rc; }
	done
	[ "$(printf '%s\n' "$builds" | wc -l)" -gt 1 ] || printf 'only one build of CPython 3.11 here\n'
}

# start_work SCRIPT [ARG…]: start a workload; $WORK is its pid, $W the stem of its files
works=0
start_work() {
	works=$((works + 1))
	# Unique even where subshells count on their own.
	W=$(mktemp -u "$T/work$works.XXXXXX")
	mkfifo "$W.in"
	script=$1
	shift
	# shellcheck disable=SC2086 # LAUNCHER is words
	env --default-signal=INT,QUIT ${LAUNCHER:-} "$PYTHON" "$WORK_DIR/$script" "$@" \
		<>"$W.in" >"$W.out" 2>"$W.err" &
	WORK=$!
	later $WORK
	until_true 30 work_ready "$W" "$WORK" || fail "$script: not ready; $(tail -n 3 "$W.err")"
	sed -n 's/^READY //p' "$W.out" >"$W.ready"
}
work_ready() {
	has_line '^READY' "$1.out" || { alive "$2" || return 0; return 1; }
}

# go [STEM]: let a workload begin; truth_of [STEM]: wait for its truth, in STEM.truth
go() { printf g 1<>"${1:-$W}.in"; }
truth_of() {
	stem=${1:-$W}
	until_true "${2:-60}" has_line '^{' "$stem.out" ||
		fail "workload: told no truth in ${2:-60} s; $(tail -n 3 "$stem.err")"
	sed -n 's/^{/{/p' "$stem.out" >"$stem.truth"
}
quit() { printf q 1<>"${1:-$W}.in"; }

# start_stat [ARG…]: start `gilscope stat --format json`, return when it measures (or has ended:
# `ended` and stop_stat tell how); $SCOPE is its pid, $S the stem of its files.  SCOPE_FORMAT
# overrides the format.  Exact mode unless told: most of the tests are about what it counts.
start_stat() {
	S=$(mktemp -u "$T/stat.XXXXXX")
	case " $* " in
	*" --mode "*) mode= ;;
	*) mode="--mode exact" ;;
	esac
	# shellcheck disable=SC2086 # two words
	env --default-signal=INT,QUIT,PIPE "$GILSCOPE" stat --format "${SCOPE_FORMAT:-json}" $mode "$@" \
		>"$S.out" 2>"$S.err" </dev/null &
	SCOPE=$!
	later $SCOPE
	until_true "${ATTACH_SECONDS:-20}" measures "$SCOPE" "$S.err" ||
		fail "gilscope stat $*: does not measure; $(tail -n 3 "$S.err")"
}

# Attached: it says so; or, should it not, its links have stayed the same for half a second.
measures() {
	alive "$1" || return 0
	has_line 'measuring\|attached' "$2" && return 0
	links=$("$PY" "$E2E/check.py" links-of "$1" 2>/dev/null)
	if [ "${links:-0}" -gt 0 ] && [ "$links" = "${links_before:-}" ]; then
		links_same=$((links_same + 1))
	else
		links_same=0
	fi
	links_before=$links
	[ "$links_same" -ge 6 ]
}

# stop_stat: end it as a user would; its result is in $S.out
stop_stat() {
	kill -INT "$SCOPE" 2>/dev/null
	ended "$SCOPE" 20
	[ "$RC" = 0 ] || fail "gilscope stat: expected exit code 0 after SIGINT, seen $RC; $(tail -n 3 "$S.err")"
}

# start_record [ARG…]: start `gilscope record`, return when it measures; $REC is its pid, $R the
# recording's directory, $R.err what it says
start_record() {
	R=$(mktemp -u "$T/record.XXXXXX")
	env --default-signal=INT,QUIT,PIPE,USR2 "$GILSCOPE" record -o "$R" "$@" \
		>"$R.out" 2>"$R.err" </dev/null &
	REC=$!
	later $REC
	until_true "${ATTACH_SECONDS:-20}" measures "$REC" "$R.err" ||
		fail "gilscope record $*: does not measure; $(tail -n 3 "$R.err")"
}

# stop_record: end it as a user would
stop_record() {
	kill -INT "$REC" 2>/dev/null
	ended "$REC" 20
	[ "$RC" = 0 ] || fail "gilscope record: expected exit code 0 after SIGINT, seen $RC; $(tail -n 3 "$R.err")"
}

# report [DIR [ARG…]]: the recording's figures as JSON, in $R.json
report() {
	dir=${1:-$R}
	[ $# -eq 0 ] || shift
	RC=0
	timeout -k 2 60 "$GILSCOPE" report "$dir" --format json "$@" >"$R.json" 2>"$R.report" || RC=$?
	[ "$RC" = 0 ] || fail "gilscope report: expected exit code 0, seen $RC; $(tail -n 3 "$R.report")"
}

# take_work_args ARG… [-- …]: the words up to -- into $work_args; $taken is how many to shift
take_work_args() {
	work_args= taken=0
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		work_args="$work_args $1"
		taken=$((taken + 1))
		shift
	done
	[ $# -eq 0 ] || taken=$((taken + 1))
}

# measure_work SCRIPT [ARG…] [-- STAT-OPTION…]: the usual test in one call: start the workload,
# attach, let it run, detach; then $S.out and $W.truth are there to be checked
measure_work() {
	measured=$1
	shift
	take_work_args "$@"
	shift $taken
	# shellcheck disable=SC2086 # the workloads' arguments are numbers
	start_work "$measured" $work_args
	start_stat -p "$WORK" "$@"
	go
	truth_of
	stop_stat
	quit
}

# run ARG…: gilscope in the foreground, at most 30 s; $RC, $T/out and $T/err
run() {
	RC=0
	timeout -k 2 30 "$GILSCOPE" "$@" >"$T/out" 2>"$T/err" </dev/null || RC=$?
}

# check RESULT [TRUTH…]: run the Python on standard input, after `from check import *`
check() {
	{ echo 'from check import *'; cat; } >"$T/check-this.py"
	"$PY" "$T/check-this.py" "$@" || {
		[ -z "${S:-}" ] || [ ! -s "$S.err" ] || sed 's/^/    stderr: /' "$S.err" | tail -n 3
		exit 1
	}
}

# text_restored PID: is the target's program text as in its files again?
text_restored() { "$PY" "$E2E/check.py" text-restored "$1"; }
# bpf_left PID…: fails, saying what, if these (ended) tracers left anything in the kernel
bpf_left() { "$PY" "$E2E/check.py" bpf-left "$@"; }
