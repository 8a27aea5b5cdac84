/* Bytes; see rt_bytes.h. */
#include "runtime/rt_bytes.h"

#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_iter.h"
#include "runtime/rt_none.h"
#include "runtime/rt_slice.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

static struct rt_bytes *sized(size_t size)
{
	struct rt_bytes *b = rt_new_var(&rt_bytes_type, size + 1);

	if (b)
		b->size = size;
	return b;
}

struct rt_object *rt_bytes_from(const void *p, size_t size)
{
	struct rt_bytes *b = sized(size);

	if (!b)
		return NULL;
	memcpy(b->s, p, size);
	return &b->base;
}

const char *rt_bytes_data(const struct rt_object *bytes)
{
	rt_assert(rt_is(bytes, &rt_bytes_type));
	return ((const struct rt_bytes *)bytes)->s;
}

size_t rt_bytes_size(const struct rt_object *bytes)
{
	rt_assert(rt_is(bytes, &rt_bytes_type));
	return ((const struct rt_bytes *)bytes)->size;
}

static int bytes_hash(struct rt_object *self, uint64_t *ret_hash)
{
	*ret_hash = rt_str_hash_bytes(rt_bytes_data(self), rt_bytes_size(self)) + 1;
	return 0;
}

static struct rt_object *bytes_compare(struct rt_object *left, struct rt_object *right,
				       enum rt_cmp op)
{
	const struct rt_bytes *a = (struct rt_bytes *)left, *b = (struct rt_bytes *)right;
	int r;

	if (!rt_is(left, &rt_bytes_type) || !rt_is(right, &rt_bytes_type))
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

static struct rt_object *bytes_binary(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_bytes *sum;

	if (op != RT_ADD || !rt_is(a, &rt_bytes_type) || !rt_is(b, &rt_bytes_type))
		return rt_not_implemented;
	sum = sized(rt_bytes_size(a) + rt_bytes_size(b));
	if (!sum)
		return NULL;
	memcpy(sum->s, rt_bytes_data(a), rt_bytes_size(a));
	memcpy(sum->s + rt_bytes_size(a), rt_bytes_data(b), rt_bytes_size(b));
	return &sum->base;
}

static ssize_t bytes_len(struct rt_object *self)
{
	return (ssize_t)rt_bytes_size(self);
}

static struct rt_object *slice(struct rt_object *self, struct rt_object *key)
{
	const char *s = rt_bytes_data(self);
	struct rt_slice_range r;
	struct rt_bytes *b;

	if (rt_slice_resolve(key, rt_bytes_size(self), &r) < 0)
		return NULL;
	if (r.step == 1 && r.count == rt_bytes_size(self))
		return rt_ref(self);
	b = sized(r.count);
	for (size_t i = 0; b && i < r.count; i++)
		b->s[i] = s[r.start + (ssize_t)i * r.step];
	return b ? &b->base : NULL;
}

static struct rt_object *bytes_getitem(struct rt_object *self, struct rt_object *key)
{
	size_t i;

	if (rt_is(key, &rt_slice_type))
		return slice(self, key);
	if (rt_sequence_index(self, key, rt_bytes_size(self), &i) < 0)
		return NULL;
	return rt_int_new((unsigned char)rt_bytes_data(self)[i]);
}

static int bytes_contains(struct rt_object *self, struct rt_object *item)
{
	int64_t v;

	if (rt_is(item, &rt_bytes_type))
		return memmem(rt_bytes_data(self), rt_bytes_size(self), rt_bytes_data(item),
			      rt_bytes_size(item)) != NULL;
	if (rt_int_value(item, &v) < 0)
		return -1;
	return v >= 0 && v < 256 && memchr(rt_bytes_data(self), (int)v, rt_bytes_size(self));
}

static struct rt_object *bytes_repr(struct rt_object *self)
{
	struct rt_buf buf = { 0 };

	rt_buf_add(&buf, "b'");
	for (size_t i = 0; i < rt_bytes_size(self); i++) {
		unsigned char c = (unsigned char)rt_bytes_data(self)[i];

		if (c == '\'' || c == '\\')
			rt_buf_printf(&buf, "\\%c", c);
		else if (c == '\n' || c == '\t' || c == '\r')
			rt_buf_printf(&buf, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else if (c < 0x20 || c >= 0x7f)
			rt_buf_printf(&buf, "\\x%02x", c);
		else
			rt_buf_printf(&buf, "%c", c);
	}
	rt_buf_add(&buf, "'");
	return rt_buf_finish(&buf);
}

static struct rt_object *bytes_decode(const struct rt_args *args)
{
	return rt_str_from(rt_bytes_data(args->v[0]), rt_bytes_size(args->v[0]));
}

static struct rt_object *bytes_hex(const struct rt_args *args)
{
	struct rt_buf buf = { 0 };

	for (size_t i = 0; i < rt_bytes_size(args->v[0]); i++)
		rt_buf_printf(&buf, "%02x", (unsigned char)rt_bytes_data(args->v[0])[i]);
	return rt_buf_finish(&buf);
}

static const struct rt_function_spec methods[] = {
	{ "decode", bytes_decode, "self", "The text, from UTF-8." },
	{ "hex", bytes_hex, "self", "Two hexadecimal digits for each byte." },
	{ 0 },
};

const struct rt_type rt_bytes_type = {
	.base = RT_STATIC_TYPE,
	.name = "bytes",
	.size = sizeof(struct rt_bytes),
	.flags = RT_TYPE_FINAL,
	.repr = bytes_repr,
	.hash = bytes_hash,
	.compare = bytes_compare,
	.binary = bytes_binary,
	.len = bytes_len,
	.getitem = bytes_getitem,
	.contains = bytes_contains,
	.iter = rt_sequence_iter,
	.methods = methods,
};
