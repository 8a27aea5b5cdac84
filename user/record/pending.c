/* The queue of events that wait to be written; see pending.h. */
#include "user/record/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 1024

/* Where an item of time @ts_ns belongs: behind all that are not later.  NULL without memory. */
static struct pending_item *make_place(struct pending *p, u64 ts_ns)
{
	size_t at = p->count;

	if (p->count == p->room) {
		size_t room = p->room ? p->room * 2 : FIRST_ROOM;
		struct pending_item *more = realloc(p->items, room * sizeof(*more));

		if (!more)
			return NULL;
		p->items = more;
		p->room = room;
	}
	while (at && p->items[at - 1].ts_ns > ts_ns)
		at--;
	memmove(&p->items[at + 1], &p->items[at], (p->count - at) * sizeof(*p->items));
	p->count++;
	p->items[at].ts_ns = ts_ns;
	return &p->items[at];
}

int pending_add_record(struct pending *p, const void *record, size_t size)
{
	const struct gs_record *r = record;
	struct pending_item *item;

	if (size < sizeof(*r) || size > sizeof(item->record))
		return -EINVAL;
	item = make_place(p, r->end_ns);
	if (!item)
		return -ENOMEM;
	item->event = NULL;
	item->size = size;
	memcpy(&item->record, record, size);
	return 0;
}

int pending_add_event(struct pending *p, struct event *ev)
{
	struct pending_item *item = make_place(p, ev->ts_ns);

	if (!item) {
		free(ev);
		return -ENOMEM;
	}
	item->event = ev;
	item->size = 0;
	return 0;
}

size_t pending_upto(const struct pending *p, u64 to_ns)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->items[mid].ts_ns <= to_ns)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void pending_drop(struct pending *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(p->items[i].event);
	memmove(p->items, p->items + n, (p->count - n) * sizeof(*p->items));
	p->count -= n;
}

void pending_done(struct pending *p)
{
	pending_drop(p, p->count);
	free(p->items);
	*p = (struct pending) {};
}
