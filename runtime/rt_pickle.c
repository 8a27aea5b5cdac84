/* Pickling; see rt_pickle.h for the format.  What is read is never trusted: it is bounded. */
#include "runtime/rt_pickle.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/rt_bytes.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_type.h"

#define DEPTH_MAX 64

struct writer {
	char *p;
	size_t size, room;
	int depth;
};

static int put(struct writer *w, const void *p, size_t size)
{
	if (w->room - w->size < size) {
		size_t room = 2 * w->room + size + 64;
		char *grown = rt_mem_resize(w->p, room);

		if (!grown)
			return -1;
		w->p = grown;
		w->room = room;
	}
	if (size)
		memcpy(w->p + w->size, p, size);
	w->size += size;
	return 0;
}

static int put_sized(struct writer *w, char kind, const void *p, size_t size)
{
	uint32_t n = (uint32_t)size;

	if (size > UINT32_MAX) {
		rt_raise(RT_VALUE_ERROR, "too large to pickle");
		return -1;
	}
	return put(w, &kind, 1) || put(w, &n, sizeof(n)) || (p && put(w, p, size)) ? -1 : 0;
}

static int put_object(struct writer *w, struct rt_object *o);

static int put_items(struct writer *w, char kind, size_t n, struct rt_object *const *items)
{
	if (put_sized(w, kind, NULL, n))
		return -1;
	if (++w->depth > DEPTH_MAX) {
		rt_raise(RT_RECURSION_ERROR, "nested too deeply to pickle");
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (put_object(w, items[i]))
			return -1;
	}
	w->depth--;
	return 0;
}

static int put_object(struct writer *w, struct rt_object *o)
{
	if (o == rt_none)
		return put(w, "N", 1);
	if (rt_is(o, &rt_bool_type))
		return put(w, o == &rt_true->base ? "T" : "F", 1);
	if (o->type == &rt_int_type)
		return put(w, "i", 1) ? -1 : put(w, &((struct rt_int *)o)->v, sizeof(int64_t));
	if (o->type == &rt_bytes_type)
		return put_sized(w, 'b', rt_bytes_data(o), rt_bytes_size(o));
	if (o->type == &rt_str_type)
		return put_sized(w, 's', rt_str_chars(o), rt_str_size(o));
	if (o->type == &rt_tuple_type)
		return put_items(w, 't', ((struct rt_tuple *)o)->n, ((struct rt_tuple *)o)->item);
	if (o->type == &rt_list_type)
		return put_items(w, 'l', ((struct rt_list *)o)->n, ((struct rt_list *)o)->item);
	rt_raise(RT_TYPE_ERROR, "'%s' object cannot be pickled", o->type->name);
	return -1;
}

struct rt_object *rt_pickle(struct rt_object *o)
{
	struct writer w = { 0 };
	struct rt_object *bytes = NULL;

	if (!put_object(&w, o))
		bytes = rt_bytes_from(w.p, w.size);
	rt_mem_free(w.p);
	return bytes;
}

struct reader {
	const char *p;
	size_t left;
	int depth;
};

static bool get(struct reader *r, void *ret, size_t size)
{
	if (r->left < size)
		return false;
	memcpy(ret, r->p, size);
	r->p += size;
	r->left -= size;
	return true;
}

static struct rt_object *damaged(void)
{
	return rt_raise(RT_VALUE_ERROR, "not a pickled object");
}

static struct rt_object *get_object(struct reader *r);

/* A list of @n items. */
static struct rt_object *get_items(struct reader *r, uint32_t n)
{
	struct rt_object *list;

	if (n > r->left || r->depth == DEPTH_MAX) /* an item takes a byte at least */
		return damaged();
	list = rt_list_new();
	r->depth++;
	for (uint32_t i = 0; list && i < n; i++) {
		if (rt_list_append_stolen(list, get_object(r)))
			list = rt_unref(list);
	}
	r->depth--;
	return list;
}

static struct rt_object *get_sized(struct reader *r, char kind)
{
	struct rt_object *list, *tuple;
	const char *p;
	uint32_t n;

	if (!get(r, &n, sizeof(n)))
		return damaged();
	if (kind == 'l')
		return get_items(r, n);
	if (kind == 't') {
		list = get_items(r, n);
		tuple = list ? rt_tuple_from_iterable(list) : NULL;
		rt_unref(list);
		return tuple;
	}
	if (n > r->left)
		return damaged();
	p = r->p;
	r->p += n;
	r->left -= n;
	return kind == 'b' ? rt_bytes_from(p, n) : rt_str_from(p, n);
}

static struct rt_object *get_object(struct reader *r)
{
	int64_t v;
	char kind;

	if (!get(r, &kind, 1))
		return damaged();
	switch (kind) {
	case 'N':
		return rt_none;
	case 'T':
	case 'F':
		return rt_bool(kind == 'T');
	case 'i':
		return get(r, &v, sizeof(v)) ? rt_int_new(v) : damaged();
	case 'b':
	case 's':
	case 't':
	case 'l':
		return get_sized(r, kind);
	}
	return damaged();
}

struct rt_object *rt_unpickle(const void *p, size_t size)
{
	struct reader r = { p, size, 0 };
	struct rt_object *o = get_object(&r);

	if (!o || !r.left)
		return o;
	rt_unref(o);
	return damaged();
}
