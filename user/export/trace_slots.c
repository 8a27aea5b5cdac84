/* Pointers by index. */
#include "user/export/trace_slots.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT (1U << 24) /* more live threads than any kernel has */

void **trace_slot(struct trace_slots *s, u32 index)
{
	if (index >= s->n) {
		u32 n = s->n ? s->n : 64;
		void **at;

		if (index >= LIMIT)
			return NULL;
		while (n <= index)
			n *= 2;
		at = realloc(s->at, n * sizeof(*at));
		if (!at)
			return NULL;
		memset(at + s->n, 0, (n - s->n) * sizeof(*at));
		s->at = at;
		s->n = n;
	}
	return &s->at[index];
}

void trace_slots_free(struct trace_slots *s)
{
	free(s->at);
	*s = (struct trace_slots) { 0 };
}
