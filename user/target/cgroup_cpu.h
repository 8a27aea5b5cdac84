/*
 * What the kernel tells of the CPU quota a process runs under: "CPU Bandwidth Control" of cgroup v2
 * (Documentation/admin-guide/cgroup-v2.rst, cpu.max and cpu.stat) and v1
 * (Documentation/scheduler/sched-bwc.rst).
 */
#ifndef GS_USER_TARGET_CGROUP_CPU_H
#define GS_USER_TARGET_CGROUP_CPU_H

#include <sys/types.h>

#include "bpf/types.h"

struct cgroup_cpu {
	u64 id; /* of the control group; 0: none has a quota, or that cannot be told */
	u64 throttled; /* periods in which its quota was used up, since it was made */
	u64 throttled_ns; /* its tasks were kept from running; of CPUs side by side, each its own */
};

/*
 * cgroup_cpu_read - of @pid's control group, or the nearest one above it that has a quota
 * Return: 0, or a negative errno (-ENOENT: none is seen), then *@ret_c is empty.
 */
int cgroup_cpu_read(pid_t pid, struct cgroup_cpu *ret_c);

/*
 * cgroup_cpu_read_in - the same from the text of a /proc/PID/cgroup and hierarchies mounted below
 * @root ("/sys/fs/cgroup"), for tests
 */
int cgroup_cpu_read_in(const char *text, const char *root, struct cgroup_cpu *ret_c);

#endif
