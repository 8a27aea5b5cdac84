/* Clocks; see clock.h. */
#include "user/base/clock.h"

#include <time.h>
#include <unistd.h>

static u64 read_ns(clockid_t id)
{
	struct timespec t;

	/* fails only for an unknown clock id */
	(void)clock_gettime(id, &t);
	return (u64)t.tv_sec * 1000000000ULL + (u64)t.tv_nsec;
}

u64 clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

u64 clock_real_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

u64 clock_cpu_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

u64 clock_process_ns(pid_t pid)
{
	struct timespec t;
	clockid_t id;

	if (clock_getcpuclockid(pid, &id) || clock_gettime(id, &t))
		return 0;
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

u64 clock_ticks_ns(u64 ticks)
{
	u64 ns = ticks * (1000000000ULL / (u64)sysconf(_SC_CLK_TCK));
	u64 mono = read_ns(CLOCK_MONOTONIC); /* before the other one: it is not beyond it */
	u64 asleep = read_ns(CLOCK_BOOTTIME) - mono; /* the machine was */

	return ns > asleep ? ns - asleep : 0;
}
