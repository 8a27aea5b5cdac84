/* True and False; see rt_int.h, which they inherit from. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_str.h"

struct rt_object *rt_bool(bool v)
{
	return v ? &rt_true->base : &rt_false->base;
}

struct rt_object *rt_bool_if(int r)
{
	return r < 0 ? NULL : rt_bool(r);
}

static struct rt_object *bool_repr(struct rt_object *self)
{
	return rt_str_new(((struct rt_int *)self)->v ? "True" : "False");
}

/* &, | and ^ of two bools are bools; all else is arithmetic. */
static struct rt_object *bool_binary(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *r = rt_int_binary(op, a, b);

	if ((op != RT_AND && op != RT_OR && op != RT_XOR) || !rt_is(a, &rt_bool_type) ||
	    !rt_is(b, &rt_bool_type))
		return r;
	return rt_bool(((struct rt_int *)r)->v); /* a small int: immortal */
}

static struct rt_object *bool_construct(const struct rt_type *type, const struct rt_args *args)
{
	(void)type;
	if (args->n > 1 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "bool() takes at most 1 argument");
	return args->n ? rt_bool_if(rt_truth(args->v[0])) : rt_bool(false);
}

const struct rt_type rt_bool_type = {
	.base = RT_STATIC_TYPE,
	.name = "bool",
	.parent = &rt_int_type,
	.size = sizeof(struct rt_int),
	.flags = RT_TYPE_FINAL,
	.repr = bool_repr,
	.hash = rt_int_hash,
	.truth = rt_int_truth,
	.compare = rt_int_compare,
	.binary = bool_binary,
	.unary = rt_int_unary,
	.construct = bool_construct,
};

struct rt_int rt_true[1] = { { { RT_IMMORTAL, &rt_bool_type }, 1 } };
struct rt_int rt_false[1] = { { { RT_IMMORTAL, &rt_bool_type }, 0 } };
