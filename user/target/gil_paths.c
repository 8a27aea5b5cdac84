/*
 * From a signal to the end of its critical section.  Invariant: every path from the signal is
 * walked until it unlocks the GIL's mutex, ends in a function that does not return, or leaves
 * the function, which is an error: a take or release that is not seen falsifies every figure.
 */
#include "user/target/gil_paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_MAX_INSNS 4096

static bool is(struct flow_value v, struct flow_value base, u32 offset)
{
	return v.base == base.base && v.disp == base.disp + (s64)offset;
}

/*
 * What the argument says by itself.  An absolute address must be the GIL's; relative to a
 * register it may count from _PyRuntime, from _PyRuntime.ceval (drop_gil's argument) or from
 * the GIL.  From 3.12 on the GIL is reached through the interpreter's pointer: only the last.
 */
static enum gil_signal_kind by_displacement(const struct site_search *search, struct flow_value arg,
					    struct flow_value *ret_gil)
{
	const struct py_layout *l = &search->binary->layout;
	const s64 runtime = (s64)search->binary->runtime_vaddr;
	const bool fixed = l->runtime_gil != GS_NO_FIELD;
	const s64 origins[] = {
		arg.base ? 0 : runtime + l->runtime_gil,
		l->runtime_gil - l->runtime_ceval,
		l->runtime_gil,
	};
	size_t i, n = arg.base && fixed ? 3 : 1;

	if (!arg.base && !fixed)
		return GIL_SIGNAL_UNKNOWN;
	for (i = 0; i < n; i++) {
		*ret_gil = (struct flow_value) { .base = arg.base, .disp = origins[i] };
		if (is(arg, *ret_gil, l->gil_cond))
			return GIL_SIGNAL_RELEASED;
		if (is(arg, *ret_gil, l->gil_switch_cond))
			return GIL_SIGNAL_OWNED;
	}
	return GIL_SIGNAL_UNKNOWN;
}

static int unclear(struct site_search *search, u64 vaddr, struct err *e, const char *why)
{
	return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: the call of pthread_cond_signal at 0x%lx %s, so takes of the GIL cannot "
		    "be told; report this build",
		    search->binary->path, (unsigned long)vaddr, why);
}

/*
 * A thread that waited for the GIL while another switched it off wakes the next one and goes
 * without (take_gil() of free-threaded builds, which also has the store of 1).
 */
static bool passed_on(const struct site_search *search, const struct flow *f, struct flow_value gil)
{
	const struct py_layout *l = &search->binary->layout;
	const struct flow_store *stores;
	size_t n;

	if (l->gil_enabled == GS_NO_FIELD)
		return false;
	stores = flow_stores(f, &n);
	for (size_t i = 0; i < n; i++)
		if (is(stores[i].to, gil, l->gil_locked) && stores[i].number == 1)
			return true;
	return false;
}

int gil_signal_classify(struct site_search *search, const struct flow *f, u64 vaddr,
			struct gil_signal *ret_s, struct err *e)
{
	struct gil_signal s = { .vaddr = vaddr };
	const struct flow_store *stores;
	struct flow_value arg;
	size_t i, n;
	u64 want;

	if (flow_arg_at(f, vaddr, 0, &arg))
		return unclear(search, vaddr, e, "is not on any path from its function's start");
	s.kind = by_displacement(search, arg, &s.gil);
	if (s.kind == GIL_SIGNAL_UNKNOWN)
		return unclear(search, vaddr, e, "is given neither condition of the GIL");
	want = s.kind == GIL_SIGNAL_OWNED;
	stores = flow_stores(f, &n);
	for (i = 0; i < n; i++) {
		if (is(stores[i].to, s.gil, search->binary->layout.gil_locked) &&
		    stores[i].number == want)
			s.store = stores[i].vaddr;
	}
	if (!s.store && s.kind == GIL_SIGNAL_RELEASED && passed_on(search, f, s.gil))
		s.kind = GIL_SIGNAL_NOBODYS;
	else if (!s.store)
		return unclear(search, vaddr, e,
			       "is not accompanied by the matching store to gil->locked");
	*ret_s = s;
	return 0;
}

/*
 * Where the GIL's address is to be found at @vaddr: a register that counts from it.  None is no
 * error: of the processes that have one GIL only, nothing is missed.
 */
static bool gil_at(const struct flow *f, const struct gil_signal *s, u64 vaddr,
		   struct gs_arg *ret_arg)
{
	struct flow_value v;
	unsigned int reg;

	for (reg = 0; s->gil.base && !flow_value_at(f, vaddr, reg, &v); reg++) {
		s64 disp = (s64)((u64)s->gil.disp - (u64)v.disp);

		if (flow_is_sp(f, reg) || v.base != s->gil.base || disp != (s16)disp)
			continue;
		*ret_arg = (struct gs_arg) {
			.kind = GS_ARG_SUM,
			.reg = (u8)reg,
			.size = 8,
			.disp = (s32)disp,
		};
		return true;
	}
	return false;
}

