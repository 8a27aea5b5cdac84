/* Where the interpreter gives the GIL up because another thread asked for it, from 3.13 on. */
#ifndef GS_USER_TARGET_GIL_FORCED_H
#define GS_USER_TARGET_GIL_FORCED_H

#include "user/target/sites.h"

/* Entries of functions that take and that release the GIL. */
struct gil_entries {
	const u64 *takes, *drops;
	size_t ntakes, ndrops;
};

/*
 * gil_forced_sites - add the calls in _Py_HandlePending() that release the GIL on request
 *
 * There it is: _PyThreadState_Detach(tstate); _PyThreadState_Attach(tstate); (CPython 3.13
 * Python/ceval_gil.c).  Needs both calls in a row, the first reaching a release of the GIL and
 * the second a take.  None found is no error: how many releases were forced is unknown then.
 * Return: 0, or a negative errno with @e set.
 */
int gil_forced_sites(struct site_search *search, const struct gil_entries *g, struct err *e);

#endif
