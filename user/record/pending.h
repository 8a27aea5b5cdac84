/*
 * Events that wait to be written, in the order of their times.
 *
 * They arrive nearly sorted: a record's time is taken a moment before its place in the ring.  So
 * each is put in from the end; what is older than the moment they are held back is complete.
 */
#ifndef GS_USER_RECORD_PENDING_H
#define GS_USER_RECORD_PENDING_H

#include <stddef.h>

#include "bpf/record.h"
#include "user/model/event.h"

/* Either a record of the kernel side or an event of ours. */
struct pending_item {
	u64 ts_ns;
	struct event *event; /* owned; NULL: the record */
	size_t size;
	union {
		struct gs_record r;
		struct gs_record_thread largest;
	} record;
};

struct pending {
	struct pending_item *items;
	size_t count, room;
};

/* Add a record of @size bytes; records too large or too small are none.  0, -EINVAL, -ENOMEM. */
int pending_add_record(struct pending *p, const void *record, size_t size);

/* Add an event, which is taken over.  0, or -ENOMEM: then it is freed. */
int pending_add_event(struct pending *p, struct event *ev);

/* How many, from the first one on, are not later than @to_ns. */
size_t pending_upto(const struct pending *p, u64 to_ns);

/* Drop the first @n. */
void pending_drop(struct pending *p, size_t n);

void pending_done(struct pending *p);

#endif
