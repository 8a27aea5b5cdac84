/*
 * gc: where a collection starts and ends.
 *
 * The interpreter's own marks, python:gc__start and gc__done, where it was built with them.
 * Else what tells gc.callbacks of them: from 3.13 on see sites_gc_inside.c, before
 * sites_gc_calls.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/sites_gc.h"

/* 1: both marks are there; 0: not, or not understood. */
static int by_notes(struct site_search *search, struct err *e)
{
	struct py_binary *b = search->binary;
	int start, done;

	start = sites_add_notes(search, e, "python", "gc__start", GS_FAMILY_GC, GS_EVENT_GC_START);
	if (start == -ENOMEM)
		return start;
	done = start > 0 ? sites_add_notes(search, e, "python", "gc__done", GS_FAMILY_GC,
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

int sites_gc(struct site_search *search, struct err *e)
{
	int r = by_notes(search, e);

	if (!r && search->binary->version_hex >> 16 >= 0x030d)
		r = sites_gc_inside(search, e);
	if (r)
		return r > 0 ? 0 : r;
	return sites_gc_calls(search, e);
}
