/* Bound methods; see rt_method.h. */
#include "runtime/rt_method.h"

#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_int.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

#define FEW 8 /* arguments that need no allocation */

struct rt_object *rt_method_new(struct rt_object *function, struct rt_object *self)
{
	struct rt_method *m;

	if (!rt_expect(function, &rt_object_type) || !rt_expect(self, &rt_object_type))
		return NULL;
	m = rt_new(&rt_method_type);
	if (!m)
		return NULL;
	m->function = rt_ref(function);
	m->self = rt_ref(self);
	return &m->base;
}

struct rt_object *rt_call_with_self(struct rt_object *function, struct rt_object *self,
				    const struct rt_args *args)
{
	struct rt_object *few[FEW + 1], **v = few, *result;

	if (args->n > FEW && !(v = rt_mem_alloc((args->n + 1) * sizeof(*v))))
		return NULL;
	v[0] = self;
	if (args->n)
		memcpy(v + 1, args->v, args->n * sizeof(*v));
	result = rt_call(function, args->n + 1, v, args->kwargs);
	if (v != few)
		rt_mem_free(v);
	return result;
}

static int method_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct rt_method *m = (struct rt_method *)self;
	int r = rt_visit_one(m->function, visit, arg);

	return r ? r : rt_visit_one(m->self, visit, arg);
}

static void method_clear(struct rt_object *self)
{
	rt_assign(&((struct rt_method *)self)->function, rt_none);
	rt_assign(&((struct rt_method *)self)->self, rt_none);
}

static struct rt_object *method_repr(struct rt_object *self)
{
	struct rt_method *m = (struct rt_method *)self;
	struct rt_buf buf = { 0 };

	rt_buf_add(&buf, "<bound method ");
	rt_buf_add_repr(&buf, m->function);
	rt_buf_add(&buf, " of ");
	rt_buf_add_repr(&buf, m->self);
	rt_buf_add(&buf, ">");
	return rt_buf_finish(&buf);
}

static int method_hash(struct rt_object *self, uint64_t *ret_hash)
{
	struct rt_method *m = (struct rt_method *)self;

	if (rt_hash(m->function, ret_hash) < 0)
		return -1;
	*ret_hash ^= (uint64_t)rt_id(m->self) >> 4;
	return 0;
}

/* Equal: the same object and an equal function.  o.f is made anew each time it is asked for. */
static struct rt_object *method_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	struct rt_method *x = (struct rt_method *)a, *y = (struct rt_method *)b;
	int equal;

	if ((op != RT_EQ && op != RT_NE) || b->type != &rt_method_type)
		return rt_not_implemented;
	equal = x->self == y->self ? rt_equal(x->function, y->function) : 0;
	return equal < 0 ? NULL : rt_bool(equal == (op == RT_EQ));
}

static struct rt_object *method_call(struct rt_object *self, const struct rt_args *args)
{
	struct rt_method *m = (struct rt_method *)self;
	struct rt_object *result;

	rt_ref(self);
	result = rt_call_with_self(m->function, m->self, args);
	rt_unref(self);
	return result;
}

/* __name__, __doc__ and all else a method does not have are its function's. */
static struct rt_object *method_getattr(struct rt_object *self, const char *name)
{
	if (!strcmp(name, "__self__"))
		return rt_ref(((struct rt_method *)self)->self);
	if (!strcmp(name, "__func__"))
		return rt_ref(((struct rt_method *)self)->function);
	if (!strcmp(name, "__class__"))
		return rt_getattr_generic(self, name);
	return rt_getattr(((struct rt_method *)self)->function, name);
}

const struct rt_type rt_method_type = {
	.base = RT_STATIC_TYPE,
	.name = "method",
	.size = sizeof(struct rt_method),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = method_traverse,
	.clear = method_clear,
	.repr = method_repr,
	.hash = method_hash,
	.compare = method_compare,
	.call = method_call,
	.getattr = method_getattr,
};
