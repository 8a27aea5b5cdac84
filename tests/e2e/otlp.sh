#!/bin/sh
# The agent's push: a collector gets what a scrape gets; one that is slow, busy, wrong or away delays and loses nothing silently.
. "$(dirname "$0")/lib.sh"
need_root
need curl
export WORK_DIR
. "$E2E/lib_agent.sh"

conf() { # conf PATH [LINE…]: push there, with more of [otlp]
	printf '[http]\nlisten = 127.0.0.1:0\n[measure]\ninterval = 200ms\n[otlp]\nendpoint = %s\ninterval = 1s\n' "$1" >"$T/agent.conf"
	shift
	printf '%s\n' "$@" >>"$T/agent.conf"
}
of() { curl -sf "http://$AT/metrics" | sed -n "s/^gilscope_agent_otlp_$1 //p"; } # of METRIC{LABELS}
requests() { of "requests_total{result=\"$1\"}"; }
more() { [ "$(requests "$1")" -gt "$2" ]; } # more RESULT N
pushed() { [ -s "$T/c.log" ] && [ "$(grep -c "\"path\": \"$1\"" "$T/c.log")" -ge "$2" ]; } # pushed PATH N

"$PY" "$E2E/otlp.py" collector "$T/c" >"$T/c.out" 2>&1 &
later $!
until_true 10 [ -s "$T/c.port" ] || fail "collector: $(cat "$T/c.out")"
C=http://127.0.0.1:$(cat "$T/c.port")

# What is wrong is said before anything is touched.
for bad in 'endpoint = 127.0.0.1:4318' 'endpoint = ftp://host/' 'endpoint = http:///x' 'interval = 0' 'queue = 0'; do
	printf '[otlp]\n%s\n' "$bad" >"$T/bad.conf"
	refused 2 "$T/bad.conf:2: ${bad%% *}: " --config "$T/bad.conf"
done
printf 'X-Key: sesame\n' >"$T/headers"
conf "$C/well" "headers_file = $T/headers"
chmod 644 "$T/headers"
refused 2 "$T/headers: others than its owner may read it" --config "$T/agent.conf"
chmod 600 "$T/headers"
printf 'X-Key sesame\n' >"$T/headers"
refused 2 "$T/headers:1: not a header" --config "$T/agent.conf"

# The same as a scrape has, for programs that have ended.
printf 'X-Key: sesame\n' >"$T/headers"
start_agent
start_work mix.py 1
go
truth_of
quit
n=$(grep -c . "$T/c.log")
until_true 10 pushed well $((n + 2)) || fail "pushes: expected two more than $n, seen $(grep -c . "$T/c.log")"
"$PY" "$E2E/otlp.py" same "http://$AT/metrics" "$T/c.log" || exit 1
grep -q '"key": "sesame"' "$T/c.log" || fail "no header of the file was sent"

# A busy one says when to come again; one that refuses, or takes a part, is believed.
conf "$C/later"
reload
until_true 10 more taken "$(requests taken)" || fail "after 503: nothing was taken"
[ "$(requests failed)" -ge 1 ] || fail "503: expected a failed attempt, seen $(requests failed)"
conf "$C/refuses"
reload
until_true 10 more refused 0 || fail "400: expected it to be counted as refused"
conf "$C/partly" "gzip = no"
reload
until_true 10 pushed partly 2 || fail "partly: not pushed"
[ "$(of rejected_points_total)" -ge 7 ] || fail "7 points left out: seen $(of rejected_points_total)"
grep '"path": "partly"' "$T/c.log" | grep -q '"packed": false' || fail "gzip = no: compressed all the same"

# One that hangs delays no scrape; what finds no room is counted.
conf "$C/hangs" "queue = 2" "timeout = 60s"
reload
until_true 10 more dropped "$(requests dropped)" || fail "a full queue: nothing was counted as dropped"
took=$(curl -sf -o /dev/null -w '%{time_total}' --max-time 1 "http://$AT/metrics") || fail "/metrics: no answer beside a collector that hangs"
[ "$(of waiting)" -le 2 ] || fail "queue of 2: $(of waiting) wait"

# One that is away is tried again and told of once; when it is back it gets what waited.
free=$("$PY" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
conf "http://127.0.0.1:$free/"
reload
until_true 10 more failed "$(requests failed)" || fail "nobody there: no failed attempt was counted"
[ "$(grep -c 'no answer; tries again' "$T/agent.err")" = 1 ] || fail "expected it to be told once, seen $(cat "$T/agent.err")"
stop_agent # although nobody is there
grep -q 'requests that waited are dropped' "$T/agent.err" || fail "at the end: nothing said of what was dropped; $(cat "$T/agent.err")"

# A store that people use, where it can be had.
store=$O/peers/bin/victoria-metrics
[ -x "$store" ] || exit 0
"$store" -storageDataPath="$T/store" -httpListenAddr="127.0.0.1:$free" -opentelemetry.usePrometheusNaming \
	-memory.allowedBytes=128MB >"$T/store.log" 2>&1 &
later $!
until_true 20 curl -sf -o /dev/null "http://127.0.0.1:$free/health" || fail "$store: $(tail -n 3 "$T/store.log")"
conf "http://127.0.0.1:$free/opentelemetry/v1/metrics"
start_agent
start_work mix.py 1
go
truth_of
quit
n=$(requests taken)
until_true 10 more taken $((n + 1)) || fail "VictoriaMetrics took nothing: $(cat "$T/agent.err")"
curl -sf "http://127.0.0.1:$free/internal/force_flush"
"$PY" "$E2E/otlp.py" stored "http://$AT/metrics" "http://127.0.0.1:$free" || exit 1
stop_agent
