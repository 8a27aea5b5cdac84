#!/bin/sh
# The agent: services' own counts are what is scraped, through their ends, hostile clients and new configurations.
. "$(dirname "$0")/lib.sh"
need_root
need curl openssl prometheus promtool
export WORK_DIR

free_port() { "$PY" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
driver() { "$PY" "$E2E/agent.py" "$@" || exit 1; }

. "$E2E/lib_agent.sh"

conf() { # conf [LINE…]: the configuration of this test, with more of [http]
	cat >"$T/agent.conf" <<-END
		[measure]
		interval = 500ms
		families = gil,gc,io,sched,asyncio
		[services]
		web = process:web.py
		loop.py = process:loop.py
		batch.py = process:batch.py
		pairs.py = process:pairs.py
		starts.py = process:starts.py
		started.py = process:started.py
		[labels]
		per_thread = ${PER_THREAD:-no}
		[http]
		listen = 127.0.0.1:0
		timeout = 1s
		max_connections = 8
	END
	printf '%s\n' "$@" >>"$T/agent.conf"
}

conf
start_agent

# A real store scrapes it all the while.
store=127.0.0.1:$(free_port)
cat >"$T/store.yml" <<END
global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs: [{job_name: gilscope, static_configs: [{targets: ['$AT']}]}]
END
mkdir "$T/store"
prometheus --config.file="$T/store.yml" --storage.tsdb.path="$T/store" --web.listen-address="$store" \
	--log.level=error >"$T/store.log" 2>&1 &
STORE=$!
later $STORE

# The manual says what the program says.
run agent --print-config
sed -n '/^# gilscope agent:/,/^```$/p' "$ROOT/docs/agent.md" | sed '$d' | cmp - "$T/out" ||
	fail "docs/agent.md: not what gilscope agent --print-config says"

# What is wrong is said before anything is touched.
refused 2 "0.0.0.0:0: off the loopback" --listen 0.0.0.0:0
refused 2 "[::]:0: off the loopback" --listen "[::]:0"
refused 2 "--listen here: not ADDRESS:PORT" --listen here
printf '[http]\n\nlisten = 127.0.0.1:1\nport = 1\n' >"$T/bad.conf"
refused 2 "$T/bad.conf:4: port: no such key" --config "$T/bad.conf"
printf '[http]\nauth_file = /dev/null\n' >"$T/bad.conf"
refused 2 "/dev/null: not a file" --config "$T/bad.conf"
refused 2 "takes no target" -- true
refused 1 "$AT: cannot listen there" --listen "$AT"

mkdir "$T/work"
driver hostile "${AT%:*}" "${AT##*:}" "$AGENT" "$T/work"

# Three services.
until_true 20 curl -sf -o /dev/null "http://$store/-/ready" || fail "prometheus: $(tail -n 3 "$T/store.log")"
driver totals "http://$AT/metrics" "http://$store" "$T/work"
kill "$STORE"
curl -sf "http://$AT/metrics" >"$T/before" || fail "/metrics: no answer"
promtool check metrics <"$T/before" >"$T/promtool" 2>&1 || fail "promtool: $(head -n 3 "$T/promtool")"

# Another configuration: a wrong one changes nothing, a right one loses nothing.
conf "timeout = 2"
reload
case $said in *"$T/agent.conf:17: timeout: set twice; first in line 15; goes on as before"*) ;; *) fail "SIGHUP: $said" ;; esac
sed -i 's/^families.*/families = gil/; $d' "$T/agent.conf"
reload
case $said in *"measure.families cannot be changed while it runs"*) ;; *) fail "SIGHUP: $said" ;; esac
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$T/key.pem" -out "$T/cert.pem" 2>"$T/openssl" || fail "$(cat "$T/openssl")"
printf 'scraper:%s\n' "$(openssl passwd -6 -salt saltsalt sesame)" >"$T/users"
chmod 600 "$T/users" "$T/key.pem"
conf "tls_cert = $T/cert.pem" "tls_key = $T/users"
reload
case $said in *"$T/cert.pem: cannot be served"*"goes on as before"*) ;; *) fail "SIGHUP: $said" ;; esac
curl -sf -o /dev/null "http://$AT/healthz" || fail "after a wrong key: expected an answer as before"
conf "tls_cert = $T/cert.pem" "tls_key = $T/key.pem" "auth_file = $T/users"
reload
case $said in *"configuration taken"*) ;; *) fail "SIGHUP: $said" ;; esac
as() { curl -s --cacert "$T/cert.pem" -o "$T/after" -w '%{http_code}' "$@"; }
[ "$(as -u scraper:wrong "https://$AT/metrics")" = 401 ] || fail "a wrong password: expected 401"
[ "$(as "https://$AT/metrics")" = 401 ] || fail "no password: expected 401"
[ "$(as "https://$AT/healthz")" = 200 ] || fail "a probe, which has no password: expected 200"
sleep 0.15 # one password in a tenth of a second
[ "$(as -u scraper:sesame "https://$AT/metrics")" = 200 ] || fail "the right password: expected 200"
[ "$(as -u scraper:sesame "http://$AT/metrics")" != 200 ] || fail "without TLS: expected no answer"
conf
reload
driver reloads "http://$AT/metrics" "$AGENT"
driver grew "http://$AT/metrics" "$T/before"
stop_agent

# As the unit of deploy/ runs it: no root, its capabilities and no others, and those it keeps.
unit=$ROOT/deploy/systemd/gilscope-agent.service
caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr 'A-Z' 'a-z' | sed 's/cap_//g; s/ /,+/g; s/^/+/')
[ "$(sed -n 's/^AmbientCapabilities=/CapabilityBoundingSet=/p' "$unit")" = "$(grep ^CapabilityBoundingSet "$unit")" ] ||
	fail "$unit: its two sets of capabilities differ"
# privileges WHAT: of each thread of the agent, and that it sees a program of root's
privileges() {
	for task in /proc/"$AGENT"/task/*; do
		seen=$(sed -n 's/^Cap\(Prm\|Eff\):\t//p; s/^NoNewPrivs:\t//p' "$task/status" 2>/dev/null | tr '\n' ' ')
		[ "$seen" = "$kept $kept 1 " ] || [ ! -e "$task" ] || fail "$1: capabilities of $task: expected $kept, seen $seen"
	done
	start_work mix.py 1
	go
	truth_of
	until_true 5 waits_seen || fail "$1: no waits of a program of root's were seen"
	quit
}
waits_seen() { curl -sf "http://$AT/metrics" | grep -q '^gilscope_gil_contended_takes_total{.*process="mix.py".*} [1-9]'; }
kept=000001c000080004 # capabilities(7): DAC_READ_SEARCH 2, SYS_PTRACE 19, PERFMON 38, BPF 39, CHECKPOINT_RESTORE 40
conf
sed -i 's/^families.*/families = gil,gc,io,sched/' "$T/agent.conf" # asyncio's need tracefs, which nobody mounts here
AS="setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all,$caps --inh-caps=-all,$caps --ambient-caps=-all,$caps"
start_agent
privileges "as the unit"
stop_agent
# Root's are dropped.
AS=
start_agent
privileges "as root"
stop_agent

# Exact mode has takes and holds.
PER_THREAD=yes conf
sed -i 's/^interval.*/&\nmode = exact/' "$T/agent.conf"
start_agent
driver exact "http://$AT/metrics" "$T/work"
stop_agent
