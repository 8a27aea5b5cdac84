/*
 * Watch mode's samples of who holds the GIL: by the kernel side at the ticks of a clock on each
 * CPU; where that is not to be had, by a thread of ours that reads the targets' memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "user/ingest/sampler.h"
#include "user/ingest/ticks.h"
#include "user/load/cpu_clock.h"
#include "user/session_private.h"

u64 session_sample_ns(const struct session *s)
{
	if (!session_wants_watch(s) || getenv("GILSCOPE_SAMPLE_MEMORY"))
		return 0;
	return cpu_clock_period_ns(s->opts->sample_rate);
}

int session_sample(struct session *s)
{
	struct bpf_program *p = skel_program(s->skel, "gs_cpu_clock");
	u64 ns = session_sample_ns(s);

	if (!session_wants_watch(s))
		return 0;
	if (p && !cpu_clock_attach(s->attached, p, ns)) {
		s->collector.ticks = ticks_new(skel_maps(s->skel), ns);
		if (!s->collector.ticks)
			return -ENOMEM;
	}
	s->collector.sampler = sampler_new(s->opts->sample_rate, s->collector.ticks ? ns : 0);
	return s->collector.sampler ? 0 : -ENOMEM;
}
