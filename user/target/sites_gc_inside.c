/*
 * gc, in CPython 3.13 and later without notes: gc_collect_main() itself tells gc.callbacks "start"
 * and "stop" (Python/gc.c and gc_free_threading.c), and only of a collection that is one: it
 * returns at once where none is due, or where another thread collects.  _PyGC_CollectNoFail() at
 * shutdown tells nobody.  So the sites are those two calls, which are given all that is to be
 * known: invoke_gc_callback(tstate, phase, generation, collected, uncollectable); and the return of
 * the first, where the pause begins.  3.14.0 to 3.14.4 are given a pointer for the last two, to a
 * struct gc_collection_stats { collected, uncollectable } in _PyGC_Collect()'s own frame.
 */
#include <errno.h>
#include <string.h>

#include "user/sym/flow.h"
#include "user/target/sites.h"

#define PHASES_MAX 4 /* copies of either call */
#define ARM64_SP 31

struct phases {
	u64 collect; /* the function they are in */
	u64 start[PHASES_MAX], stop[PHASES_MAX];
	size_t nstart, nstop;
	bool pointed[PHASES_MAX]; /* of the stops: what was found is behind a pointer */
};

static const char *text_arg(struct site_search *s, const struct flow *f, u64 call)
{
	struct flow_value v;

	if (flow_arg_at(f, call, 1, &v) || v.base)
		return NULL;
	return elf_file_string(s->elf, (u64)v.disp, 16);
}

/* Is the fourth argument of @call a place in the caller's frame? */
static bool is_pointed(const struct flow *f, u64 call)
{
	const unsigned int sp = flow_is_sp(f, FLOW_RSP) ? FLOW_RSP : ARM64_SP;
	struct flow_value v, frame;

	return !flow_arg_at(f, call, 3, &v) && !flow_value_at(f, call, sp, &frame) && v.base &&
	       v.base == frame.base;
}

/* Into *@p, if the function at @vaddr tells of both. */
static int look_into(struct site_search *s, u64 vaddr, struct phases *p)
{
	const struct code_range *range = code_range_at(s->code, vaddr);
	struct flow *f;
	struct insn i;
	u64 at;
	int r;

	*p = (struct phases) {};
	if (!range || range->start != vaddr)
		return 0;
	r = flow_new(s->code, vaddr, &s->noreturn, &f);
	if (r)
		return r == -ENOMEM ? r : 0;
	for (size_t k = 0; flow_insn(f, k, &at); k++) {
		const char *text;

		if (code_decode(s->code, at, &i) || i.flow != INSN_CALL)
			continue;
		text = text_arg(s, f, at);
		if (text && !strcmp(text, "start") && p->nstart < PHASES_MAX)
			p->start[p->nstart++] = at;
		else if (text && !strcmp(text, "stop") && p->nstop < PHASES_MAX) {
			p->pointed[p->nstop] = is_pointed(f, at);
			p->stop[p->nstop++] = at;
		}
	}
	flow_free(f);
	p->collect = p->nstart && p->nstop ? vaddr : 0;
	return 0;
}

/* gc_collect_main(), by its name or as what PyGC_Collect() calls. */
static int find(struct site_search *s, struct phases *p)
{
	const struct code_range *range;
	struct elf_symbol sym;
	struct insn i;
	int r = 0;

	*p = (struct phases) {};
	if (!elf_file_symbol(s->elf, "gc_collect_main", &sym) && sym.function)
		return look_into(s, sym.vaddr, p);
	if (elf_file_symbol(s->elf, "PyGC_Collect", &sym) || !sym.function)
		return 0;
	range = code_range_at(s->code, sym.vaddr);
	for (u64 at = sym.vaddr; range && at < range->end && !r && !p->collect; at += i.size) {
		if (code_decode(s->code, at, &i))
			break;
		if ((i.flow == INSN_CALL || i.flow == INSN_JMP) && i.target &&
		    (i.target < range->start || i.target >= range->end))
			r = look_into(s, i.target, p);
	}
	return r;
}

static struct gs_arg argument(struct site_search *s, unsigned int n, s8 size)
{
	return (struct gs_arg) { .kind = GS_ARG_REG,
				 .reg = code_arg_reg(s->code, n),
				 .size = size };
}

/* What a collection found: the two arguments from the fourth on, or where that one points. */
static void add_found(struct site_search *s, bool pointed, struct site_found *found)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct gs_arg *a = &found->args[1 + i];

		*a = argument(s, pointed ? 3 : 3 + i, 8);
		if (pointed) {
			a->kind = GS_ARG_DEREF;
			a->disp = 8 * (s32)i;
		}
	}
}

static int add(struct site_search *s, const struct phases *p, bool start, u64 call, bool pointed,
	       struct err *e)
{
	struct elf_symbol sym;
	struct site_found found = {
		.family = GS_FAMILY_GC,
		.event = start ? GS_EVENT_GC_START : GS_EVENT_GC_DONE,
		.vaddr = call,
		.found_by = elf_file_symbol(s->elf, "gc_collect_main", &sym) ? "decode" : "symtab",
	};

	if (start)
		found.args[0] = argument(s, 2, -4);
	else
		add_found(s, pointed, &found);
	return sites_add(s, e, &found,
			 "the call in gc_collect_main (0x%lx) that tells \"%s\" to "
			 "gc.callbacks",
			 (unsigned long)p->collect, start ? "start" : "stop");
}

/* Where the call that tells of the start has come back. */
static int add_told(struct site_search *s, u64 call, struct err *e)
{
	struct site_found found = {
		.family = GS_FAMILY_GC,
		.event = GS_EVENT_GC_TOLD,
		.found_by = "decode",
	};
	struct insn i, after;

	if (code_decode(s->code, call, &i) || code_next_emulated(s->code, call + i.size, &after))
		return 0; /* the callbacks' time is in the pause, then */
	found.vaddr = after.vaddr;
	return sites_add(s, e, &found,
			 "after the return of the call at 0x%lx, which tells \"start\"",
			 (unsigned long)call);
}

int sites_gc_inside(struct site_search *s, struct err *e)
{
	struct phases p;
	int r = find(s, &p);

	for (size_t i = 0; i < p.nstart && !r && p.collect; i++)
		r = add(s, &p, true, p.start[i], false, e) ?: add_told(s, p.start[i], e);
	for (size_t i = 0; i < p.nstop && !r && p.collect; i++)
		r = add(s, &p, false, p.stop[i], p.pointed[i], e);
	return r ? r : p.collect != 0;
}
