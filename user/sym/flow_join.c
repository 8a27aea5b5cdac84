/*
 * What is known where paths meet.  Invariant: a register's value there only ever goes from a
 * value to one shared with registers that point into the same thing, then to one of its own, so
 * joining ends.
 */
#include "user/sym/flow_private.h"

/* Do @i and @k count from the same thing on both ways, each in the same distance on both? */
static bool together(const struct flow_state *a, const struct flow_state *b, u32 i, u32 k)
{
	return a->reg[i].base && a->reg[i].base == a->reg[k].base && b->reg[i].base &&
	       b->reg[i].base == b->reg[k].base && a->reg[i].disp == b->reg[i].disp &&
	       a->reg[k].disp == b->reg[k].disp;
}

/*
 * What register @i holds where @a and @b meet at @vaddr.  Registers that point into the same
 * thing still do: their common base is called by the first of them.
 */
static struct flow_value joined(struct flow *f, u64 vaddr, const struct flow_state *a,
				const struct flow_state *b, u32 i)
{
	struct flow_value alone = {
		.base = flow_base(f, FLOW_JOINED, vaddr, FLOW_REGS + i),
	};
	u32 k;

	if (flow_same(a->reg[i], b->reg[i]) || flow_same(a->reg[i], alone))
		return a->reg[i];
	for (k = 0; k < flow_code(f)->arch->nregs; k++) {
		if (together(a, b, i, k))
			return (struct flow_value) {
				.base = flow_base(f, FLOW_JOINED, vaddr, k),
				.disp = a->reg[i].disp,
			};
	}
	return alone;
}

bool flow_join(struct flow *f, u64 vaddr, struct flow_state *to, const struct flow_state *s)
{
	const struct flow_state before = *to;
	bool changed = false;
	u32 i, k;

	for (i = 0; i < flow_code(f)->arch->nregs; i++) {
		to->reg[i] = joined(f, vaddr, &before, s, i);
		changed |= !flow_same(to->reg[i], before.reg[i]);
	}
	for (i = 0; i < to->nslots;) {
		const struct flow_slot *a = &to->slot[i];

		for (k = 0; k < s->nslots; k++) {
			if (flow_same(s->slot[k].at, a->at) && flow_same(s->slot[k].v, a->v))
				break;
		}
		if (k < s->nslots) {
			i++;
			continue;
		}
		to->slot[i] = to->slot[--to->nslots];
		changed = true;
	}
	return changed;
}
