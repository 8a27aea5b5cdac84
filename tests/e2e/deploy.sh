#!/bin/sh
# Files of deploy/ are what they claim: promtool takes rules and configurations and tests each alert, YAML and JSON parse, names agree.
. "$(dirname "$0")/lib.sh"
need_tracer
need promtool openssl
"$PY" -c 'import yaml' 2>/dev/null || skip "python3-yaml: not installed"
cp -r "$ROOT/deploy" "$T/deploy"
cd "$T/deploy/prometheus" || fail "deploy/prometheus: not there"

# What lies beside the configuration where it is used.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 2 \
	-keyout "$T/key.pem" -out ca.pem 2>"$T/openssl" || fail "$(cat "$T/openssl")"
: >password
cp ca.pem password "$T/"

promtool check config prometheus.yml >"$T/out" 2>&1 || fail "prometheus.yml: $(tail -n 3 "$T/out")"
promtool check rules --lint=all --lint-fatal recording.yml alerts.yml >"$T/out" 2>&1 || fail "rules: $(tail -n 3 "$T/out")"
promtool test rules tests.yml >"$T/out" 2>&1 || fail "tests.yml: $(cat "$T/out")"
# They are able to fail.
sed -i 's/for: 5m/for: 50m/' alerts.yml
! promtool test rules tests.yml >"$T/out" 2>&1 || fail "tests.yml: does not notice an alert that comes late"

"$PY" "$E2E/deploy.py" "$T" || exit 1
promtool check config "$T/pods.yml" >"$T/out" 2>&1 || fail "kubernetes/prometheus.yml: $(tail -n 3 "$T/out")"
promtool check config "$T/otel.yml" >"$T/out" 2>&1 || fail "otel/collector.yml, the receiver's part: $(tail -n 3 "$T/out")"
# The agent reads its file before it looks at --listen.
for word in tls.crt tls.key users; do cp ca.pem "$T/$word"; done
sed -i "s|/etc/gilscope-tls|$T|" "$T/agent.conf"
run agent --config "$T/agent.conf" --listen here
[ "$RC" = 2 ] && grep -qF -- '--listen here' "$T/err" || fail "kubernetes/gilscope.yml, agent.conf: $(cat "$T/err")"
