/* Stacks as a tree of calls; see fig_flame.h. */
#include "user/model/fig_flame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static u32 *slot_of(const struct fig_flame *f, u32 parent, u32 label)
{
	u64 h = ((u64)parent << 32 | label) * 0x9e3779b97f4a7c15ULL;
	u32 mask = f->nslots - 1, at = (u32)(h >> 32) & mask;

	for (; f->slots[at]; at = (at + 1) & mask) {
		const struct fig_flame_node *n = &f->list[f->slots[at] - 1];

		if (n->parent == parent && n->label == label)
			break;
	}
	return &f->slots[at];
}

/* Room for one more; the table stays half empty. */
static bool grow(struct fig_flame *f)
{
	u32 room = f->room ? 2 * f->room : 256;
	struct fig_flame_node *list;

	if (f->n < f->room)
		return true;
	if (room >= UINT32_MAX / 4)
		return false;
	list = realloc(f->list, room * sizeof(*list));
	if (!list)
		return false;
	f->list = list;
	free(f->slots);
	f->nslots = 2 * room;
	f->slots = calloc(f->nslots, sizeof(*f->slots));
	if (!f->slots)
		return false;
	f->room = room;
	for (u32 i = 0; i < f->n; i++)
		*slot_of(f, f->list[i].parent, f->list[i].label) = i + 1;
	return true;
}

/* The node of @l below @parent, made if need be; FIG_FLAME_NONE without memory. */
static u32 node_of(struct fig_flame *f, u32 parent, const struct fig_label *l)
{
	u32 label = fig_labels_add(&f->labels, l), *slot;
	struct fig_flame_node *n;

	if (label == FIG_LABEL_NONE || !grow(f))
		return FIG_FLAME_NONE;
	slot = slot_of(f, parent, label);
	if (*slot)
		return *slot - 1;
	n = &f->list[f->n++];
	*slot = f->n;
	*n = (struct fig_flame_node) {
		.label = label,
		.parent = parent,
		.child = FIG_FLAME_NONE,
		.next = FIG_FLAME_NONE,
	};
	if (parent != FIG_FLAME_NONE) {
		n->depth = f->list[parent].depth + 1;
		n->next = f->list[parent].child;
		f->list[parent].child = f->n - 1;
	}
	f->depth = n->depth > f->depth ? n->depth : f->depth;
	return f->n - 1;
}

static const char *thread_name(const struct fig_process *p, u32 tid)
{
	const char *name = NULL;

	for (size_t i = 0; p->threads && i < p->nthreads; i++)
		if (p->threads[i].tid == tid && (!name || !p->threads[i].exited))
			name = p->threads[i].name;
	return name;
}

/* Below what the frames of a stack hang. */
static u32 node_above(struct fig_flame *f, const struct fig_flame_part *part, u32 tid)
{
	const struct fig_process *p = part->process;
	const struct fig_label all = { .kind = FIG_LABEL_ALL };
	const struct fig_label process = { FIG_LABEL_PROCESS, p->pid, p->command, NULL, 0 };
	u32 at = node_of(f, FIG_FLAME_NONE, &all);

	if (part->with_process && at != FIG_FLAME_NONE)
		at = node_of(f, at, &process);
	if (!part->tid && at != FIG_FLAME_NONE) {
		struct fig_label thread = { FIG_LABEL_THREAD, tid, thread_name(p, tid), NULL, 0 };

		at = node_of(f, at, &thread);
	}
	return at;
}

/* The node of the newest frame. */
static u32 node_of_stack(struct fig_flame *f, u32 at, const struct fig_frames *frames)
{
	const struct fig_label none = { .kind = FIG_LABEL_NO_STACK };
	const struct fig_label cut = { .kind = FIG_LABEL_CUT };
	const struct fig_label torn = { .kind = FIG_LABEL_TORN };

	if (!frames)
		return node_of(f, at, &none);
	if (frames->torn || !frames->n)
		at = node_of(f, at, &torn);
	else if (frames->truncated)
		at = node_of(f, at, &cut);
	for (u32 i = frames->n; i-- > 0 && at != FIG_FLAME_NONE;) {
		const struct fig_label l = fig_frame_label(&frames->frame[i]);

		at = node_of(f, at, &l);
	}
	return at;
}

int fig_flame_add(struct fig_flame *f, const struct fig_flame_part *part)
{
	const struct fig_process *p = part->process;

	for (size_t i = 0; p->stacks && i < p->nstacks; i++) {
		const struct fig_stack *s = &p->stacks[i];
		u64 weight = fig_stack_weigh(s, f->by);
		u32 at;

		if (weight == FIG_NULL || (part->tid && s->tid != part->tid))
			continue;
		f->measured = true;
		if (!weight)
			continue;
		at = node_above(f, part, s->tid);
		if (at != FIG_FLAME_NONE)
			at = node_of_stack(f, at, s->frames);
		if (at == FIG_FLAME_NONE)
			return -ENOMEM;
		f->list[at].self += weight;
		for (; at != FIG_FLAME_NONE; at = f->list[at].parent)
			f->list[at].total += weight;
	}
	return 0;
}

/* For sorting: a node's number and what it is compared by. */
struct sorted {
	const struct fig_flame *f;
	u32 node;
};

static int compare(const void *va, const void *vb)
{
	const struct sorted *a = va, *b = vb;
	const struct fig_flame_node *x = &a->f->list[a->node], *y = &b->f->list[b->node];

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return fig_label_compare(fig_flame_label(a->f, a->node), fig_flame_label(b->f, b->node));
}

int fig_flame_sort(struct fig_flame *f)
{
	struct sorted *list;

	if (!f->n)
		return 0;
	list = malloc(f->n * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (u32 i = 0; i < f->n; i++)
		list[i] = (struct sorted) { f, i };
	qsort(list, f->n, sizeof(*list), compare);
	/* From the smallest on, each goes before its parent's first. */
	for (u32 i = 0; i < f->n; i++)
		f->list[i].child = FIG_FLAME_NONE;
	for (u32 i = f->n; i-- > 0;) {
		struct fig_flame_node *n = &f->list[list[i].node];

		n->next = FIG_FLAME_NONE;
		if (n->parent == FIG_FLAME_NONE)
			continue;
		n->next = f->list[n->parent].child;
		f->list[n->parent].child = list[i].node;
	}
	free(list);
	return 0;
}

u32 fig_flame_next(const struct fig_flame *f, u32 at, bool below)
{
	if (below && f->list[at].child != FIG_FLAME_NONE)
		return f->list[at].child;
	while (at != FIG_FLAME_NONE && f->list[at].next == FIG_FLAME_NONE)
		at = f->list[at].parent;
	return at == FIG_FLAME_NONE ? at : f->list[at].next;
}

const struct fig_label *fig_flame_label(const struct fig_flame *f, u32 node)
{
	return &f->labels.list[f->list[node].label];
}

void fig_flame_done(struct fig_flame *f)
{
	fig_labels_done(&f->labels);
	free(f->list);
	free(f->slots);
	*f = (struct fig_flame) { .by = f->by };
}

int fig_flame_of(struct fig_flame *f, const struct fig_process *procs, size_t nprocs)
{
	int err = 0;

	for (size_t i = 0; i < nprocs && !err; i++) {
		const struct fig_flame_part part = {
			.process = &procs[i],
			.with_process = nprocs > 1,
		};

		err = fig_flame_add(f, &part);
	}
	return err ? err : fig_flame_sort(f);
}
