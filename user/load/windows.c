/* The times in which was counted; see windows.h. */
#include "user/load/windows.h"

static void halve(struct windows *w)
{
	size_t half = w->count / 2;

	for (size_t i = 0; i < half; i++) {
		const struct window *a = &w->at[2 * i], *b = a + 1;

		w->at[i] = (struct window) {
			.begin_ns = a->begin_ns,
			.end_ns = b->end_ns,
			.observed_ns = a->observed_ns + b->observed_ns,
			.full_ns = a->full_ns + b->full_ns,
			.bursts = a->bursts + b->bursts,
			.squares = a->squares + b->squares,
			.hits = a->hits + b->hits,
			.hits2 = a->hits2 + b->hits2,
		};
	}
	w->count = half;
}

static void add(struct windows *w, const struct window *x)
{
	if (w->count == WINDOWS_MAX)
		halve(w);
	w->at[w->count++] = *x;
}

void windows_add(struct windows *w, u64 begin_ns, u64 end_ns, u64 hits)
{
	const struct window burst = {
		.begin_ns = begin_ns,
		.end_ns = end_ns,
		.observed_ns = end_ns - begin_ns,
		.bursts = 1,
		.squares = windows_square(end_ns - begin_ns),
		.hits = hits,
		.hits2 = hits * hits,
	};

	w->bursts++;
	w->us += (end_ns - begin_ns) / 1000;
	w->hits += hits;
	add(w, &burst);
}

void windows_add_full(struct windows *w, u64 begin_ns, u64 end_ns)
{
	struct window *last = w->count ? &w->at[w->count - 1] : NULL;
	const struct window full = { begin_ns, end_ns, .full_ns = end_ns - begin_ns };

	if (!last || last->end_ns != begin_ns || last->full_ns != last->end_ns - last->begin_ns) {
		add(w, &full);
		return;
	}
	last->end_ns = end_ns;
	last->full_ns = end_ns - last->begin_ns;
}

void windows_seen(const struct windows *w, u64 from_ns, u64 to_ns, struct burst_span *ret_bursts,
		  u64 *ret_full_ns)
{
	double observed = 0, full = 0, bursts = 0, squares = 0, hits = 0, hits2 = 0;

	for (size_t i = w->count; i-- > 0 && w->at[i].end_ns > from_ns;) {
		const struct window *x = &w->at[i];
		u64 begin = x->begin_ns > from_ns ? x->begin_ns : from_ns;
		u64 end = x->end_ns < to_ns ? x->end_ns : to_ns;
		double part;

		if (end <= begin)
			continue;
		part = (double)(end - begin) / (double)(x->end_ns - x->begin_ns);
		observed += part * (double)x->observed_ns;
		full += part * (double)x->full_ns;
		squares += part * (double)x->squares;
		hits += part * (double)x->hits;
		hits2 += part * (double)x->hits2;
		/* A burst that began before counts as one: it was seen. */
		if (x->bursts)
			bursts += part * (double)x->bursts > 1 ? part * (double)x->bursts : 1;
	}
	ret_bursts->ns = (u64)observed;
	ret_bursts->bursts = (u64)(bursts + 0.5);
	ret_bursts->squares = (u64)squares;
	ret_bursts->hits = (u64)hits;
	ret_bursts->hits2 = (u64)hits2;
	*ret_full_ns = (u64)full;
}
