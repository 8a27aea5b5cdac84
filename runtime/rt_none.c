/* None, NotImplemented and Ellipsis; see rt_none.h. */
#include "runtime/rt_none.h"

#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

static struct rt_object *none_repr(struct rt_object *self)
{
	(void)self;
	return rt_str_new("None");
}

static int none_truth(struct rt_object *self)
{
	(void)self;
	return 0;
}

const struct rt_type rt_none_type = {
	.base = RT_STATIC_TYPE,
	.name = "NoneType",
	.size = sizeof(struct rt_object),
	.flags = RT_TYPE_FINAL,
	.repr = none_repr,
	.truth = none_truth,
};

static struct rt_object *not_implemented_repr(struct rt_object *self)
{
	(void)self;
	return rt_str_new("NotImplemented");
}

static const struct rt_type not_implemented_type = {
	.base = RT_STATIC_TYPE,
	.name = "NotImplementedType",
	.size = sizeof(struct rt_object),
	.flags = RT_TYPE_FINAL,
	.repr = not_implemented_repr,
};

static struct rt_object *ellipsis_repr(struct rt_object *self)
{
	(void)self;
	return rt_str_new("Ellipsis");
}

static const struct rt_type ellipsis_type = {
	.base = RT_STATIC_TYPE,
	.name = "ellipsis",
	.size = sizeof(struct rt_object),
	.flags = RT_TYPE_FINAL,
	.repr = ellipsis_repr,
};

struct rt_object rt_none[1] = { { RT_IMMORTAL, &rt_none_type } };
struct rt_object rt_not_implemented[1] = { { RT_IMMORTAL, &not_implemented_type } };
struct rt_object rt_ellipsis[1] = { { RT_IMMORTAL, &ellipsis_type } };
