/*
 * What instances of classes do: each slot looks its special method up in the class, and falls
 * back to what the layout (object or an exception) does; see rt_class.h.
 */
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_method.h"
#include "runtime/rt_none.h"
#include "runtime/rt_property.h"
#include "runtime/rt_str.h"

/* Call the special method @name of @self: 1 and *@ret (new), 0 if there is none, -1. */
static int special(struct rt_object *self, const char *name, size_t n, struct rt_object **args,
		   struct rt_object **ret)
{
	struct rt_args all = { .n = n, .v = args };
	struct rt_object *found;
	int r = rt_type_lookup(self->type, name, &found);

	if (r <= 0)
		return r;
	*ret = found->type == &rt_function_type ? rt_call_with_self(found, self, &all)
						: rt_call(found, n, args, NULL);
	rt_unref(found);
	return *ret ? 1 : -1;
}

/* The same where there must be one: TypeError "'C' object @cannot". */
static struct rt_object *required(struct rt_object *self, const char *name, size_t n,
				  struct rt_object **args, const char *cannot)
{
	struct rt_object *result = NULL;
	int r = special(self, name, n, args, &result);

	if (r)
		return r < 0 ? NULL : result;
	return rt_raise(RT_TYPE_ERROR, "'%s' object %s", self->type->name, cannot);
}

static struct rt_object *class_repr(struct rt_object *self)
{
	struct rt_object *result;
	int r = special(self, "__repr__", 0, NULL, &result);

	if (r)
		return r < 0 ? NULL : result;
	if (self->type->parent->repr)
		return self->type->parent->repr(self);
	return rt_str_format("<%s object at %p>", self->type->name, (void *)self);
}

static struct rt_object *class_str(struct rt_object *self)
{
	struct rt_object *result;
	int r = special(self, "__str__", 0, NULL, &result);

	if (r)
		return r < 0 ? NULL : result;
	return self->type->parent->str ? self->type->parent->str(self) : class_repr(self);
}

/* Hashable by __hash__; else by identity, unless there is __eq__. */
static int class_hash(struct rt_object *self, uint64_t *ret_hash)
{
	struct rt_object *result;
	int64_t v;
	int r = special(self, "__hash__", 0, NULL, &result);

	if (r > 0) {
		r = rt_int_value(result, &v);
		rt_unref(result);
		*ret_hash = (uint64_t)v;
		return r;
	}
	if (r == 0)
		r = rt_type_lookup(self->type, "__eq__", &result);
	if (r < 0)
		return -1;
	if (r > 0) {
		rt_unref(result);
		rt_raise(RT_TYPE_ERROR, "unhashable type: '%s'", self->type->name);
		return -1;
	}
	*ret_hash = (uint64_t)rt_id(self) >> 4;
	return 0;
}

static ssize_t class_len(struct rt_object *self)
{
	struct rt_object *result = required(self, "__len__", 0, NULL, "has no len()");
	int64_t n = -1;

	if (result && rt_int_value(result, &n) == 0 && n < 0)
		rt_raise(RT_VALUE_ERROR, "__len__() should return >= 0");
	rt_unref(result);
	return n < 0 ? -1 : n;
}

/* By __bool__, else __len__, else true. */
static int class_truth(struct rt_object *self)
{
	struct rt_object *result;
	int r = special(self, "__bool__", 0, NULL, &result);

	if (r == 0)
		r = special(self, "__len__", 0, NULL, &result);
	if (r <= 0)
		return r < 0 ? -1 : 1;
	r = rt_truth(result);
	rt_unref(result);
	return r;
}

static struct rt_object *class_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op)
{
	static const char *const names[] = {
#define X(NAME, symbol, special_, swapped) [RT_##NAME] = special_,
		RT_COMPARISONS(X)
#undef X
	};
	struct rt_object *result;
	int r = special(a, names[op], 1, &b, &result);

	if (r)
		return r < 0 ? NULL : result;
	if (op != RT_NE)
		return rt_not_implemented;
	r = special(a, "__eq__", 1, &b, &result); /* != is what == is not */
	if (r <= 0 || result == rt_not_implemented)
		return r < 0 ? NULL : rt_not_implemented;
	r = rt_truth(result);
	rt_unref(result);
	return r < 0 ? NULL : rt_bool(!r);
}

static const struct {
	const char *name, *reflected;
} binary_names[] = {
#define X(NAME, symbol, special_, reflected_) [RT_##NAME] = { special_, reflected_ },
	RT_BINARY_OPS(X)
#undef X
};

/* a.__op__(b); if that does not know, b.__rop__(a). */
static struct rt_object *class_binary(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *result;
	int r = 0;

	if (a->type->flags & RT_TYPE_CLASS)
		r = special(a, binary_names[op].name, 1, &b, &result);
	if (r < 0 || (r > 0 && result != rt_not_implemented))
		return r < 0 ? NULL : result;
	r = 0;
	if ((b->type->flags & RT_TYPE_CLASS) && a->type != b->type)
		r = special(b, binary_names[op].reflected, 1, &a, &result);
	if (r)
		return r < 0 ? NULL : result;
	return rt_not_implemented;
}

