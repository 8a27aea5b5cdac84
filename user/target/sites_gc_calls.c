/*
 * gc, before CPython 3.13 and without notes: the calls of gc_collect_main(), each between the two
 * calls that tell gc.callbacks "start" and "stop" (CPython 3.11 Modules/gcmodule.c,
 * gc_collect_with_callback(); 3.8: collect() and collect_with_callback()).  The compiler makes
 * several copies of that bracket, and may make several of the functions called in it, each without
 * the parameters that all of its callers agree on.  So every call of any of them is looked at: one
 * that tells of a start begins a bracket, one that collects is in one or is
 * _PyGC_CollectNoFail()'s, which at shutdown tells nobody and is left out.  Anything else, and
 * nothing is found.
 */
#include <errno.h>
#include <string.h>

#include "user/target/sites_gc.h"

#define DEPTH 3 /* calls between the exported function and a bracket */
#define FUNCTIONS_MAX 64 /* looked into on the way */

static int missing(struct gc_calls *g, const char *what)
{
	return errf(g->e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: %s, so collections cannot be told; leave them out with --without gc",
		    g->search->binary->path, what);
}

/* The function that @vaddr is in, followed; it is kept, as the next question is often of it too. */
static int flow_at(struct gc_calls *g, u64 vaddr, struct flow **ret_f)
{
	const struct code_range *range = code_range_at(g->search->code, vaddr);
	int r;

	if (!range)
		return -ENOENT;
	if (!g->flow || g->flow_start != range->start) {
		g->flow = flow_free(g->flow);
		r = flow_new(g->search->code, range->start, &g->search->noreturn, &g->flow);
		if (r) {
			g->flow = NULL;
			return r;
		}
		g->flow_start = range->start;
	}
	*ret_f = g->flow;
	return 0;
}

static bool is_among(const u64 *list, size_t n, u64 vaddr)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == vaddr)
			return true;
	}
	return false;
}

/* Note a copy of one of the two functions.  0, or a negative errno when there are too many. */
static int learn(struct gc_calls *g, u64 *list, size_t *n, u64 vaddr)
{
	if (is_among(list, *n, vaddr))
		return 0;
	if (*n == GC_COPIES_MAX)
		return missing(g, "there are more copies of the collector than are known of");
	list[(*n)++] = vaddr;
	g->more = true;
	return 0;
}

static int learn_from(struct gc_calls *g, const struct gc_bracket *b)
{
	size_t n = g->ncollect;
	int r = learn(g, g->collect, &g->ncollect, b->collect);

	if (!r && g->ncollect > n)
		g->pair[n] = b->pair;
	for (size_t i = 0; i < n && !r; i++) {
		if (g->collect[i] == b->collect && g->pair[i] != b->pair)
			r = missing(g, "gc_collect_main is called in two ways");
	}
	r = r ?: learn(g, g->tell, &g->ntell, b->tell_start);
	return r ?: learn(g, g->tell, &g->ntell, b->tell_stop);
}

/* The first bracket on the way from @vaddr, at most @depth calls away.  1 found, 0 not. */
static int find(struct gc_calls *g, u64 vaddr, int depth, int *budget)
{
	const struct code_range *range = code_range_at(g->search->code, vaddr);
	struct gc_bracket b;
	struct flow *f;
	struct insn i;
	int r;
	u64 at;

	if (!range || range->start != vaddr || --*budget < 0)
		return 0;
	r = flow_new(g->search->code, vaddr, &g->search->noreturn, &f);
	if (r)
		return r == -ENOMEM ? r : 0;
	for (size_t k = 0; !r && flow_insn(f, k, &at); k++) {
		if (code_decode(g->search->code, at, &i) || i.flow != INSN_CALL || !i.target)
			continue;
		if (gc_bracket_at(g, f, at, &b))
			r = learn_from(g, &b) ?: 1;
		else if (depth)
			r = find(g, i.target, depth - 1, budget);
	}
	flow_free(f);
	return r;
}

/* The same, nearest first, from an exported function. */
static int find_from(struct gc_calls *g, const char *name, int depth)
{
	int budget = FUNCTIONS_MAX, r = 0;
	struct elf_symbol sym;

	if (elf_file_symbol(g->search->elf, name, &sym) || !sym.function)
		return 0;
	for (int d = depth ? 1 : 0; d <= depth && !r; d++)
		r = find(g, sym.vaddr, d, &budget);
	return r;
}

/* Where collect() is given the generation as all its callers do not agree on it. */
static int add_whole(struct gc_calls *g, const struct gc_bracket *b)
{
	const char *in = elf_file_function_at(g->search->elf, b->call);
	struct site_found found = {
		.family = GS_FAMILY_GC,
		.event = GS_EVENT_GC_START,
		/* gc_collect_main's second argument: the generation */
		.args = { { .kind = GS_ARG_REG,
			    .reg = code_arg_reg(g->search->code, 1),
			    .size = -4 } },
		.vaddr = b->call,
		.found_by = g->found_by,
	};

	return sites_add(g->search, g->e, &found,
			 "the call of gc_collect_main (0x%lx)%s%s; \"start\" and \"stop\" are told "
			 "to gc.callbacks around it",
			 (unsigned long)b->collect, in ? " in " : "", in ? in : "");
}

