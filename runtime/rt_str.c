/* Text; see rt_str.h.  The methods are in rt_str_methods.c. */
#include "runtime/rt_str.h"

#include <stdio.h>
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_type.h"
#include "runtime/rt_utf8.h"

struct rt_object *rt_str_from(const char *s, size_t size)
{
	struct rt_str *str;
	size_t points;

	if (!rt_utf8_check(s, size, &points))
		return rt_raise(RT_UNICODE_ERROR, "invalid UTF-8");
	str = rt_new_var(&rt_str_type, size + 1);
	if (!str)
		return NULL;
	memcpy(str->s, s, size);
	str->size = size;
	str->points = points;
	return &str->base;
}

struct rt_object *rt_str_new(const char *s)
{
	return rt_str_from(s, strlen(s));
}

struct rt_object *rt_str_vformat(const char *format, va_list ap)
{
	struct rt_object *str;
	char text[256], *longer;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(text, sizeof(text), format, ap);
	if (n < 0) {
		str = rt_raise(RT_SYSTEM_ERROR, "cannot format this");
	} else if ((size_t)n < sizeof(text)) {
		str = rt_str_from(text, (size_t)n);
	} else {
		longer = rt_mem_alloc((size_t)n + 1);
		if (longer)
			vsnprintf(longer, (size_t)n + 1, format, again);
		str = longer ? rt_str_from(longer, (size_t)n) : NULL;
		rt_mem_free(longer);
	}
	va_end(again);
	return str;
}

struct rt_object *rt_str_format(const char *format, ...)
{
	struct rt_object *str;
	va_list ap;

	va_start(ap, format);
	str = rt_str_vformat(format, ap);
	va_end(ap);
	return str;
}

const char *rt_str_chars(const struct rt_object *str)
{
	rt_assert(rt_is(str, &rt_str_type));
	return ((const struct rt_str *)str)->s;
}

size_t rt_str_size(const struct rt_object *str)
{
	rt_assert(rt_is(str, &rt_str_type));
	return ((const struct rt_str *)str)->size;
}

size_t rt_str_points(const struct rt_object *str)
{
	rt_assert(rt_is(str, &rt_str_type));
	return ((const struct rt_str *)str)->points;
}

bool rt_str_is(const struct rt_object *str, const char *s)
{
	return rt_is(str, &rt_str_type) && strlen(s) == rt_str_size(str) &&
	       !memcmp(rt_str_chars(str), s, rt_str_size(str));
}

/* FNV-1a. */
uint64_t rt_str_hash_bytes(const char *s, size_t size)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		h = (h ^ (unsigned char)s[i]) * 0x100000001b3;
	return h ? h : 1;
}

static int str_hash(struct rt_object *self, uint64_t *ret_hash)
{
	struct rt_str *str = (struct rt_str *)self;

	if (!str->hash)
		str->hash = rt_str_hash_bytes(str->s, str->size);
	*ret_hash = str->hash;
	return 0;
}

ssize_t rt_str_find(const struct rt_object *str, const struct rt_object *part, size_t from)
{
	const char *s = rt_str_chars(str), *at;

	if (from > rt_str_size(str))
		return -1;
	at = memmem(s + from, rt_str_size(str) - from, rt_str_chars(part), rt_str_size(part));
	return at ? at - s : -1;
}

/* Byte order is code point order: that is how UTF-8 was made. */
static struct rt_object *str_compare(struct rt_object *left, struct rt_object *right,
				     enum rt_cmp op)
{
	const struct rt_str *a = (struct rt_str *)left, *b = (struct rt_str *)right;
	int r;

	if (!rt_is(left, &rt_str_type) || !rt_is(right, &rt_str_type))
		return rt_not_implemented;
	r = memcmp(a->s, b->s, a->size < b->size ? a->size : b->size);
	if (!r)
		r = a->size < b->size ? -1 : a->size > b->size;
	switch (op) {
	case RT_LT:
		return rt_bool(r < 0);
	case RT_LE:
		return rt_bool(r <= 0);
	case RT_EQ:
		return rt_bool(r == 0);
	case RT_NE:
		return rt_bool(r != 0);
	case RT_GT:
		return rt_bool(r > 0);
	case RT_GE:
		return rt_bool(r >= 0);
	}
	return rt_not_implemented;
}

static struct rt_object *repeat(struct rt_object *str, struct rt_object *times)
{
	struct rt_buf buf = { 0 };
	int64_t n;

	if (rt_int_value(times, &n) < 0)
		return NULL;
	if (n > 0 && rt_str_size(str) > (size_t)(INT64_MAX / 4 / n))
		return rt_raise_no_memory();
	for (; n > 0 && !buf.failed; n--)
		rt_buf_add_bytes(&buf, rt_str_chars(str), rt_str_size(str));
	return rt_buf_finish(&buf);
}

