/* Cells; see rt_cell.h. */
#include "runtime/rt_cell.h"

#include "runtime/rt_buf.h"
#include "runtime/rt_error.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

struct rt_object *rt_cell_new(struct rt_object *value)
{
	struct rt_cell *c = rt_new(&rt_cell_type);

	if (!c)
		return NULL;
	c->value = rt_ref(value);
	return &c->base;
}

struct rt_object *rt_cell_get(struct rt_object *cell)
{
	struct rt_cell *c = (struct rt_cell *)cell;

	if (!rt_expect(cell, &rt_cell_type))
		return NULL;
	return c->value ? rt_ref(c->value) : rt_raise(RT_NAME_ERROR, "free variable is not set");
}

int rt_cell_set(struct rt_object *cell, struct rt_object *value)
{
	if (!rt_expect(cell, &rt_cell_type))
		return -1;
	rt_assign(&((struct rt_cell *)cell)->value, rt_ref(value));
	return 0;
}

static int cell_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_visit_one(((struct rt_cell *)self)->value, visit, arg);
}

static void cell_clear(struct rt_object *self)
{
	rt_assign(&((struct rt_cell *)self)->value, NULL);
}

static struct rt_object *cell_repr(struct rt_object *self)
{
	struct rt_cell *c = (struct rt_cell *)self;

	if (!c->value)
		return rt_str_format("<cell at %p: empty>", (void *)self);
	return rt_str_format("<cell at %p: %s object at %p>", (void *)self, c->value->type->name,
			     (void *)c->value);
}

const struct rt_type rt_cell_type = {
	.base = RT_STATIC_TYPE,
	.name = "cell",
	.size = sizeof(struct rt_cell),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.traverse = cell_traverse,
	.clear = cell_clear,
	.repr = cell_repr,
};
