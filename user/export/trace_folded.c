/*
 * folded: stacks as flamegraph.pl and speedscope read them, "frame;frame;frame NANOSECONDS".
 *
 *   --by held      process;thread                  time it held the GIL
 *   --by waited    process;waiter;held by HOLDER   time it waited, by who held when it began
 *   --by paused    process;thread;gc generation N  time in collections
 *   --by blocked   process;thread;CALL             time asleep in I/O calls
 *
 * Where the recording has Python stacks, those of held, waited and paused go on with them; see
 * trace_folded_stacks.c.
 *
 * What was going on when the recording ended counts until then.  Sums are kept per distinct
 * stack; when there are too many of them, they are written and kept anew: readers add up stacks
 * that are told twice.  Losses are told as stacks of weight 0, which add nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/export/trace_exporter.h"
#include "user/export/trace_folded.h"
#include "user/export/trace_stacks.h"

#define CAUSES_MAX 100 /* of losses, told one by one */

enum weight {
	BY_HELD = FOLDED_HELD,
	BY_WAITED = FOLDED_WAITED,
	BY_PAUSED = FOLDED_PAUSED,
	BY_BLOCKED,
	WEIGHTS
};

static const char *const weights[WEIGHTS] = { "held", "waited", "paused", "blocked" };

struct folded {
	enum weight by;
	bool python; /* by Python stacks: told at the end */
	struct trace_stacks stacks; /* sums in ns */
	struct trace_stacks lost; /* by cause; numbers of events */
	struct trace_names names; /* of the live threads; for --by waited only */
};

static int folded_begin(struct trace_export *x)
{
	struct folded *s;
	enum weight by = BY_HELD;

	while (x->by && by < WEIGHTS && strcmp(x->by, weights[by]))
		by++;
	if (by == WEIGHTS)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->by = by;
	s->python = by != BY_BLOCKED && trace_measures(x->info, GS_FAMILY_STACKS);
	x->state = s;
	return 0;
}

/* What the event weighs; 0: it is not about what is asked for. */
static u64 weigh(enum weight by, const struct event *ev)
{
	static const struct {
		enum event_kind kind;
		enum event_open open;
	} wanted[WEIGHTS] = {
		[BY_HELD] = { EVENT_HOLD, EVENT_OPEN_HOLD },
		[BY_WAITED] = { EVENT_WAIT, EVENT_OPEN_WAIT },
		[BY_PAUSED] = { EVENT_COLLECTION, EVENT_OPEN_COLLECTION },
		[BY_BLOCKED] = { EVENT_IO_WAIT, EVENT_OPEN_IO },
	};
	u64 ns = ev->kind == EVENT_IO_WAIT ? ev->blocked_ns : ev->ns;

	if (ev->kind != wanted[by].kind && (ev->kind != EVENT_OPEN || ev->what != wanted[by].open))
		return 0;
	return ns == EVENT_UNKNOWN ? 0 : ns;
}

/* A frame of somebody with an id. */
static void frame(struct trace_stacks *to, const char *before, const char *name, u32 id)
{
	trace_stack_frame(to, before);
	trace_stack_text(to, name && *name ? name : "?");
	trace_stack_number(to, " [", id, "]");
}

/* The frame below the thread's. */
static void cause(struct folded *s, const struct event *ev)
{
	struct trace_stacks *to = &s->stacks;

	switch (s->by) {
	case BY_WAITED:
		if (ev->holder)
			frame(to, "held by ", trace_names_find(&s->names, ev->holder), ev->holder);
		else
			trace_stack_frame(to, "held by an unknown thread");
		break;
	case BY_PAUSED:
		trace_stack_frame(to, "gc generation");
		trace_stack_number(to, " ", ev->generation, "");
		break;
	case BY_BLOCKED:
		trace_stack_frame(to, event_call_name(ev->call));
		break;
	case BY_HELD:
	case WEIGHTS:
		break;
	}
}

static void write_stacks(struct out *o, const struct trace_stacks *s)
{
	for (size_t i = 0; i < s->room; i++) {
		const struct trace_stack *t = &s->at[i];

		if (!t->len)
			continue;
		out_bytes(o, t->text, t->len);
		out_char(o, ' ');
		out_u64(o, t->sum);
		out_char(o, '\n');
	}
}

static int add(struct trace_export *x, const struct event *ev, u64 ns)
{
	struct folded *s = x->state;
	int err;

	trace_stack_begin(&s->stacks);
	frame(&s->stacks, "", ev->process ? ev->process->command : "", ev->pid);
	frame(&s->stacks, "", ev->thread ? ev->thread->name : "", ev->tid);
	cause(s, ev);
	err = trace_stack_add(&s->stacks, ns);
	if (err != -ENOSPC)
		return err;
	write_stacks(x->out, &s->stacks);
	trace_stacks_clear(&s->stacks);
	return trace_stack_add(&s->stacks, ns);
}

static int add_lost(struct folded *s, const struct event *ev)
{
	const char *why = ev->text[EVENT_LOST_CAUSE];

	trace_stack_begin(&s->lost);
	if (s->lost.used >= CAUSES_MAX)
		why = "other causes";
	trace_stack_text(&s->lost, *why ? why : "unknown cause");
	return trace_stack_add(&s->lost, ev->count);
}

static int folded_event(struct trace_export *x, const struct event *ev)
{
	struct folded *s = x->state;
	u64 ns = s->python ? 0 : weigh(s->by, ev);

	if (ns)
		return add(x, ev, ns);
	if (ev->kind == EVENT_LOST)
		return add_lost(s, ev);
	if (s->by != BY_WAITED)
		return 0;
	if (ev->kind == EVENT_THREAD)
		return trace_names_set(&s->names, ev->pid, ev->tid, ev->text[EVENT_THREAD_NAME]);
	if (ev->kind == EVENT_THREAD_EXIT)
		trace_names_forget(&s->names, ev->tid);
	else if (ev->kind == EVENT_PROCESS_EXIT && ev->pid)
		trace_names_forget_process(&s->names, ev->pid);
	return 0;
}

static int folded_end(struct trace_export *x, const struct figures *f)
{
	struct folded *s = x->state;

	write_stacks(x->out, &s->stacks);
	if (s->python)
		folded_stacks(x->out, f, (enum folded_weight)s->by);
	for (size_t i = 0; i < s->lost.room; i++) {
		const struct trace_stack *t = &s->lost.at[i];

		if (!t->len)
			continue;
		out_str(x->out, "[events are missing];");
		out_bytes(x->out, t->text, t->len);
		out_printf(x->out, ": %llu 0\n", (unsigned long long)t->sum);
	}
	return 0;
}

static void folded_done(struct trace_export *x)
{
	struct folded *s = x->state;

	if (!s)
		return;
	trace_stacks_clear(&s->stacks);
	trace_stacks_clear(&s->lost);
	trace_names_forget_process(&s->names, 0);
	free(s);
	x->state = NULL;
}

const struct trace_exporter_ops trace_folded_exporter = {
	.name = "folded",
	.help = "stacks weighted by ns: --by held, waited, paused or blocked (I/O)",
	.takes_by = true,
	.wants_stacks = true,
	.begin = folded_begin,
	.event = folded_event,
	.end = folded_end,
	.done = folded_done,
};