/* What gil_at() found, in words. */
static const char *place(const struct code *c, const struct gs_arg *arg, char *buf, size_t size)
{
	if (arg->kind != GS_ARG_SUM)
		return "";
	snprintf(buf, size, "; the GIL is at %s%+d", code_reg_name(c, arg->reg), arg->disp);
	return buf;
}

static int add_site(struct site_search *search, const struct flow *f, const struct gil_signal *s,
		    u64 unlock, struct err *e)
{
	bool owned = s->kind == GIL_SIGNAL_OWNED;
	const char *what = owned ? "gil->switch_cond" : "gil->cond";
	const char *in = elf_file_function_at(search->elf, s->vaddr);
	struct site_found found = {
		.family = GS_FAMILY_GIL,
		.event = owned ? GS_EVENT_GIL_OWNED : GS_EVENT_GIL_RELEASED,
		.found_by = "decode",
	};
	struct insn call, at;
	char where[48];

	if (code_decode(search->code, unlock, &call))
		return -ENOTSUP;
	if (code_next_emulated(search->code, unlock + call.size, &at)) {
		found.vaddr = s->vaddr;
		(void)gil_at(f, s, found.vaddr, &found.args[0]);
		return sites_add(search, e, &found,
				 "the call of pthread_cond_signal(%s) itself, inside the lock: no "
				 "emulated instruction follows the unlock at 0x%lx; gil->locked "
				 "set at 0x%lx%s",
				 what, (unsigned long)unlock, (unsigned long)s->store,
				 place(search->code, &found.args[0], where, sizeof(where)));
	}
	found.vaddr = at.vaddr;
	(void)gil_at(f, s, found.vaddr, &found.args[0]);
	return sites_add(search, e, &found,
			 "after pthread_mutex_unlock(gil->mutex) at 0x%lx, reached from "
			 "pthread_cond_signal(%s) at 0x%lx%s%s; gil->locked = %d at 0x%lx%s",
			 (unsigned long)unlock, what, (unsigned long)s->vaddr, in ? " in " : "",
			 in ? in : "", owned, (unsigned long)s->store,
			 place(search->code, &found.args[0], where, sizeof(where)));
}

struct walk {
	u64 seen[PATH_MAX_INSNS];
	size_t nseen, next; /* next: first of them not walked on from */
};

static int push(struct walk *w, u64 vaddr)
{
	size_t i;

	for (i = 0; i < w->nseen; i++) {
		if (w->seen[i] == vaddr)
			return 0;
	}
	if (w->nseen == PATH_MAX_INSNS)
		return -E2BIG;
	w->seen[w->nseen++] = vaddr;
	return 0;
}

/* Is @i the unlock of the GIL's own mutex? */
static bool unlocks(const struct site_search *search, const struct flow *f,
		    const struct gil_calls *calls, const struct gil_signal *s, const struct insn *i)
{
	struct flow_value arg;

	return i->flow == INSN_CALL && sites_calls(i, &calls->unlock) &&
	       !flow_arg_at(f, i->vaddr, 0, &arg) &&
	       is(arg, s->gil, search->binary->layout.gil_mutex);
}

/* Does a path that ends at @i go back to a caller? */
static bool leaves(const struct site_search *search, const struct insn *i)
{
	size_t k;

	if (i->flow != INSN_JMP)
		return i->flow == INSN_RET;
	for (k = 0; k < search->noreturn.ntargets; k++) {
		if (i->target == search->noreturn.targets[k])
			return false;
	}
	return true;
}

int gil_signal_sites(struct site_search *search, const struct flow *f,
		     const struct gil_calls *calls, const struct gil_signal *s, struct err *e)
{
	struct walk *w = calloc(1, sizeof(*w));
	size_t n, k, found = 0;
	u64 next[2];
	int r = -ENOMEM;

	if (!w)
		return r;
	for (r = push(w, s->vaddr); !r && w->next < w->nseen; w->next++) {
		u64 at = w->seen[w->next];
		struct insn i;

		if (code_decode(search->code, at, &i))
			continue;
		if (unlocks(search, f, calls, s, &i)) {
			r = add_site(search, f, s, at, e);
			found++;
			continue;
		}
		n = flow_next(f, at, next);
		if (!n && leaves(search, &i))
			r = unclear(search, s->vaddr, e, "has a path without the GIL's unlock");
		for (k = 0; k < n && !r; k++)
			r = push(w, next[k]);
	}
	if (!r && !found)
		r = unclear(search, s->vaddr, e, "is not followed by the GIL's unlock");
	if (r == -E2BIG)
		r = unclear(search, s->vaddr, e, "has too many paths after it");
	free(w);
	return r;
}
