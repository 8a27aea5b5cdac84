#!/bin/sh
# The packages, as a user has them: the same bytes twice, no error of lintian's, installed into a fresh
# Debian, tracing a Python there, and removed without a trace.
#
# usage: tests/package/run.sh (as root; O=DIR: where gilscope was built)
#
# A fresh Debian is made by debootstrap from this machine's own mirror; it is kept in $O/package.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
O=${O:-build}
case $O in /*) ;; *) O=$root/$O ;; esac
dir=$O/package me=package
mkdir -p "$dir"
. "$root/scripts/suites.sh"
say() { printf 'package: %s\n' "$*"; }

twice() {
	sh "$root/scripts/deb.sh" "$dir/first" >/dev/null
	sh "$root/scripts/deb.sh" "$dir/second" >/dev/null
	for deb in "$dir"/first/*.deb; do
		cmp "$deb" "$dir/second/${deb##*/}" || die "${deb##*/}: two builds, two files"
	done
	say "built twice, the same bytes: $(cd "$dir/first" && echo *.deb)"
}

lint() {
	lintian --fail-on error --tag-display-limit 0 "$dir"/first/*.changes >"$dir/lintian.log" 2>&1 ||
		{ cat "$dir/lintian.log" >&2; die "lintian: errors"; }
	say "lintian: no errors, $(grep -c '^W:' "$dir/lintian.log" || true) warnings"
}

fresh() {
	suites_begin
	if [ ! -e "$dir/debian.tar" ]; then
		. /etc/os-release
		rm -rf "$dir/root"
		debootstrap --variant=minbase --keyring="$keyring" --include=python3-minimal \
			"$VERSION_CODENAME" "$dir/root" "$uri" >"$dir/debootstrap.log" 2>&1 ||
			{ tail -n 5 "$dir/debootstrap.log" >&2; die "debootstrap failed"; }
		tar -C "$dir/root" -cf "$dir/debian.tar.new" . && mv "$dir/debian.tar.new" "$dir/debian.tar"
	fi
	umount_all
	rm -rf "$dir/root"
	mkdir "$dir/root"
	tar -C "$dir/root" -xf "$dir/debian.tar"
	for fs in proc sys; do mount --rbind --make-rslave /$fs "$dir/root/$fs"; done
}

umount_all() {
	for fs in proc sys; do
		! mountpoint -q "$dir/root/$fs" || umount -R -l "$dir/root/$fs"
	done
}

in_root() { chroot "$dir/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
	DEBIAN_FRONTEND=noninteractive "$@"; }

# What is on disk, and of whom; caches and logs of apt and dpkg are not the package's.
listing() {
	(cd "$dir/root" && find . -path ./proc -prune -o -path ./sys -prune -o -path ./var/lib/dpkg -prune -o \
		-path ./var/lib/apt -prune -o -path ./var/cache -prune -o -path ./var/log -prune -o \
		-path ./packages -prune -o -print) | LC_ALL=C sort
}

# The agent's service is there, and not started by the package; started by hand it sees a program.
agent_in_root() {
	[ -e "$dir/root/lib/systemd/system/gilscope-agent.service" ] || die "no unit of the agent"
	[ -z "$(find "$dir/root/etc/systemd" -name 'gilscope*' 2>/dev/null)" ] || die "the unit of the agent is enabled"
	in_root timeout --foreground --preserve-status -s TERM 6 gilscope agent --listen 127.0.0.1:0 >"$dir/agent.out" 2>"$dir/agent.err" &
	agent=$!
	in_root timeout 5 python3 -c 'while True: sum(range(1000))' &
	program=$!
	sleep 3
	at=$(sed -n 's/.*answering at //p' "$dir/agent.err")
	python3 -c "import urllib.request; print(urllib.request.urlopen('http://$at/metrics', timeout=5).read().decode())" \
		>"$dir/metrics" || die "the agent does not answer: $(cat "$dir/agent.err")"
	grep -q '^gilscope_gil_held_seconds_total{.*process="-c"' "$dir/metrics" ||
		grep -q '^gilscope_gil_held_seconds_total{.*process="python3"' "$dir/metrics" ||
		die "the agent sees no program: $dir/metrics"
	wait $program || true
	wait $agent || die "the agent ended with $?: $(cat "$dir/agent.err")"
}

# The libraries that the package needs are installed first: they are not what is looked at.
install_and_remove() {
	mkdir "$dir/root/packages"
	cp "$dir"/first/gilscope_*.deb "$dir/root/packages/"
	in_root apt-get update -qq >"$dir/apt.log" 2>&1 || true
	deps=$(dpkg-deb -f "$dir"/first/gilscope_*.deb Depends | tr ',' '\n' | awk 'NF { print $1 }')
	# shellcheck disable=SC2086
	in_root apt-get install -y -qq --no-install-recommends $deps >>"$dir/apt.log" 2>&1 ||
		{ tail -n 5 "$dir/apt.log" >&2; die "what it depends on cannot be installed"; }
	listing >"$dir/before"
	in_root sh -c 'apt-get install -y -qq --no-install-recommends /packages/*.deb' >>"$dir/apt.log" 2>&1 ||
		{ tail -n 5 "$dir/apt.log" >&2; die "it cannot be installed"; }
	in_root gilscope stat -d 1 --format json -- python3 -c \
		'import time
t = time.monotonic() + 5 # it goes on when gilscope ends
while time.monotonic() < t: sum(range(1000))' >"$dir/stat.json" 2>"$dir/stat.err" ||
		{ cat "$dir/stat.err" >&2; die "gilscope stat in the chroot failed"; }
	python3 - "$dir/stat.json" <<-'END' || die "what it measured there is not right: $dir/stat.json"
		import json, sys
		f = json.load(open(sys.argv[1]))
		gil = f["processes"][0]["gils"][0]
		assert f["processes"][0]["python"]["path"].startswith("/usr/bin/python3"), f["processes"][0]["python"]
		assert gil["held_ratio"] > 0.5, gil
	END
	agent_in_root
	in_root sh -c 'zcat /usr/share/man/man8/gilscope-stat.8.gz' >"$dir/page" 2>/dev/null ||
		[ -e "$dir/root/usr/share/man/man8/gilscope-stat.8.gz" ] || die "no manual page"
	in_root apt-get purge -y -qq gilscope >>"$dir/apt.log" 2>&1 || die "it cannot be removed"
	listing >"$dir/after"
	diff "$dir/before" "$dir/after" >"$dir/left" || { cat "$dir/left" >&2; die "it left something behind"; }
	say "installed into a fresh Debian, traced python3 there, removed: nothing left"
}

[ "$(id -u)" = 0 ] || die "root: needed; run as root or with sudo"
trap umount_all EXIT
trap 'exit 130' INT TERM
twice
lint
fresh
install_and_remove
