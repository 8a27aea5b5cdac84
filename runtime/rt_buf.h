/*
 * A growing text.  The first failure sticks, with its error pending: add what you like and
 * look at the end.
 *
 *	struct rt_buf buf = { 0 };
 *	rt_buf_add(&buf, "<");
 *	rt_buf_add_repr(&buf, o);
 *	return rt_buf_finish(&buf);
 */
#ifndef RT_BUF_H
#define RT_BUF_H

#include "runtime/rt_object.h"

struct rt_buf { /* starts as all zero */
	char *s;
	size_t len, capacity;
	bool failed;
};

/* Append @s; @n bytes at @s; printf-like text; the repr() or str() of @o. */
void rt_buf_add(struct rt_buf *buf, const char *s);
void rt_buf_add_bytes(struct rt_buf *buf, const char *s, size_t n);
void rt_buf_printf(struct rt_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void rt_buf_add_repr(struct rt_buf *buf, struct rt_object *o);
void rt_buf_add_str(struct rt_buf *buf, struct rt_object *o);

/* The text as a new str and the buffer empty; NULL if anything failed. */
struct rt_object *rt_buf_finish(struct rt_buf *buf);

/* Empty the buffer. */
void rt_buf_drop(struct rt_buf *buf);

#endif
