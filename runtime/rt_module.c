/* Modules; see rt_module.h. */
#include "runtime/rt_module.h"

#include "runtime/rt_abstract.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"
#include "runtime/rt_weakref.h"

struct module {
	struct rt_object base;
	struct rt_object *name; /* str */
	struct rt_object *dict;
	struct rt_weakref *weak;
};

/* Put @functions and the name into the namespace.  0 or -1. */
static int fill(struct module *m, const struct rt_function_spec *functions)
{
	struct rt_object *f;
	int r = rt_dict_set_name(m->dict, "__name__", m->name);

	for (; r == 0 && functions && functions->name; functions++) {
		f = rt_function_new(functions, NULL, NULL);
		r = f ? rt_dict_set_name(m->dict, functions->name, f) : -1;
		rt_unref(f);
	}
	return r;
}

struct rt_object *rt_module_new(const char *name, const struct rt_function_spec *functions)
{
	struct module *m = rt_new(&rt_module_type);

	if (!m)
		return NULL;
	m->name = rt_str_new(name);
	m->dict = m->name ? rt_dict_new() : NULL;
	if (!m->dict || fill(m, functions) < 0)
		return rt_unref(&m->base);
	return &m->base;
}

struct rt_object *rt_module_dict(struct rt_object *module)
{
	return rt_expect(module, &rt_module_type) ? ((struct module *)module)->dict : NULL;
}

static int module_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_visit_one(((struct module *)self)->dict, visit, arg);
}

static void module_clear(struct rt_object *self)
{
	rt_assign(&((struct module *)self)->dict, NULL);
	rt_assign(&((struct module *)self)->name, NULL);
}

static const char *name_of(struct rt_object *self)
{
	struct rt_object *name = ((struct module *)self)->name;

	return name ? rt_str_chars(name) : "?";
}

static struct rt_object *module_repr(struct rt_object *self)
{
	return rt_str_format("<module '%s'>", name_of(self));
}

/* What is in the namespace is as it is: a function of a module gets no self. */
static struct rt_object *module_getattr(struct rt_object *self, const char *name)
{
	struct rt_object *dict = ((struct module *)self)->dict, *found;

	if (dict && rt_dict_find_name(dict, name, &found) > 0)
		return found;
	found = rt_getattr_generic(self, name);
	if (!found && rt_error_catch(RT_ATTRIBUTE_ERROR))
		rt_raise(RT_ATTRIBUTE_ERROR, "module '%s' has no attribute '%s'", name_of(self),
			 name);
	return found;
}

const struct rt_type rt_module_type = {
	.base = RT_STATIC_TYPE,
	.name = "module",
	.size = sizeof(struct module),
	.flags = RT_TYPE_CONTAINER | RT_TYPE_FINAL,
	.dict_offset = offsetof(struct module, dict),
	.weak_offset = offsetof(struct module, weak),
	.traverse = module_traverse,
	.clear = module_clear,
	.repr = module_repr,
	.getattr = module_getattr,
};
