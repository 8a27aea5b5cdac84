/* gc: recognising a collection in the code of CPython before 3.13; see sites_gc.h. */
#include "user/target/sites_gc.h"

#include <string.h>

#define AROUND 40 /* instructions between the call and those around it */

/* Is argument @n of the call at @vaddr the address of the string @want? */
static bool is_string(struct gc_calls *g, const struct flow *f, u64 vaddr, unsigned int n,
		      const char *want)
{
	struct flow_value v;
	const char *s;

	if (flow_arg_at(f, vaddr, n, &v) || v.base)
		return false;
	s = elf_file_string(g->search->elf, (u64)v.disp, 16);
	return s && !strcmp(s, want);
}

static bool is_number(const struct flow *f, u64 vaddr, unsigned int n, s64 want)
{
	struct flow_value v;

	return !flow_arg_at(f, vaddr, n, &v) && !v.base && v.disp == want;
}

u64 gc_next_call(struct gc_calls *g, u64 vaddr)
{
	struct insn i;
	int n;

	for (n = 0; n < AROUND && !code_decode(g->search->code, vaddr, &i); n++) {
		if (i.flow == INSN_CALL)
			return i.vaddr;
		if (i.flow != INSN_NEXT)
			return 0;
		vaddr += i.size;
	}
	return 0;
}

u64 gc_after_call(struct gc_calls *g, u64 vaddr)
{
	struct insn i;

	return code_decode(g->search->code, vaddr, &i) ? vaddr : vaddr + i.size;
}

int gc_phase_arg(struct gc_calls *g, const struct flow *f, u64 vaddr, const char *phase)
{
	for (int n = 1; n >= 0; n--) {
		if (is_string(g, f, vaddr, (unsigned int)n, phase))
			return n;
	}
	return -1;
}

/* Is argument @n of the call at @vaddr an address in its caller's frame?  Then which. */
static bool in_frame(const struct flow *f, u64 vaddr, unsigned int n, s64 *ret_disp)
{
	struct flow_value v;

	/* In a function with a frame pointer it may count from that instead. */
	if (flow_arg_at(f, vaddr, n, &v) || !v.base)
		return false;
	for (unsigned int reg = 0; reg < 32; reg++) {
		struct flow_value at;

		if (flow_is_sp(f, reg) && !flow_value_at(f, vaddr, reg, &at) && at.base == v.base) {
			*ret_disp = v.disp;
			return true;
		}
	}
	return false;
}

/* Which arguments &n and &m are, and whether the generation is to be had from the call itself. */
static bool shape(const struct flow *f, struct gc_bracket *b)
{
	struct flow_value v;
	s64 n, m;
	u8 p;

	b->whole = b->phase == 1 && is_number(f, b->call, 4, 0);
	if (b->whole) {
		b->pair = GC_WHOLE_PAIR;
		return true;
	}
	for (p = 0; p <= GC_WHOLE_PAIR; p++) {
		if (in_frame(f, b->call, p, &n) && in_frame(f, b->call, p + 1u, &m) && n != m)
			break;
	}
	b->pair = p;
	/* nofail, if it has that; else what happens to be there */
	return p <= GC_WHOLE_PAIR && (flow_arg_at(f, b->call, p + 2u, &v) || v.base || !v.disp);
}

/* The call that tells of the start before the one at @b->call; 0: none. */
static u64 start_of(struct gc_calls *g, const struct flow *f, const struct gc_bracket *b)
{
	u64 at;

	for (size_t i = 0; flow_insn(f, i, &at); i++) {
		if (at < b->call && b->call - at < AROUND * 8 && gc_next_call(g, at) == at &&
		    is_string(g, f, at, b->phase, "start") &&
		    gc_next_call(g, gc_after_call(g, at)) == b->call)
			return at;
	}
	return 0;
}

static u64 called(struct gc_calls *g, u64 call)
{
	struct insn i;

	return code_decode(g->search->code, call, &i) ? 0 : i.target;
}

bool gc_bracket_at(struct gc_calls *g, const struct flow *f, u64 call, struct gc_bracket *ret_b)
{
	struct gc_bracket b = { .call = call };
	int phase;

	b.stop = gc_next_call(g, gc_after_call(g, call));
	phase = b.stop ? gc_phase_arg(g, f, b.stop, "stop") : -1;
	if (phase < 0)
		return false;
	b.phase = (u8)phase;
	b.start = shape(f, &b) ? start_of(g, f, &b) : 0;
	if (!b.start)
		return false;
	b.tell_start = called(g, b.start);
	b.collect = called(g, b.call);
	b.tell_stop = called(g, b.stop);
	*ret_b = b;
	return b.tell_start && b.collect && b.tell_stop;
}

bool gc_is_no_fail(const struct flow *f, u64 call, u8 pair)
{
	if (!is_number(f, call, pair + 2u, 1))
		return false;
	return pair == GC_WHOLE_PAIR ||
	       (is_number(f, call, pair, 0) && is_number(f, call, pair + 1u, 0));
}

bool gc_bracket_generation(const struct flow *f, const struct gc_bracket *b)
{
	struct flow_value before, after;

	if (flow_arg_at(f, b->start, b->phase + 1u, &before) ||
	    flow_arg_at(f, b->stop, b->phase + 1u, &after))
		return false;
	if (before.base || after.base)
		return before.base && after.base;
	return before.disp == after.disp && before.disp >= 0 && before.disp < GC_GENERATIONS;
}

/* Is the instruction at @vaddr on the straight line after the call at @call? */
static bool follows(struct gc_calls *g, u64 call, u64 vaddr)
{
	u64 at = gc_after_call(g, call);
	struct insn i;

	for (int n = 0; n < AROUND && !code_decode(g->search->code, at, &i); n++) {
		if (at == vaddr)
			return true;
		if (i.flow != INSN_NEXT && i.flow != INSN_CALL)
			return false;
		at += i.size;
	}
	return false;
}

bool gc_bracket_guard(struct gc_calls *g, const struct flow *f, const struct gc_bracket *b,
		      u64 *ret_offset)
{
	const struct flow_store *s;
	struct elf_symbol runtime;
	size_t n, i, k;

	if (elf_file_symbol(g->search->elf, "_PyRuntime", &runtime))
		return false;
	s = flow_stores(f, &n);
	for (i = 0; i < n; i++) {
		u64 offset = (u64)s[i].to.disp - runtime.vaddr;

		if (s[i].to.base || s[i].number || offset >= runtime.size ||
		    !follows(g, b->stop, s[i].vaddr))
			continue;
		for (k = 0; k < n; k++) {
			if (!s[k].to.base && s[k].to.disp == s[i].to.disp && s[k].number == 1) {
				*ret_offset = offset;
				return true;
			}
		}
	}
	return false;
}
