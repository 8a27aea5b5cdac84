/*
 * folded, with Python stacks: "process;thread;STATE;function;function NANOSECONDS".
 *
 *   --by held      STATE: on the CPU, preempted, asleep    time it held the GIL
 *   --by waited    waits for the GIL                       time it waited
 *   --by paused    collects                                time in collections
 *
 * Lines of a thread add up to the thread's own figure: what no stack was taken of has a line, too.
 * A process whose stacks cannot be taken has lines without functions.
 */
#include "user/export/flame.h"
#include "user/export/trace_folded.h"
#include "user/model/fig_functions.h"

/* What a line begins with. */
struct line {
	struct out *out;
	struct fig_label process, thread;
};

static const char *name_of(const struct fig_process *p, u32 tid)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].tid == tid)
			return p->threads[i].name;
	return NULL;
}

static void frames(struct out *o, const struct fig_frames *f)
{
	static const struct fig_label none = { .kind = FIG_LABEL_NO_STACK },
				      cut = { .kind = FIG_LABEL_CUT },
				      torn = { .kind = FIG_LABEL_TORN };

	if (!f || f->truncated || f->torn) {
		out_char(o, ';');
		flame_folded_frame(o, !f ? &none : f->truncated ? &cut : &torn);
	}
	for (u32 i = f ? f->n : 0; i-- > 0;) {
		const struct fig_label l = fig_frame_label(&f->frame[i]);

		out_char(o, ';');
		flame_folded_frame(o, &l);
	}
}

/* @f NULL: no stack was taken; @functions false: none is taken of this process. */
static void put(const struct line *l, const char *state, bool functions, const struct fig_frames *f,
		u64 ns)
{
	if (!ns || ns == FIG_NULL)
		return;
	flame_folded_frame(l->out, &l->process);
	out_char(l->out, ';');
	flame_folded_frame(l->out, &l->thread);
	out_char(l->out, ';');
	out_str(l->out, state);
	if (functions)
		frames(l->out, f);
	out_char(l->out, ' ');
	out_u64(l->out, ns);
	out_char(l->out, '\n');
}

static u64 less(u64 a, u64 b)
{
	if (a == FIG_NULL || b == FIG_NULL)
		return a;
	return a > b ? a - b : 0;
}

/* The time the GIL was held in @s, by what the thread was doing. */
static void put_held(const struct line *l, bool functions, const struct fig_stack *s)
{
	put(l, "on the CPU", functions, s->frames, less(s->held_ns, s->held_offcpu_ns));
	put(l, "preempted", functions, s->frames, s->held_preempted_ns);
	put(l, "asleep", functions, s->frames, less(s->held_offcpu_ns, s->held_preempted_ns));
}

static void put_stack(const struct line *l, bool functions, const struct fig_stack *s,
		      enum folded_weight by)
{
	switch (by) {
	case FOLDED_HELD:
		put_held(l, functions, s);
		break;
	case FOLDED_WAITED:
		put(l, "waits for the GIL", functions, s->frames, s->wait_ns);
		break;
	case FOLDED_PAUSED:
		put(l, "collects", functions, s->frames, s->paused_ns);
		break;
	}
}

/* Of a process without stacks. */
static void put_threads(struct line *l, const struct fig_process *p, enum folded_weight by)
{
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];
		const struct fig_stack s = {
			.held_ns = t->held_ns,
			.held_offcpu_ns = t->held_offcpu_ns == FIG_NULL ? 0 : t->held_offcpu_ns,
			.held_preempted_ns =
				t->held_preempted_ns == FIG_NULL ? 0 : t->held_preempted_ns,
			.wait_ns = t->wait_ns,
		};

		l->thread = (struct fig_label) { FIG_LABEL_THREAD, t->tid, t->name, NULL, 0 };
		put_stack(l, false, &s, by);
	}
	l->thread = (struct fig_label) { FIG_LABEL_THREAD, 0, NULL, NULL, 0 };
	for (size_t i = 0; i < p->ngc && by == FOLDED_PAUSED; i++)
		put(l, "collects", false, NULL, p->gc[i].pause.valid ? p->gc[i].pause.sum_ns : 0);
}

void folded_stacks(struct out *o, const struct figures *f, enum folded_weight by)
{
	for (size_t i = 0; f && i < f->nprocs; i++) {
		const struct fig_process *p = &f->procs[i];
		struct line l = {
			.out = o,
			.process = { FIG_LABEL_PROCESS, p->pid, p->command, NULL, 0 },
		};

		for (size_t k = 0; k < p->nstacks; k++) {
			const struct fig_stack *s = &p->stacks[k];

			l.thread = (struct fig_label) { FIG_LABEL_THREAD, s->tid,
							name_of(p, s->tid), NULL, 0 };
			put_stack(&l, true, s, by);
		}
		if (!p->stacks_measured)
			put_threads(&l, p, by);
	}
}
