/*
 * gc: where a collection starts and ends.
 *
 * The interpreter's own marks, python:gc__start and gc__done, where it was built with them.
 * Else the calls of gc_collect_main(), each between the two calls that tell gc.callbacks
 * "start" and "stop" (CPython 3.11 Modules/gcmodule.c, gc_collect_with_callback()), of which
 * the compiler makes several copies; from 3.13 on see sites_gc_inside.c.  _PyGC_CollectNoFail() at
 * shutdown tells nobody and is left out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/flow.h"
#include "user/target/sites.h"

#define AROUND 40 /* instructions between the call and those around it */

struct gc_search {
	struct site_search *search;
	struct err *e;
	u64 collect; /* vaddr of gc_collect_main */
	const char *found_by;
	size_t nsites;
};

static int missing(struct gc_search *g, const char *what)
{
	return errf(g->e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: %s, so collections cannot be told; leave them out with --without gc",
		    g->search->binary->path, what);
}

/* 1: both marks are there; 0: not, or not understood. */
static int by_notes(struct gc_search *g)
{
	struct py_binary *b = g->search->binary;
	int start, done;

	start = sites_add_notes(g->search, g->e, "python", "gc__start", GS_FAMILY_GC,
				GS_EVENT_GC_START);
	if (start == -ENOMEM)
		return start;
	done = start > 0 ? sites_add_notes(g->search, g->e, "python", "gc__done", GS_FAMILY_GC,
					   GS_EVENT_GC_DONE)
			 : 0;
	if (done == -ENOMEM || done > 0)
		return done > 0 ? 1 : done;
	while (b->nsites && b->sites[b->nsites - 1].family == GS_FAMILY_GC) {
		free(b->sites[b->nsites - 1].evidence); /* half of it is of no use */
		b->nsites--;
	}
	return 0;
}

/* Is argument @n of the call at @vaddr the address of the string @want? */
static bool is_string(struct gc_search *g, const struct flow *f, u64 vaddr, unsigned int n,
		      const char *want)
{
	struct flow_value v;
	const char *s;

	if (flow_arg_at(f, vaddr, n, &v) || v.base)
		return false;
	s = elf_file_string(g->search->elf, (u64)v.disp, 16);
	return s && !strcmp(s, want);
}

/* The call after @vaddr on the straight line; 0 if something else comes first. */
static u64 next_call(struct gc_search *g, u64 vaddr)
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

/* Where the call at @vaddr comes back to. */
static u64 after_call(struct gc_search *g, u64 vaddr)
{
	struct insn i;

	return code_decode(g->search->code, vaddr, &i) ? vaddr : vaddr + i.size;
}

/*
 * Is the call at @vaddr one of gc_collect_main(tstate, generation, &n, &m, 0) with a call given
 * "start" right before and one given "stop" right after?  *@ret_stop: the latter.
 */
static bool is_collection(struct gc_search *g, const struct flow *f, u64 vaddr, u64 *ret_stop)
{
	struct flow_value nofail;
	bool started = false;
	size_t i;
	u64 at;

	if (flow_arg_at(f, vaddr, 4, &nofail) || nofail.base || nofail.disp)
		return false;
	*ret_stop = next_call(g, after_call(g, vaddr));
	if (!*ret_stop || !is_string(g, f, *ret_stop, 1, "stop"))
		return false;
	for (i = 0; flow_insn(f, i, &at) && !started; i++) {
		started = at < vaddr && vaddr - at < AROUND * 8 && next_call(g, at) == at &&
			  is_string(g, f, at, 1, "start") &&
			  next_call(g, after_call(g, at)) == vaddr;
	}
	return started;
}

static int flow_at(struct gc_search *g, u64 vaddr, struct flow **ret_f)
{
	const struct code_range *r = code_range_at(g->search->code, vaddr);

	if (!r)
		return -ENOENT;
	return flow_new(g->search->code, r->start, &g->search->noreturn, ret_f);
}

