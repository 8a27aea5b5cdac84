/*
 * What is known of memory: the stack slots of the function that is followed, and the GOT.
 * Invariant: a slot is forgotten as soon as something is written over any of its 8 bytes; writes
 * through other pointers are taken not to reach the stack.
 */
#include "user/sym/flow_private.h"

#define SLOT 8 /* bytes */

static struct flow_slot *find_slot(struct flow_state *s, struct flow_value at)
{
	u32 i;

	for (i = 0; i < s->nslots; i++) {
		if (flow_same(s->slot[i].at, at))
			return &s->slot[i];
	}
	return NULL;
}

/* Forget what overlaps the @size bytes at @at, but not what is exactly there and will be replaced.
 */
static void forget(struct flow_state *s, struct flow_value at, u32 size, bool replaced)
{
	u32 i = 0;

	while (i < s->nslots) {
		const struct flow_value *slot = &s->slot[i].at;
		u64 into = (u64)slot->disp - (u64)at.disp;
		bool over = slot->base == at.base && (into < size || -into < SLOT);

		if (over && !(replaced && !into))
			s->slot[i] = s->slot[--s->nslots];
		else
			i++;
	}
}

static bool on_stack(const struct flow *f, const struct flow_state *s, struct flow_value at)
{
	return at.base &&
	       (at.base == s->reg[flow_code(f)->arch->sp].base || flow_is_frame(f, at.base));
}

void flow_push(struct flow_state *s, struct flow_value at, struct flow_value v)
{
	struct flow_slot *slot;

	forget(s, at, SLOT, true);
	slot = find_slot(s, at);
	if (!slot && s->nslots < FLOW_SLOTS)
		slot = &s->slot[s->nslots++];
	if (slot)
		*slot = (struct flow_slot) { .at = at, .v = v };
}

struct flow_value flow_load(struct flow *f, struct flow_state *s, struct flow_value at)
{
	const struct flow_slot *slot = find_slot(s, at);
	u64 v;

	if (slot)
		return slot->v;
	if (!at.base && !elf_file_got_value(code_file(flow_code(f)), (u64)at.disp, &v))
		return (struct flow_value) { .disp = (s64)v };
	return (struct flow_value) { .base = flow_base(f, FLOW_LOADED, at.base, at.disp) };
}

void flow_write(struct flow *f, struct flow_state *s, const struct flow_write *w)
{
	if (w->v && !w->v->base)
		flow_note_store(f, w->vaddr, w->part, w->to, (u64)w->v->disp);
	if (!on_stack(f, s, w->to))
		return;
	if (w->v && w->size == SLOT)
		flow_push(s, w->to, *w->v);
	else
		forget(s, w->to, w->size, false);
}
