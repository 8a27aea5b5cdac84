#!/bin/sh
# uvloop's epoll calls, their events, time-outs and wake-ups, and its tasks' steps, equal what was counted.
#
# By a library that is preloaded, which sees what libuv asks libc for, and by the program.  In the root of
# CPython 3.11 that `make pythons` fetches, which has Debian's uvloop.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_roots.sh"
need_root
need cc

in_root "$O/pythons/3.11" && [ -d "$root/usr/lib/python3/dist-packages/uvloop" ] ||
	skip "no uvloop here; make pythons fetches it with CPython 3.11"

# The system call itself, so that nothing of libc's is needed to find the next one of that name.
cat >"$T/count.c" <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

long counted_calls, counted_events, counted_timeouts;

int epoll_pwait(int fd, struct epoll_event *events, int room, int timeout, const sigset_t *mask)
{
	long n = syscall(SYS_epoll_pwait, fd, events, room, timeout, mask, (size_t)8);

	__atomic_add_fetch(&counted_calls, 1, __ATOMIC_RELAXED);
	if (n > 0)
		__atomic_add_fetch(&counted_events, n, __ATOMIC_RELAXED);
	if (!n && timeout)
		__atomic_add_fetch(&counted_timeouts, 1, __ATOMIC_RELAXED);
	return (int)n;
}

int epoll_wait(int fd, struct epoll_event *events, int room, int timeout)
{
	return epoll_pwait(fd, events, room, timeout, NULL);
}
END
cc -shared -fPIC -O2 -o "$root$inside/count.so" "$T/count.c" || fail "cc: see above"
LAUNCHER="$LAUNCHER /lib64/ld-linux-x86-64.so.2 --preload $inside/count.so"

loops() {
	measure_work uv.py -- --with asyncio "$@"
	check "$S.out" "$W.truth" <<-'END'
		contract(result)
		equal("the loop", "uvloop.Loop", truth["loop"])
		p = only_process(result)
		(row,) = p["asyncio"]
		equal("the thread of the loop", truth["tid"], row["tid"])
		equal("iterations", truth["calls"] - 1, row["iterations"])
		equal("steps", truth["steps"], row["steps"])
		if result["mode"] == "exact":
		    nothing_lost(result)
		    seen = io(p, "epoll_wait", "epoll_pwait")
		    for key in ("calls", "events", "timeouts"):
		        equal(key, truth[key], seen[key])
		    # Rung 10 ms after it was asked for: a busy machine can be later with the call than that.
		    between("wake-ups", truth["rings"] - 3, truth["events"], seen["wakeups"])
	END
}

exact() { loops; }
watch() { loops --mode watch; }
each "with uvloop" exact watch
[ -z "$fails" ]
