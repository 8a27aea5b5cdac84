/* A clock on every CPU; see cpu_clock.h. */
#include "user/load/cpu_clock.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/load/links.h"

#define NS_PER_SEC 1000000000ULL

u64 cpu_clock_period_ns(u32 rate_hz)
{
	u64 ns = NS_PER_SEC / rate_hz;

	return ns - ns / 379;
}

static int attach_to(struct attached *a, struct bpf_program *p, u64 period_ns, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.size = sizeof(attr),
		.sample_period = period_ns,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	struct bpf_link *link;
	int err;

	if (fd < 0)
		return -errno;
	link = bpf_program__attach_perf_event(p, fd);
	if (!link) {
		err = -errno;
		close(fd);
		return err;
	}
	return links_add(a, link, LINK_HOOK); /* the link owns fd */
}

int cpu_clock_attach(struct attached *a, struct bpf_program *p, u64 period_ns)
{
	int cpus = libbpf_num_possible_cpus(), err = cpus < 0 ? cpus : 0, attached = 0;
	size_t before = links_count(a);

	for (int cpu = 0; cpu < cpus && !err; cpu++) {
		err = attach_to(a, p, period_ns, cpu);
		attached += !err;
		if (err == -ENODEV)
			err = 0; /* offline */
	}
	if (!err && !attached)
		err = -ENODEV;
	if (err)
		links_drop(a, before);
	return err;
}
