/* The stacks family of a session: its ticks, what is left out, and what a recorder is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/ingest/stacks.h"
#include "user/load/cpu_clock.h"
#include "user/model/stack_rows.h"
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

bool session_takes_stacks(const struct session *s, const struct py_process *py)
{
	return wanted(s) && stacks_can(py);
}

/* What row @r has by now that was not told; false: nothing. */
static bool take_new(struct stack_row *r, bool last, struct gs_stack_cost *ret_more)
{
	struct gs_stack_cost now = r->cost;
	const u64 *to = &now.samples, *from = &r->told.samples;
	u64 *more = &ret_more->samples, any = 0;

	if (last) {
		now.wait_ns += r->open_wait_ns;
		now.off_preempted_ns += r->open_preempted_ns;
		now.off_blocked_ns += r->open_blocked_ns;
	}
	for (size_t i = 0; i < sizeof(now) / sizeof(u64); i++) {
		more[i] = to[i] > from[i] ? to[i] - from[i] : 0;
		any |= more[i];
	}
	r->told = now;
	return any;
}

int session_tell_stacks(struct session *s, bool last, session_stack_fn *each, void *ctx)
{
	struct collector *c = &s->collector;
	int err = 0;

	/* Threads that have just ended are in the middle of nothing, and not counted in full yet.
	 */
	if (c->stacks && last)
		err = collect_housekeep(c);
	if (c->stacks && !err)
		err = stacks_read(c);
	for (size_t i = 0; i < c->count && c->stacks && !err; i++) {
		struct stack_rows *rows = stacks_rows(c->list[i]);

		for (size_t n = 0; rows && n < rows->n && !err; n++) {
			struct gs_stack_cost more;

			if (take_new(&rows->rows[n], last, &more))
				err = each(ctx, (u32)c->list[i]->py->pid, &rows->rows[n], &more,
					   rows->period_ns);
		}
	}
	return err;
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
