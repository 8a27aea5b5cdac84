/* Clocks; see clock.h. */
#include "user/base/clock.h"

#include <time.h>

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
