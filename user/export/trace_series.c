/* Sums per stretch of time; see trace_series.h. */
#include "user/export/trace_series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void trace_series_settle(struct trace_series *s)
{
	u64 each = 0;

	for (u32 i = 0; i < s->used; i++) {
		each += s->at[i].change;
		s->at[i].sum += each;
		s->at[i].change = 0;
	}
}

/* Each two stretches become one. */
static void widen(struct trace_series *s)
{
	u32 used = (s->used + 1) / 2;

	s->width_ns *= 2;
	if (!s->used)
		return;
	trace_series_settle(s);
	for (u32 i = 0; i < used; i++) {
		u64 second = 2 * i + 1 < s->used ? s->at[2 * i + 1].sum : 0;

		s->at[i].sum = s->at[2 * i].sum + second;
	}
	memset(s->at + used, 0, (s->used - used) * sizeof(*s->at));
	s->used = used;
}

/* Have stretches up to that of @t, which is relative to from_ns. */
static int reach(struct trace_series *s, u64 t)
{
	u32 need, room;

	if (!s->width_ns)
		s->width_ns = TRACE_SERIES_NS;
	while (t / s->width_ns >= TRACE_SERIES_MAX - 1)
		widen(s);
	need = (u32)(t / s->width_ns) + 1;
	if (need > s->room) {
		struct trace_series_stretch *at;

		room = s->room ? s->room : 64;
		while (room < need)
			room *= 2;
		at = realloc(s->at, room * sizeof(*at));
		if (!at)
			return -ENOMEM;
		memset(at + s->room, 0, (room - s->room) * sizeof(*at));
		s->at = at;
		s->room = room;
	}
	if (need > s->used)
		s->used = need;
	return 0;
}

int trace_series_add(struct trace_series *s, u64 begin_ns, u64 end_ns, u64 amount)
{
	u64 begin = begin_ns > s->from_ns ? begin_ns - s->from_ns : 0;
	u64 end = end_ns > s->from_ns ? end_ns - s->from_ns : 0;
	u64 each, head, ns = end - begin;
	u32 first, last;

	if (reach(s, end))
		return -ENOMEM;
	last = (u32)(end / s->width_ns);
	first = end > begin ? (u32)(begin / s->width_ns) : last;
	if (first == last) {
		s->at[last].sum += amount;
		return 0;
	}
	each = (u64)((unsigned __int128)amount * s->width_ns / ns);
	head = (u64)((unsigned __int128)amount * ((first + 1) * s->width_ns - begin) / ns);
	s->at[first].sum += head;
	s->at[first + 1].change += each;
	s->at[last].change -= each;
	s->at[last].sum += amount - head - (last - first - 1) * each;
	return 0;
}

void trace_series_free(struct trace_series *s)
{
	free(s->at);
	*s = (struct trace_series) { 0 };
}
