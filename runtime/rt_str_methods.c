/* The methods of str: upper, lower, strip, split, join, replace, find and the like. */
#include <ctype.h>
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_bytes.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_utf8.h"

/* ASCII letters through @convert; all else as it is. */
static struct rt_object *map_ascii(struct rt_object *self, int (*convert)(int))
{
	struct rt_buf buf = { 0 };
	unsigned char c;
	char out;

	for (size_t i = 0; i < rt_str_size(self); i++) {
		c = (unsigned char)rt_str_chars(self)[i];
		out = (char)(c < 0x80 ? convert(c) : c);
		rt_buf_add_bytes(&buf, &out, 1);
	}
	return rt_buf_finish(&buf);
}

static struct rt_object *str_upper(const struct rt_args *args)
{
	return map_ascii(args->v[0], toupper);
}

static struct rt_object *str_lower(const struct rt_args *args)
{
	return map_ascii(args->v[0], tolower);
}

static struct rt_object *str_strip(const struct rt_args *args)
{
	const char *s = rt_str_chars(args->v[0]), *end = s + rt_str_size(args->v[0]);

	while (s < end && isspace((unsigned char)*s))
		s++;
	while (s < end && isspace((unsigned char)end[-1]))
		end--;
	return rt_str_from(s, (size_t)(end - s));
}

/* Append the @n bytes at @s to @list, as a str.  0 or -1. */
static int append_part(struct rt_object *list, const char *s, size_t n)
{
	struct rt_object *part = rt_str_from(s, n);
	int r = part ? rt_list_append(list, part) : -1;

	rt_unref(part);
	return r;
}

static int split_at_blanks(struct rt_object *list, const char *s, const char *end)
{
	const char *start;

	for (;;) {
		while (s < end && isspace((unsigned char)*s))
			s++;
		if (s == end)
			return 0;
		for (start = s; s < end && !isspace((unsigned char)*s); s++)
			;
		if (append_part(list, start, (size_t)(s - start)) < 0)
			return -1;
	}
}

static int split_at(struct rt_object *list, struct rt_object *self, struct rt_object *separator)
{
	const char *s = rt_str_chars(self);
	size_t from = 0;
	ssize_t at;

	while ((at = rt_str_find(self, separator, from)) >= 0) {
		if (append_part(list, s + from, (size_t)at - from) < 0)
			return -1;
		from = (size_t)at + rt_str_size(separator);
	}
	return append_part(list, s + from, rt_str_size(self) - from);
}

static struct rt_object *str_split(const struct rt_args *args)
{
	struct rt_object *self = args->v[0], *separator = args->v[1], *list;
	const char *s = rt_str_chars(self);
	int r;

	if (separator == rt_none)
		separator = NULL;
	if (separator && !rt_expect(separator, &rt_str_type))
		return NULL;
	if (separator && !rt_str_size(separator))
		return rt_raise(RT_VALUE_ERROR, "empty separator");
	list = rt_list_new();
	if (!list)
		return NULL;
	r = separator ? split_at(list, self, separator)
		      : split_at_blanks(list, s, s + rt_str_size(self));
	return r < 0 ? rt_unref(list) : list;
}

static struct rt_object *str_join(const struct rt_args *args)
{
	struct rt_object *self = args->v[0], *it = rt_iter(args->v[1]), *item;
	struct rt_buf buf = { 0 };
	bool first = true;
	int r;

	if (!it)
		return NULL;
	while ((r = rt_iter_next(it, &item)) > 0) {
		if (!rt_is(item, &rt_str_type)) {
			rt_raise(RT_TYPE_ERROR, "join: expected str, '%s' found", item->type->name);
			r = -1;
		} else {
			if (!first)
				rt_buf_add_bytes(&buf, rt_str_chars(self), rt_str_size(self));
			first = false;
			rt_buf_add_bytes(&buf, rt_str_chars(item), rt_str_size(item));
		}
		rt_unref(item);
		if (r < 0 || buf.failed)
			break;
	}
	rt_unref(it);
	if (r >= 0)
		return rt_buf_finish(&buf);
	rt_buf_drop(&buf);
	return NULL;
}

static struct rt_object *str_replace(const struct rt_args *args)
{
	struct rt_object *self = args->v[0], *old = args->v[1], *new = args->v[2];
	struct rt_buf buf = { 0 };
	size_t from = 0;
	ssize_t at;

	if (!rt_expect(old, &rt_str_type) || !rt_expect(new, &rt_str_type))
		return NULL;
	if (!rt_str_size(old))
		return rt_raise(RT_VALUE_ERROR, "replace: nothing to look for");
	while ((at = rt_str_find(self, old, from)) >= 0) {
		rt_buf_add_bytes(&buf, rt_str_chars(self) + from, (size_t)at - from);
		rt_buf_add_bytes(&buf, rt_str_chars(new), rt_str_size(new));
		from = (size_t)at + rt_str_size(old);
	}
	rt_buf_add_bytes(&buf, rt_str_chars(self) + from, rt_str_size(self) - from);
	return rt_buf_finish(&buf);
}

static struct rt_object *str_find(const struct rt_args *args)
{
	size_t points;
	ssize_t at;

	if (!rt_expect(args->v[1], &rt_str_type))
		return NULL;
	at = rt_str_find(args->v[0], args->v[1], 0);
	if (at < 0 || !rt_utf8_check(rt_str_chars(args->v[0]), (size_t)at, &points))
		return rt_int_new(-1);
	return rt_int_new((int64_t)points);
}

static struct rt_object *str_startswith(const struct rt_args *args)
{
	struct rt_object *self = args->v[0], *with = args->v[1];

	if (!rt_expect(with, &rt_str_type))
		return NULL;
	return rt_bool(rt_str_size(with) <= rt_str_size(self) &&
		       !memcmp(rt_str_chars(self), rt_str_chars(with), rt_str_size(with)));
}

static struct rt_object *str_endswith(const struct rt_args *args)
{
	struct rt_object *self = args->v[0], *with = args->v[1];
	size_t n, m;

	if (!rt_expect(with, &rt_str_type))
		return NULL;
	n = rt_str_size(self);
	m = rt_str_size(with);
	return rt_bool(m <= n && !memcmp(rt_str_chars(self) + n - m, rt_str_chars(with), m));
}

static struct rt_object *str_encode(const struct rt_args *args)
{
	return rt_bytes_from(rt_str_chars(args->v[0]), rt_str_size(args->v[0]));
}

const struct rt_function_spec rt_str_methods[] = {
	{ "upper", str_upper, "self", "ASCII letters in upper case." },
	{ "lower", str_lower, "self", "ASCII letters in lower case." },
	{ "strip", str_strip, "self", "Without blanks at both ends." },
	{ "split", str_split, "self, sep=", "The parts between sep, or between blanks." },
	{ "join", str_join, "self, iterable", "The strs of iterable with self in between." },
	{ "replace", str_replace, "self, old, new", "With each old replaced by new." },
	{ "find", str_find, "self, part", "Index of the first part, or -1." },
	{ "startswith", str_startswith, "self, prefix", "Whether it begins with prefix." },
	{ "endswith", str_endswith, "self, suffix", "Whether it ends with suffix." },
	{ "encode", str_encode, "self", "The UTF-8 bytes." },
	{ 0 },
};