/* The generation is where gc.callbacks are told of it; the pause begins at the call after that. */
static int add_told(struct gc_calls *g, const struct flow *f, const struct gc_bracket *b)
{
	const char *in = elf_file_function_at(g->search->elf, b->call);
	struct site_found found = {
		.family = GS_FAMILY_GC,
		.event = GS_EVENT_GC_START,
		.args = { { .kind = GS_ARG_REG,
			    .reg = code_arg_reg(g->search->code, b->phase + 1),
			    .size = -4 } },
		.vaddr = b->start,
		.found_by = g->found_by,
	};
	u64 flag;
	int r;

	if (!gc_bracket_generation(f, b))
		return missing(g, "gc.callbacks are not told of one generation");
	if (!gc_bracket_guard(g, f, b, &flag))
		return missing(g, "gc.collecting is not set around a collection");
	r = sites_add(g->search, g->e, &found,
		      "the call%s%s that tells \"start\" to gc.callbacks, before those of collect "
		      "(0x%lx) and of \"stop\"; gc.collecting (_PyRuntime+%lu) is 1 meanwhile",
		      in ? " in " : "", in ? in : "", (unsigned long)b->collect,
		      (unsigned long)flag);
	if (r)
		return r;
	found.event = GS_EVENT_GC_TOLD;
	found.args[0] = (struct gs_arg) { .kind = GS_ARG_NONE };
	found.vaddr = b->call;
	return sites_add(g->search, g->e, &found,
			 "the call of collect (0x%lx) after \"start\" was told at 0x%lx",
			 (unsigned long)b->collect, (unsigned long)b->start);
}

static int add_bracket(struct gc_calls *g, const struct flow *f, const struct gc_bracket *b)
{
	struct site_found found = {
		.family = GS_FAMILY_GC,
		.event = GS_EVENT_GC_DONE,
		.found_by = g->found_by,
	};
	struct insn done;
	int r = learn_from(g, b);

	if (!r)
		r = b->whole ? add_whole(g, b) : add_told(g, f, b);
	if (r)
		return r;
	if (code_next_emulated(g->search->code, gc_after_call(g, b->call), &done))
		return missing(g, "no instruction after a collection can be probed");
	found.vaddr = done.vaddr;
	g->nsites++;
	return sites_add(g->search, g->e, &found, "after the return of %s called at 0x%lx%s",
			 b->whole ? "gc_collect_main" : "collect", (unsigned long)b->call,
			 done.vaddr == b->stop ? ", the call given \"stop\"" : "");
}

static int one_collecting(struct gc_calls *g, const struct flow *f, const struct insn *i)
{
	u64 call = i->vaddr, target = i->target;
	struct gc_bracket b;

	if (gc_bracket_at(g, f, call, &b))
		return add_bracket(g, f, &b);
	for (size_t k = 0; k < g->ncollect; k++) {
		if (g->collect[k] == target && gc_is_no_fail(f, call, g->pair[k]))
			return 0;
	}
	return missing(g, "gc_collect_main is called in a way that is not known");
}

static int one_telling(struct gc_calls *g, const struct flow *f, u64 call)
{
	struct gc_bracket b;
	u64 collects;

	if (gc_phase_arg(g, f, call, "stop") >= 0)
		return 0;
	if (gc_phase_arg(g, f, call, "start") < 0)
		return missing(g, "gc.callbacks are told of something that is not known");
	collects = gc_next_call(g, gc_after_call(g, call));
	if (!collects || !gc_bracket_at(g, f, collects, &b) || b.start != call)
		return missing(g, "gc.callbacks are told of a start that no collection follows");
	return add_bracket(g, f, &b);
}

static int one_branch(const struct insn *branch, void *arg)
{
	struct gc_calls *g = arg;
	struct insn i = *branch; /* what is decoded from here on is something else */
	bool collects = is_among(g->collect, g->ncollect, i.target);
	struct flow *f;
	int r;

	if (i.flow != INSN_CALL)
		return missing(g, collects ? "gc_collect_main is reached by a jump"
					   : "what tells gc.callbacks is reached by a jump");
	r = flow_at(g, i.vaddr, &f);
	if (r)
		return r == -ENOMEM ? r : missing(g, "a caller of gc_collect_main is too big");
	return collects ? one_collecting(g, f, &i) : one_telling(g, f, i.vaddr);
}

/* Every call of what is known of, until nothing more comes to be known. */
static int each_call(struct gc_calls *g)
{
	u64 targets[2 * GC_COPIES_MAX];
	int r = 0;

	do {
		struct code_targets to = {
			.targets = targets,
			.ntargets = g->ncollect + g->ntell,
		};

		memcpy(targets, g->collect, g->ncollect * sizeof(*targets));
		memcpy(targets + g->ncollect, g->tell, g->ntell * sizeof(*targets));
		g->more = false;
		r = code_each_branch(g->search->code, &to, one_branch, g);
	} while (!r && g->more);
	return r;
}

int sites_gc_calls(struct site_search *search, struct err *e)
{
	bool oldest = search->binary->version_hex >> 16 < 0x0309;
	struct gc_calls g = { .search = search, .e = e, .found_by = "decode" };
	struct elf_symbol sym;
	int r = 0;

	if (!elf_file_symbol(search->elf, "gc_collect_main", &sym) && sym.function) {
		g.found_by = "symtab";
		g.collect[g.ncollect] = sym.vaddr;
		g.pair[g.ncollect++] = GC_WHOLE_PAIR;
	}
	r = find_from(&g, "PyGC_Collect", oldest ? DEPTH : 1);
	/* 3.8's copies need not have a function in common with the one that allocation has. */
	if (r == 1 && oldest) {
		r = find_from(&g, "_PyObject_GC_Malloc", DEPTH);
		if (!r)
			r = missing(&g, "no collection is found on the way from "
					"_PyObject_GC_Malloc");
	}
	if (r >= 0 && !g.ncollect)
		r = missing(&g, "gc_collect_main cannot be found from PyGC_Collect");
	if (r >= 0)
		r = each_call(&g);
	if (!r && !g.nsites)
		r = missing(&g, "nothing calls gc_collect_main");
	flow_free(g.flow);
	return r;
}
