/*
 * What a collection looks like in the code of CPython before 3.13: a call that collects between one
 * that tells gc.callbacks "start" and one that tells "stop" (Modules/gcmodule.c, 3.8:
 * collect_with_callback(), later gc_collect_with_callback()):
 *
 *	invoke_gc_callback([state,] "start", generation, 0, 0);
 *	collect([state,] [generation,] &n, &m [, nofail = 0]);
 *	invoke_gc_callback([state,] "stop", generation, n, m);
 *
 * What is in brackets may be missing in a copy that the compiler has made for callers who all pass
 * the same.  Private to sites_gc*.c.
 */
#ifndef GS_USER_TARGET_SITES_GC_H
#define GS_USER_TARGET_SITES_GC_H

#include "user/sym/flow.h"
#include "user/target/sites.h"

#define GC_GENERATIONS 3
#define GC_COPIES_MAX 4 /* of either function */
#define GC_WHOLE_PAIR 2 /* where &n is in a call that has all arguments */

struct gc_calls {
	struct site_search *search;
	struct err *e;
	u64 collect[GC_COPIES_MAX]; /* vaddrs of collect() */
	u8 pair[GC_COPIES_MAX]; /* which argument of it &n is; &m is the next */
	size_t ncollect;
	u64 tell[GC_COPIES_MAX]; /* of invoke_gc_callback() */
	size_t ntell;
	bool more; /* one has come to be known whose callers were not looked at */
	const char *found_by;
	size_t nsites; /* brackets with sites */
	struct flow *flow; /* of the function that begins at flow_start; NULL: none yet */
	u64 flow_start;
};

/* Vaddrs of its three calls, and whom they call. */
struct gc_bracket {
	u64 start, call, stop;
	u64 tell_start, collect, tell_stop;
	u8 phase; /* which argument "start" is; the generation is the next */
	u8 pair; /* as in struct gc_calls */
	bool whole; /* collect() has all its arguments, the generation is the second */
};

/* The call after @vaddr on the straight line; 0 if something else comes first. */
u64 gc_next_call(struct gc_calls *g, u64 vaddr);

/* Where the call at @vaddr comes back to. */
u64 gc_after_call(struct gc_calls *g, u64 vaddr);

/* Which argument of the call at @vaddr is the string @phase; -1: none. */
int gc_phase_arg(struct gc_calls *g, const struct flow *f, u64 vaddr, const char *phase);

/* Is the call at @call, in what @f followed, the middle of a bracket?  Then which. */
bool gc_bracket_at(struct gc_calls *g, const struct flow *f, u64 call, struct gc_bracket *ret_b);

/* Is it _PyGC_CollectNoFail()'s, which passes NULL, NULL, 1 where others have &n, &m, 0? */
bool gc_is_no_fail(const struct flow *f, u64 call, u8 pair);

/* Can both calls that tell of @b have been given one generation?  A known number must be one. */
bool gc_bracket_generation(const struct flow *f, const struct gc_bracket *b);

/*
 * Is a flag in _PyRuntime (3.8's gc.collecting) set to 1 in the function of @b and to 0 right after
 * it?  Then its offset in there.
 */
bool gc_bracket_guard(struct gc_calls *g, const struct flow *f, const struct gc_bracket *b,
		      u64 *ret_offset);

/* Finders for sites_gc(): 0, or a negative errno with @e set. */
int sites_gc_calls(struct site_search *search, struct err *e);

#endif
