#!/bin/sh
# The agent has every interpreter that starts, however slowly or in whatever way, once and under its own name.
. "$(dirname "$0")/lib.sh"
need_root
need nsenter cc
. "$E2E/lib_agent.sh"

cat >"$T/agent.conf" <<END
[measure]
interval = 500ms
families = gil,gc,io,sched
[http]
listen = 127.0.0.1:0
END
start_agent
mkdir "$T/slow" "$T/stub"
"$PY" "$E2E/slow_elf.py" "$(readlink -f /usr/bin/python3)" "$T/slow/python3" || fail "slow_elf.py: failed"
"$T/slow/python3" -ISc pass || fail "$T/slow/python3: does not run"
# Of a release that is not supported: it has no _PyRuntime.
printf '#include <unistd.h>\nvoid Py_Initialize(void) {}\nint main(void) { char c; return read(0, &c, 1) < 0; }\n' >"$T/stub.c"
cc -rdynamic -o "$T/stub/python3" "$T/stub.c" || fail "cc: failed"
# starts ROUNDS AGENT: 0: it is not stopped
starts() { "$PY" "$E2E/agent_starts.py" "http://$AT/metrics" "$T" "$T/slow/python3" "$@" || exit 1; }
if [ "${STARTS:-short}" = all ]; then starts 40 "$AGENT"; else starts 3 0; fi
stop_agent