/* gc_collect_main, by what the function at @vaddr calls, or (@deeper) what those call. */
static int find_collect(struct gc_search *g, u64 vaddr, bool deeper)
{
	struct flow *f;
	struct insn i;
	size_t k;
	u64 at, stop;
	int r = flow_at(g, vaddr, &f);

	if (r)
		return r == -ENOMEM ? r : 0;
	for (k = 0; !r && !g->collect && flow_insn(f, k, &at); k++) {
		if (code_decode(g->search->code, at, &i) || i.flow != INSN_CALL || !i.target)
			continue;
		if (is_collection(g, f, at, &stop))
			g->collect = i.target;
		else if (deeper)
			r = find_collect(g, i.target, false);
	}
	flow_free(f);
	return r;
}

static int add_collection(struct gc_search *g, u64 call, u64 stop)
{
	static const char why[] = "\"start\" and \"stop\" are told to gc.callbacks around it";
	const char *in = elf_file_function_at(g->search->elf, call);
	struct site_found found = {
		.family = GS_FAMILY_GC,
		.event = GS_EVENT_GC_START,
		/* gc_collect_main's second argument: the generation */
		.args = { { .kind = GS_ARG_REG,
			    .reg = code_arg_reg(g->search->code, 1),
			    .size = -4 } },
		.vaddr = call,
		.found_by = g->found_by,
	};
	struct insn done;
	int r;

	r = sites_add(g->search, g->e, &found, "the call of gc_collect_main (0x%lx)%s%s; %s",
		      (unsigned long)g->collect, in ? " in " : "", in ? in : "", why);
	if (r)
		return r;
	if (code_next_emulated(g->search->code, after_call(g, call), &done))
		return missing(g, "no instruction after a collection can be probed");
	found.event = GS_EVENT_GC_DONE;
	found.args[0] = (struct gs_arg) { .kind = GS_ARG_NONE };
	found.vaddr = done.vaddr;
	return sites_add(
		g->search, g->e, &found, "after the return of gc_collect_main called at 0x%lx%s",
		(unsigned long)call, done.vaddr == stop ? ", the call given \"stop\"" : "");
}

static int one_caller(const struct insn *i, void *arg)
{
	struct gc_search *g = arg;
	struct flow_value nofail;
	u64 call = i->vaddr, stop;
	struct flow *f;
	int r;

	if (i->flow != INSN_CALL)
		return missing(g, "gc_collect_main is reached by a jump");
	r = flow_at(g, call, &f);
	if (r)
		return r == -ENOMEM ? r : missing(g, "a caller of gc_collect_main is too big");
	if (is_collection(g, f, call, &stop)) {
		r = add_collection(g, call, stop);
		g->nsites++;
	} else if (flow_arg_at(f, call, 4, &nofail) || nofail.base || nofail.disp != 1) {
		r = missing(g, "gc_collect_main is called in a way that is not known");
	} /* else _PyGC_CollectNoFail() */
	flow_free(f);
	return r;
}

static int by_calls(struct gc_search *g)
{
	struct code_targets to = { .targets = &g->collect, .ntargets = 1 };
	struct elf_symbol sym;
	int r = 0;

	if (!elf_file_symbol(g->search->elf, "gc_collect_main", &sym) && sym.function) {
		g->collect = sym.vaddr;
		g->found_by = "symtab";
	} else if (!elf_file_symbol(g->search->elf, "PyGC_Collect", &sym) && sym.function) {
		g->found_by = "decode";
		r = find_collect(g, sym.vaddr, true);
	}
	if (!r && !g->collect)
		r = missing(g, "gc_collect_main cannot be found from PyGC_Collect");
	if (!r)
		r = code_each_branch(g->search->code, &to, one_caller, g);
	if (!r && !g->nsites)
		r = missing(g, "nothing calls gc_collect_main");
	return r;
}

int sites_gc(struct site_search *search, struct err *e)
{
	struct gc_search g = { .search = search, .e = e };
	int r = by_notes(&g);

	if (!r && search->binary->version_hex >> 16 >= 0x030d)
		r = sites_gc_inside(search, e);
	if (r)
		return r > 0 ? 0 : r;
	return by_calls(&g);
}
