/* Stacks added up by function; see fig_functions.h. */
#include "user/model/fig_functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/state.h"
#include "user/model/figures.h"

const struct fig_weight fig_weights[FIG_BY_COUNT] = {
#define X(NAME, name_, member, help_) \
	[FIG_BY_##NAME] = { .name = #name_, \
			    .help = help_, \
			    .is_time = FIG_BY_##NAME != FIG_BY_DEALLOC },
	FIG_STACK_WEIGHTS(X)
#undef X
};

enum fig_stack_weight fig_weight_find(const char *name)
{
	enum fig_stack_weight by = 0;

	while (by < FIG_BY_COUNT && strcmp(fig_weights[by].name, name))
		by++;
	return by;
}

u64 fig_stack_weigh(const struct fig_stack *s, enum fig_stack_weight by)
{
	static const size_t members[FIG_BY_COUNT] = {
#define X(NAME, name, member, help) [FIG_BY_##NAME] = offsetof(struct fig_stack, member),
		FIG_STACK_WEIGHTS(X)
#undef X
	};

	return *(const u64 *)((const char *)s + members[by]);
}

struct fig_label fig_frame_label(const struct fig_frame *f)
{
	return (struct fig_label) {
		.kind = FIG_LABEL_FUNCTION,
		.text = f->function,
		.file = f->file,
		.first_line = f->first_line,
		.native = f->flags & GS_FRAME_NATIVE,
	};
}

/* What is counted, as the functions are found. */
struct counting {
	struct fig_labels labels; /* a function's number is its label's */
	struct fig_functions *f;
	size_t room;
	size_t stack; /* which one, from 1 on */
};

static struct fig_function *function_of(struct counting *c, const struct fig_label *l)
{
	u32 at = fig_labels_add(&c->labels, l);
	struct fig_function *list;

	if (at == FIG_LABEL_NONE)
		return NULL;
	if (at < c->f->n)
		return &c->f->list[at];
	if (c->f->n == c->room) {
		size_t room = c->room ? 2 * c->room : 64;

		list = realloc(c->f->list, room * sizeof(*list));
		if (!list)
			return NULL;
		c->f->list = list;
		c->room = room;
	}
	c->f->list[c->f->n] = (struct fig_function) { .label = *l };
	return &c->f->list[c->f->n++];
}

static u64 or_0(u64 v)
{
	return v == FIG_NULL ? 0 : v;
}

/* One frame of a stack, the newest being its leaf; @python: and the newest that is not native. */
static int add_frame(struct counting *c, const struct fig_stack *s, const struct fig_label *l,
		     bool leaf, bool python)
{
	struct fig_function *fn = function_of(c, l);

	if (!fn)
		return -ENOMEM;
	for (u32 by = 0; by < FIG_BY_COUNT; by++) {
		u64 weight = or_0(fig_stack_weigh(s, by));

		fn->self[by] += leaf ? weight : 0;
		fn->python[by] += python ? weight : 0;
		fn->total[by] += fn->last == c->stack ? 0 : weight;
	}
	fn->last = c->stack;
	return 0;
}

static int add_stack(struct counting *c, const struct fig_stack *s)
{
	const struct fig_frames *frames = s->frames;
	const struct fig_label none = { .kind = FIG_LABEL_NO_STACK };
	const struct fig_label unknown = { .kind = FIG_LABEL_FUNCTION };
	bool python = true;
	int err = 0;

	c->stack++;
	for (u32 by = 0; by < FIG_BY_COUNT; by++) {
		u64 weight = fig_stack_weigh(s, by);

		if (weight != FIG_NULL)
			c->f->all[by] = or_0(c->f->all[by]) + weight;
	}
	if (!frames)
		return add_frame(c, s, &none, true, true);
	c->f->stacks++;
	c->f->samples += or_0(s->samples);
	c->f->truncated += frames->truncated;
	c->f->torn += frames->torn;
	if (!frames->n)
		return add_frame(c, s, &unknown, true, true);
	for (u32 i = 0; i < frames->n && !err; i++) {
		const struct fig_label l = fig_frame_label(&frames->frame[i]);

		err = add_frame(c, s, &l, !i, python && !l.native);
		python = python && l.native;
	}
	return err;
}

int fig_functions_of(const struct fig_process *procs, size_t nprocs, u32 tid,
		     struct fig_functions *ret)
{
	struct counting c = { .f = ret };
	int err = 0;

	*ret = (struct fig_functions) {};
	for (u32 by = 0; by < FIG_BY_COUNT; by++)
		ret->all[by] = FIG_NULL;
	for (const struct fig_process *p = procs; p < procs + nprocs; p++)
		for (size_t i = 0; p->stacks && i < p->nstacks && !err; i++)
			if (!tid || p->stacks[i].tid == tid)
				err = add_stack(&c, &p->stacks[i]);
	for (u32 by = 0; by < FIG_BY_COUNT; by++)
		for (size_t i = 0; ret->all[by] == FIG_NULL && i < ret->n; i++)
			ret->list[i].self[by] = ret->list[i].total[by] = FIG_NULL;
	fig_labels_done(&c.labels);
	if (err)
		fig_functions_done(ret);
	return err;
}

void fig_functions_done(struct fig_functions *f)
{
	free(f->list);
	*f = (struct fig_functions) {};
}

struct order {
	enum fig_stack_weight by;
	bool total;
};

static int compare(const void *va, const void *vb, void *arg)
{
	const struct fig_function *a = va, *b = vb;
	const struct order *o = arg;
	u64 x = or_0(o->total ? a->total[o->by] : a->self[o->by]);
	u64 y = or_0(o->total ? b->total[o->by] : b->self[o->by]);

	return x != y ? (x < y ? 1 : -1) : fig_label_compare(&a->label, &b->label);
}

void fig_functions_sort(struct fig_functions *f, enum fig_stack_weight by, bool total)
{
	struct order o = { by, total };

	if (f->n)
		qsort_r(f->list, f->n, sizeof(*f->list), compare, &o);
}
