/* Names; see rt_names.h. */
#include "runtime/rt_names.h"

#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"

static void *not_defined(const char *name)
{
	return rt_raise(RT_NAME_ERROR, "name '%s' is not defined", name);
}

int rt_name_bind(struct rt_object *namespace, const char *name, struct rt_object *value)
{
	return rt_dict_set_name(namespace, name, value);
}

struct rt_object *rt_name_resolve(size_t n, struct rt_object *const *namespaces, const char *name)
{
	struct rt_object *value;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = rt_dict_find_name(namespaces[i], name, &value);
	if (r)
		return r < 0 ? NULL : value;
	return not_defined(name);
}

struct rt_object *rt_name_load(struct rt_object *namespace, const char *name)
{
	return rt_name_resolve(1, &namespace, name);
}

int rt_name_delete(struct rt_object *namespace, const char *name)
{
	int r = rt_dict_delete_name(namespace, name);

	if (r == 0)
		not_defined(name);
	return r > 0 ? 0 : -1;
}
