#!/bin/sh
# Three agents in network namespaces of their own, scraped by a Prometheus through restarts and an outage: totals, alerts and dashboard are right.
. "$(dirname "$0")/lib.sh"
need_root
need ip unshare nsenter setpriv openssl prometheus
"$PY" -c 'import yaml' 2>/dev/null || skip "python3-yaml: not installed"
unshare -n true 2>/dev/null || skip "network namespaces: not permitted here"
export WORK_DIR GILSCOPE ROOT

# A namespace has no name and lives as long as a process in it, so nothing can be left behind: its
# links go with it.  $1: the variable that gets the pid of that process
namespace() {
	unshare -n sleep 900 &
	eval "$1=$!"
	later $!
	own=$(readlink /proc/self/ns/net)
	until_true 10 in_another $! "$own" || fail "unshare -n: no namespace"
	nsenter -t $! -n ip link set lo up || fail "ip: cannot set up a network namespace"
}
in_another() { [ "$(readlink "/proc/$1/ns/net")" != "$2" ] && [ "$(cat "/proc/$1/comm")" = sleep ]; }

# One in the middle for Prometheus, a link from it to each host's: 198.18.0.0/15 is for tests (RFC 2544).
namespace middle
middle() { nsenter -t "$middle" -n "$@" || fail "ip: $* failed"; }
hosts=
for n in 1 2 3; do
	namespace host
	hosts="$hosts $host"
	ip link add veth0 netns "$host" type veth peer name "host$n" netns "$middle" 2>"$T/ip" || skip "ip: $(cat "$T/ip")"
	middle ip addr add "198.18.$n.1/24" dev "host$n"
	middle ip link set "host$n" up
	nsenter -t "$host" -n ip addr add "198.18.$n.2/24" dev veth0
	nsenter -t "$host" -n ip link set veth0 up || fail "ip: cannot set up host $n"
done

# What the third host is protected by.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=fleet -days 2 \
	-addext subjectAltName=IP:198.18.3.2 -keyout "$T/key.pem" -out "$T/ca.pem" 2>"$T/openssl" || fail "$(cat "$T/openssl")"
printf 'scraper:%s\n' "$(openssl passwd -6 -salt saltsalt sesame)" >"$T/users"
printf sesame >"$T/password"
chmod 600 "$T/users" "$T/key.pem"

# shellcheck disable=SC2086 # three pids
nsenter -t "$middle" -n "$PY" "$E2E/fleet.py" "$T" "${FLEET:-short}" $hosts &
driver=$!
later $driver
wait $driver
