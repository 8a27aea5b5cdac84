/* What an exporter keeps of each live thread or process: a pointer by its small index. */
#ifndef GS_USER_EXPORT_TRACE_SLOTS_H
#define GS_USER_EXPORT_TRACE_SLOTS_H

#include <stddef.h>

#include "bpf/types.h"

/* Zeroed, it is empty.  Free with trace_slots_free() when the pointers are. */
struct trace_slots {
	void **at; /* owned */
	u32 n;
};

/* The place of @index, grown to hold it: NULL at first.  NULL without memory. */
void **trace_slot(struct trace_slots *s, u32 index);

void trace_slots_free(struct trace_slots *s);

#endif
