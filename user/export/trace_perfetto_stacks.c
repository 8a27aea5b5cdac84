/*
 * Python stacks in the Perfetto exporter: samples of what held the GIL on the CPU.
 *
 * A recording tells some times a second how many samples there were of each stack, not when each
 * was: they are spread evenly over that time.  The samples of a stack are told in the order of
 * their times, those of several are not; readers put them in order.
 */
#include <errno.h>
#include <stdlib.h>

#include "user/export/trace_perfetto.h"

#define SAMPLES_MAX 1000 /* of one event: more than there can be in so short a time */

/* What has been told, a bit for each number. */
struct pf_stacks {
	struct pf_track track; /* only its sequence is used */
	u8 functions[STACK_TREE_MAX / 8 + 1];
	u8 frames[STACK_TREE_MAX / 8 + 1];
	u8 stacks[STACK_TREE_MAX / 8 + 1];
};

/* Is it the first time? */
static bool is_first(u8 *bits, u32 number)
{
	u8 bit = (u8)(1U << number % 8);
	bool first = !(bits[number / 8] & bit);

	bits[number / 8] |= bit;
	return first;
}

static void tell_frame(struct pf *p, u32 number, const struct stack_tree_at *at)
{
	struct pf_stacks *s = p->samples;
	u32 function = at->function <= STACK_TREE_MAX ? at->function : 0;

	/* What is not known has the number behind all others. */
	function = function ? function : STACK_TREE_MAX + 1;
	if (function > STACK_TREE_MAX ? is_first(s->functions, 0)
				      : is_first(s->functions, function))
		pf_intern_function(p, &s->track, function,
				   at->frame.function ? at->frame.function : "(unknown)",
				   at->frame.file ? at->frame.file : "?");
	pf_intern_frame(p, &s->track, number, function, at->frame.line);
}

/* The stack whose newest frame is @number, and all it needs, if they are new.  False: unknown. */
static bool tell_stack(struct pf *p, u32 number)
{
	u64 frames[STACK_TREE_DEPTH], *at = frames + STACK_TREE_DEPTH;
	struct stack_tree_at f;

	if (!stack_tree_at(&p->stacks, number, &f))
		return false;
	if (!is_first(p->samples->stacks, number))
		return true;
	for (u32 i = number; at > frames && stack_tree_at(&p->stacks, i, &f); i = f.caller) {
		*--at = i;
		if (is_first(p->samples->frames, i))
			tell_frame(p, i, &f);
	}
	pf_intern_stack(p, &p->samples->track, number, at,
			(size_t)(frames + STACK_TREE_DEPTH - at));
	return true;
}

int pf_stack_cost(struct pf *p, const struct event *ev)
{
	u64 n = ev->samples < SAMPLES_MAX ? ev->samples : SAMPLES_MAX, begin = event_begin_ns(ev);

	if (!n || !ev->tid || !ev->pid)
		return 0;
	if (!p->samples)
		p->samples = calloc(1, sizeof(*p->samples));
	if (!p->samples)
		return -ENOMEM;
	if (!tell_stack(p, ev->frame))
		return 0;
	for (u64 i = 0; i < n; i++)
		pf_sample(
			p, &p->samples->track,
			begin + (u64)((double)(ev->ts_ns - begin) * ((double)i + 0.5) / (double)n),
			ev->pid, ev->tid, ev->frame);
	return 0;
}

void pf_stacks_done(struct pf *p)
{
	stack_tree_done(&p->stacks);
	free(p->samples);
}