/* "__add__" is "__iadd__" in place. */
static struct rt_object *class_inplace(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *result;
	char name[32] = "__i";
	int r;

	strncat(name, binary_names[op].name + 2, sizeof(name) - 4);
	r = special(a, name, 1, &b, &result);
	if (r)
		return r < 0 ? NULL : result;
	return rt_not_implemented;
}

static struct rt_object *class_unary(enum rt_unary_op op, struct rt_object *self)
{
	static const char *const names[] = {
#define X(NAME, symbol, special_) [RT_##NAME] = special_,
		RT_UNARY_OPS(X)
#undef X
	};
	struct rt_object *result;
	int r = special(self, names[op], 0, NULL, &result);

	return r > 0 ? result : r < 0 ? NULL : rt_not_implemented;
}

static struct rt_object *class_getitem(struct rt_object *self, struct rt_object *key)
{
	return required(self, "__getitem__", 1, &key, "is not subscriptable");
}

static int class_setitem(struct rt_object *self, struct rt_object *key, struct rt_object *value)
{
	struct rt_object *args[] = { key, value }, *result;

	if (value)
		result = required(self, "__setitem__", 2, args, "does not support item assignment");
	else
		result = required(self, "__delitem__", 1, args, "does not support item deletion");
	rt_unref(result);
	return result ? 0 : -1;
}

static int class_contains(struct rt_object *self, struct rt_object *item)
{
	struct rt_object *result, *it, *one;
	int r = special(self, "__contains__", 1, &item, &result);

	if (r < 0)
		return -1;
	if (r > 0) {
		r = rt_truth(result);
		rt_unref(result);
		return r;
	}
	it = rt_iter(self);
	if (!it)
		return -1;
	while ((r = rt_iter_next(it, &one)) > 0) {
		r = rt_equal(one, item);
		rt_unref(one);
		if (r)
			break;
	}
	rt_unref(it);
	return r;
}

static struct rt_object *class_iter(struct rt_object *self)
{
	return required(self, "__iter__", 0, NULL, "is not iterable");
}

static struct rt_object *class_next(struct rt_object *self)
{
	return required(self, "__next__", 0, NULL, "is not an iterator");
}

/* What is found nowhere is asked of __getattr__. */
static struct rt_object *class_getattr(struct rt_object *self, const char *name)
{
	struct rt_object *found = rt_getattr_generic(self, name), *error, *text, *result = NULL;
	int r;

	if (found || !rt_error_is(RT_ATTRIBUTE_ERROR))
		return found;
	error = rt_error_take();
	text = rt_str_new(name);
	r = text ? special(self, "__getattr__", 1, &text, &result) : -1;
	rt_unref(text);
	if (r) {
		rt_unref(error);
		return r < 0 ? NULL : result;
	}
	rt_error_restore(error);
	return NULL;
}

static int class_setattr(struct rt_object *self, const char *name, struct rt_object *value)
{
	struct rt_object *args[2] = { NULL, value }, *result = NULL, *found;
	int r = value ? rt_type_lookup(self->type, "__setattr__", &found) : 0;

	if (r <= 0)
		return r < 0 ? -1 : rt_setattr_generic(self, name, value);
	args[0] = rt_str_new(name);
	if (args[0])
		result = rt_call_with_self(found, self, &(struct rt_args) { .n = 2, .v = args });
	rt_unref(found);
	rt_unref(args[0]);
	rt_unref(result);
	return result ? 0 : -1;
}

static struct rt_object *class_call(struct rt_object *self, const struct rt_args *args)
{
	struct rt_object *call, *result;
	int r = rt_type_lookup(self->type, "__call__", &call);

	if (r < 0)
		return NULL;
	if (!r)
		return rt_raise(RT_TYPE_ERROR, "'%s' object is not callable", self->type->name);
	result = rt_call_with_self(call, self, args);
	rt_unref(call);
	return result;
}

static void class_finalize(struct rt_object *self)
{
	struct rt_object *result = NULL;

	(void)special(self, "__del__", 0, NULL, &result);
	rt_unref(result);
}

static int instance_traverse(struct rt_object *self, rt_visit visit, void *arg)
{
	return rt_visit_one(((struct rt_instance *)self)->dict, visit, arg);
}

static void instance_clear(struct rt_object *self)
{
	rt_assign(&((struct rt_instance *)self)->dict, NULL);
}

void rt_class_set_slots(struct rt_type *type)
{
	bool plain = type->parent == &rt_object_type;

	type->traverse = plain ? instance_traverse : type->parent->traverse;
	type->clear = plain ? instance_clear : type->parent->clear;
	type->finalize = class_finalize;
	type->repr = class_repr;
	type->str = class_str;
	type->hash = class_hash;
	type->truth = class_truth;
	type->compare = class_compare;
	type->binary = class_binary;
	type->inplace = class_inplace;
	type->unary = class_unary;
	type->len = class_len;
	type->getitem = class_getitem;
	type->setitem = class_setitem;
	type->contains = class_contains;
	type->iter = class_iter;
	type->next = class_next;
	type->getattr = class_getattr;
	type->setattr = class_setattr;
	type->call = class_call;
}
