/* What tests ask of the sites that were found in a file. */
#ifndef GS_TESTS_UNIT_SITES_COUNT_H
#define GS_TESTS_UNIT_SITES_COUNT_H

#include "user/target/binary.h"

static inline size_t count(const struct py_binary *b, enum gs_event event)
{
	size_t i, n = 0;

	for (i = 0; i < b->nsites; i++)
		n += b->sites[i].event == event;
	return n;
}

/* Is there one of @event at @vaddr? */
static inline bool has(const struct py_binary *b, enum gs_event event, u64 vaddr)
{
	size_t i;

	for (i = 0; i < b->nsites; i++) {
		if (b->sites[i].event == event && b->sites[i].vaddr == vaddr)
			return true;
	}
	return false;
}

#endif