static struct rt_object *str_binary(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	bool text_a = rt_is(a, &rt_str_type), text_b = rt_is(b, &rt_str_type);
	struct rt_buf buf = { 0 };

	if (op == RT_ADD && text_a && text_b) {
		rt_buf_add_bytes(&buf, rt_str_chars(a), rt_str_size(a));
		rt_buf_add_bytes(&buf, rt_str_chars(b), rt_str_size(b));
		return rt_buf_finish(&buf);
	}
	if (op == RT_MUL && text_a && rt_is(b, &rt_int_type))
		return repeat(a, b);
	if (op == RT_MUL && text_b && rt_is(a, &rt_int_type))
		return repeat(b, a);
	return rt_not_implemented;
}

static ssize_t str_len(struct rt_object *self)
{
	return (ssize_t)rt_str_points(self);
}

/* Code points @from to before @to. */
static struct rt_object *part(struct rt_object *self, size_t from, size_t to)
{
	const char *s = rt_str_chars(self);
	size_t start, end;

	if (from >= to)
		return rt_str_new("");
	start = rt_utf8_offset(s, from);
	end = start + rt_utf8_offset(s + start, to - from);
	return rt_str_from(s + start, end - start);
}

static struct rt_object *slice(struct rt_object *self, struct rt_object *key)
{
	struct rt_slice_range r;
	struct rt_buf buf = { 0 };
	const char *s;
	size_t at;

	if (rt_slice_resolve(key, rt_str_points(self), &r) < 0)
		return NULL;
	if (r.step == 1 && r.count == rt_str_points(self))
		return rt_ref(self);
	if (r.step == 1)
		return part(self, (size_t)r.start, (size_t)r.start + r.count);
	for (size_t i = 0; i < r.count; i++) {
		at = (size_t)(r.start + (ssize_t)i * r.step);
		s = rt_str_chars(self) + rt_utf8_offset(rt_str_chars(self), at);
		rt_buf_add_bytes(&buf, s, rt_utf8_offset(s, 1));
	}
	return rt_buf_finish(&buf);
}

static struct rt_object *str_getitem(struct rt_object *self, struct rt_object *key)
{
	size_t i;

	if (rt_is(key, &rt_slice_type))
		return slice(self, key);
	if (rt_sequence_index(self, key, rt_str_points(self), &i) < 0)
		return NULL;
	return part(self, i, i + 1);
}

static int str_contains(struct rt_object *self, struct rt_object *item)
{
	if (!rt_is(item, &rt_str_type)) {
		rt_raise(RT_TYPE_ERROR, "'in <string>' requires string as left operand, not %s",
			 item->type->name);
		return -1;
	}
	return rt_str_find(self, item, 0) >= 0;
}

/* 'x', or "it's"; control characters escaped. */
static struct rt_object *str_repr(struct rt_object *self)
{
	const char *s = rt_str_chars(self);
	char quote = strchr(s, '\'') && !strchr(s, '"') ? '"' : '\'';
	struct rt_buf buf = { 0 };

	rt_buf_add_bytes(&buf, &quote, 1);
	for (size_t i = 0; i < rt_str_size(self); i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == quote || c == '\\')
			rt_buf_printf(&buf, "\\%c", c);
		else if (c == '\n' || c == '\t' || c == '\r')
			rt_buf_printf(&buf, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else if (c < 0x20 || c == 0x7f)
			rt_buf_printf(&buf, "\\x%02x", c);
		else
			rt_buf_add_bytes(&buf, s + i, 1);
	}
	rt_buf_add_bytes(&buf, &quote, 1);
	return rt_buf_finish(&buf);
}

static struct rt_object *str_str(struct rt_object *self)
{
	return rt_ref(self);
}

static struct rt_object *str_construct(const struct rt_type *type, const struct rt_args *args)
{
	(void)type;
	if (args->n > 1 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "str() takes at most 1 argument");
	return args->n ? rt_to_str(args->v[0]) : rt_str_new("");
}

const struct rt_type rt_str_type = {
	.base = RT_STATIC_TYPE,
	.name = "str",
	.size = sizeof(struct rt_str),
	.flags = RT_TYPE_FINAL,
	.repr = str_repr,
	.str = str_str,
	.hash = str_hash,
	.compare = str_compare,
	.binary = str_binary,
	.len = str_len,
	.getitem = str_getitem,
	.contains = str_contains,
	.iter = rt_sequence_iter,
	.construct = str_construct,
	.methods = rt_str_methods,
};
