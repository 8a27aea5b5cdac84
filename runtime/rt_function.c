/* Functions as values; see rt_function.h.  Arguments are arranged in rt_bind.c. */
#include "runtime/rt_function.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_cell.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_type.h"

struct function {
	struct rt_object base;
	const struct rt_function_spec *spec;
	struct rt_object *name; /* str that replaces the spec's, or NULL */
	struct rt_object *doc; /* object that replaces the spec's, or NULL */
	struct rt_object *defaults; /* tuple, or NULL */
	struct rt_object *cells; /* tuple, or NULL */
	struct rt_object *dict; /* attributes, or NULL while there are none */
	struct rt_weakref *weak;
};

struct rt_object *rt_function_new(const struct rt_function_spec *spec, struct rt_object *defaults,
				  struct rt_object *cells)
{
	struct function *f;

	if ((defaults && !rt_expect(defaults, &rt_tuple_type)) ||
	    (cells && !rt_expect(cells, &rt_tuple_type)))
		return NULL;
	f = rt_new(&rt_function_type);
	if (!f)
		return NULL;
	f->spec = spec;
	f->defaults = rt_ref(defaults);
	f->cells = rt_ref(cells);
	return &f->base;
}

struct rt_object *rt_closure_new(const struct rt_function_spec *spec, size_t n,
				 struct rt_object *const *values)
{
	struct rt_object *cells[RT_MAX_PARAMETERS] = { 0 }, *tuple = NULL, *f = NULL;
	size_t made = 0;

	if (n > RT_MAX_PARAMETERS)
		return rt_raise(RT_SYSTEM_ERROR, "more than %d cells", RT_MAX_PARAMETERS);
	while (made < n && (cells[made] = rt_cell_new(values[made])))
		made++;
	if (made == n)
		tuple = rt_tuple_from(n, cells);
	if (tuple)
		f = rt_function_new(spec, NULL, tuple);
	rt_unref(tuple);
	while (made > 0)
		rt_unref(cells[--made]);
	return f;
}

/* Cell @i of the function being called, borrowed. */
static struct rt_object *cell_at(const struct rt_args *args, size_t i)
{
	struct function *f = (struct function *)args->callee;

	if (!rt_expect(args->callee, &rt_function_type))
		return NULL;
	if (!f->cells)
		return rt_raise(RT_SYSTEM_ERROR, "%s() is no closure", f->spec->name);
	return rt_tuple_at(f->cells, i);
}

struct rt_object *rt_args_free_variable(const struct rt_args *args, size_t i)
{
	struct rt_object *cell = cell_at(args, i);

	return cell ? rt_cell_get(cell) : NULL;
}

int rt_args_set_free_variable(const struct rt_args *args, size_t i, struct rt_object *value)
{
	struct rt_object *cell = cell_at(args, i);

	return cell ? rt_cell_set(cell, value) : -1;
}

static int function_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	struct function *f = (struct function *)self;
	int r = rt_visit_one(f->doc, visit, arg);

	if (!r)
		r = rt_visit_one(f->defaults, visit, arg);
	if (!r)
		r = rt_visit_one(f->cells, visit, arg);
	return r ? r : rt_visit_one(f->dict, visit, arg);
}

static void function_clear(struct rt_object *self)
{
	struct function *f = (struct function *)self;

	rt_assign(&f->name, NULL);
	rt_assign(&f->doc, NULL);
	rt_assign(&f->defaults, NULL);
	rt_assign(&f->cells, NULL);
	rt_assign(&f->dict, NULL);
}

static const char *name_of(const struct function *f)
{
	return f->name ? rt_str_chars(f->name) : f->spec->name;
}

static struct rt_object *function_repr(struct rt_object *self)
{
	return rt_str_format("<function %s at %p>", name_of((struct function *)self), (void *)self);
}

static struct rt_object *function_call(struct rt_object *self, const struct rt_args *args)
{
	struct function *f = (struct function *)self;
	struct rt_object *result;

	rt_ref(self); /* it may be deleted while it runs */
	rt_hook_call(f->spec->name);
	result = rt_bind_and_call(f->spec, f->defaults, args);
	rt_hook_return(f->spec->name);
	rt_unref(self);
	return result;
}

static struct rt_object *get_name(struct rt_object *self)
{
	return rt_str_new(name_of((struct function *)self));
}

static int set_name(struct rt_object *self, struct rt_object *value)
{
	if (!rt_expect(value, &rt_str_type))
		return -1;
	rt_assign(&((struct function *)self)->name, rt_ref(value));
	return 0;
}

static struct rt_object *get_doc(struct rt_object *self)
{
	struct function *f = (struct function *)self;

	if (f->doc)
		return rt_ref(f->doc);
	return f->spec->doc ? rt_str_new(f->spec->doc) : rt_none;
}

static int set_doc(struct rt_object *self, struct rt_object *value)
{
	rt_assign(&((struct function *)self)->doc, rt_ref(value));
	return 0;
}

static struct rt_object *get_defaults(struct rt_object *self)
{
	struct function *f = (struct function *)self;

	return f->defaults ? rt_ref(f->defaults) : rt_none;
}

static struct rt_object *get_closure(struct rt_object *self)
{
	struct function *f = (struct function *)self;

	return f->cells ? rt_ref(f->cells) : rt_none;
}

static const struct rt_getset getsets[] = {
	{ "__name__", get_name, set_name },	    { "__doc__", get_doc, set_doc },
	{ "__defaults__", get_defaults },	    { "__closure__", get_closure },
	{ "__signature__", rt_function_signature }, { 0 },
};

const struct rt_function_spec *rt_function_get(struct rt_object *function,
					       struct rt_object **ret_defaults)
{
	*ret_defaults = ((struct function *)function)->defaults;
	return ((struct function *)function)->spec;
}

const struct rt_type rt_function_type = {
	.base = RT_STATIC_TYPE,
	.name = "function",
	.size = sizeof(struct function),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.dict_offset = offsetof(struct function, dict),
	.weak_offset = offsetof(struct function, weak),
	.traverse = function_traverse,
	.clear = function_clear,
	.repr = function_repr,
	.call = function_call,
	.getsets = getsets,
};
