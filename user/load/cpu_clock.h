/*
 * A program run at each tick of a clock on every CPU (perf's software event cpu-clock, a timer of
 * the kernel's own: it needs no PMU).
 */
#ifndef GS_USER_LOAD_CPU_CLOCK_H
#define GS_USER_LOAD_CPU_CLOCK_H

#include "user/load/attach.h"

/*
 * The length of a tick, in ns, for about @rate_hz of them a second: a little less than asked, so
 * that what the program does at a rhythm of round numbers is met at all of its moments.
 * @rate_hz: at least 1
 */
u64 cpu_clock_period_ns(u32 rate_hz);

/*
 * cpu_clock_attach - run @p, of type perf_event, at each tick on each CPU that is online now
 *
 * One that comes later has no ticks.
 * Return: 0, or a negative errno: the kernel has no such events, or does not permit them
 * (perf_event_paranoid, without CAP_PERFMON); then @p runs nowhere.
 */
int cpu_clock_attach(struct attached *a, struct bpf_program *p, u64 period_ns);

#endif
