/* A growing text; see rt_buf.h. */
#include "runtime/rt_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_str.h"

static bool make_room(struct rt_buf *buf, size_t n)
{
	size_t capacity = buf->capacity ? buf->capacity : 64;
	char *s;

	if (buf->failed)
		return false;
	while (capacity < buf->len + n + 1)
		capacity *= 2;
	if (capacity == buf->capacity)
		return true;
	s = rt_mem_resize(buf->s, capacity);
	if (!s) {
		buf->failed = true;
		return false;
	}
	buf->s = s;
	buf->capacity = capacity;
	return true;
}

void rt_buf_add_bytes(struct rt_buf *buf, const char *s, size_t n)
{
	if (!n || !make_room(buf, n))
		return;
	memcpy(buf->s + buf->len, s, n);
	buf->len += n;
	buf->s[buf->len] = '\0';
}

void rt_buf_add(struct rt_buf *buf, const char *s)
{
	rt_buf_add_bytes(buf, s, strlen(s));
}

void rt_buf_printf(struct rt_buf *buf, const char *format, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	if (n < 0 && !buf->failed) {
		rt_raise(RT_SYSTEM_ERROR, "cannot format '%s'", format);
		buf->failed = true;
	} else if (n > 0 && make_room(buf, (size_t)n)) {
		vsnprintf(buf->s + buf->len, (size_t)n + 1, format, again);
		buf->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

/* Append @text, a str, stolen; NULL is a failure. */
static void add_text(struct rt_buf *buf, struct rt_object *text)
{
	if (text)
		rt_buf_add_bytes(buf, rt_str_chars(text), rt_str_size(text));
	else
		buf->failed = true;
	rt_unref(text);
}

void rt_buf_add_repr(struct rt_buf *buf, struct rt_object *o)
{
	if (!buf->failed)
		add_text(buf, rt_repr(o));
}

void rt_buf_add_str(struct rt_buf *buf, struct rt_object *o)
{
	if (!buf->failed)
		add_text(buf, rt_to_str(o));
}

void rt_buf_drop(struct rt_buf *buf)
{
	rt_mem_free(buf->s);
	*buf = (struct rt_buf) { 0 };
}

struct rt_object *rt_buf_finish(struct rt_buf *buf)
{
	struct rt_object *s = NULL;

	if (!buf->failed)
		s = rt_str_from(buf->s ? buf->s : "", buf->len);
	rt_buf_drop(buf);
	return s;
}
