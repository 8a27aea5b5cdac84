/* The stacks family of a session: its ticks, and what is left out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/ingest/stacks.h"
#include "user/load/cpu_clock.h"
#include "user/session_private.h"

static bool wanted(const struct session *s)
{
	return s->opts->families & GS_FAMILY_BIT(GS_FAMILY_STACKS);
}

u64 session_stacks_seed(void)
{
	u64 seed;

	return getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed) ? seed
									     : clock_mono_ns();
}

int session_stacks(struct session *s)
{
	u64 ns = cpu_clock_period_ns(s->opts->stack_rate);
	struct bpf_program *p = skel_program(s->skel, "gs_stack_tick");
	int err;

	if (!wanted(s))
		return 0;
	s->collector.stacks = stacks_new(skel_maps(s->skel), ns);
	if (!s->collector.stacks)
		return -ENOMEM;
	err = p ? cpu_clock_attach(s->attached, p, ns) : -ENOENT;
	if (err && !s->quiet)
		fprintf(stderr,
			"gilscope: stacks: no clock on the CPUs (%s); what held the GIL is not "
			"sampled\n",
			strerror(-err));
	return 0;
}

bool session_stacks_of(const struct session *s, const struct py_process *py)
{
	if (!wanted(s))
		return false;
	if (stacks_can(py))
		return true;
	if (!s->quiet)
		fprintf(stderr, "gilscope: pid %d: no stacks: %s %s\n", (int)py->pid,
			py->binary->version,
			py->binary->free_threaded
				? "is free-threaded, without a GIL to hold"
				: "has frames or a GIL of a layout that is not known");
	return false;
}
