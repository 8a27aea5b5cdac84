/*
 * What can be done with any object: each function finds the slot of the type that does it, or
 * raises the TypeError that says the type cannot.  Nothing is ever converted on the way.
 *
 * Arguments are borrowed, results new; NULL or -1 means an error is pending.
 */
#ifndef RT_ABSTRACT_H
#define RT_ABSTRACT_H

#include "runtime/rt_object.h"
#include "runtime/rt_type.h"

/* The identity of @o, its address: what "is" compares. */
static inline int64_t rt_id(const struct rt_object *o)
{
	return (int64_t)(uintptr_t)o;
}

/* Text for programmers, and for users.  Str objects. */
struct rt_object *rt_repr(struct rt_object *o);
struct rt_object *rt_to_str(struct rt_object *o);

/*
 * For a repr slot of a container: 1 if the repr of @o is running already (it contains
 * itself: show "..."), else 0 and rt_repr_leave() must follow.  @frame lives on the stack.
 */
struct rt_repr_frame {
	const struct rt_object *o;
	struct rt_repr_frame *outer;
};
int rt_repr_enter(struct rt_repr_frame *frame, const struct rt_object *o);
void rt_repr_leave(struct rt_repr_frame *frame);

/*
 * Equal objects have equal hashes.  A type that defines equality but no hash is mutable, and
 * its objects unhashable (TypeError); one with neither is hashed by identity.
 */
int rt_hash(struct rt_object *o, uint64_t *ret_hash);

/* 1 true, 0 false: None, False, 0, "" and empty containers. */
int rt_truth(struct rt_object *o);

/* @a op @b as any object.  == and != always answer; order between unlike types does not. */
struct rt_object *rt_compare(struct rt_object *a, struct rt_object *b, enum rt_cmp op);

/* The truth of that; identical objects are taken as equal without being asked. */
int rt_compare_truth(struct rt_object *a, struct rt_object *b, enum rt_cmp op);

/* 1 if @a == @b, 0 if not. */
int rt_equal(struct rt_object *a, struct rt_object *b);

/* "<", "==" and so on. */
const char *rt_cmp_symbol(enum rt_cmp op);

/* @a op @b: asks @a's type, then @b's. */
struct rt_object *rt_binary(enum rt_op op, struct rt_object *a, struct rt_object *b);

/* @a op= @b: changes @a itself if its type can, else makes a new object. */
struct rt_object *rt_inplace(enum rt_op op, struct rt_object *a, struct rt_object *b);

/* op @a. */
struct rt_object *rt_unary(enum rt_unary_op op, struct rt_object *a);

/* "+", "//" and so on. */
const char *rt_op_symbol(enum rt_op op);

/* The three most used ones of rt_binary(). */
struct rt_object *rt_add(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_sub(struct rt_object *a, struct rt_object *b);
struct rt_object *rt_mul(struct rt_object *a, struct rt_object *b);

/* len(o). */
ssize_t rt_len(struct rt_object *o);

/* o[key], o[key] = value, del o[key].  0 or -1. */
struct rt_object *rt_getitem(struct rt_object *o, struct rt_object *key);
int rt_setitem(struct rt_object *o, struct rt_object *key, struct rt_object *value);
int rt_delitem(struct rt_object *o, struct rt_object *key);

/* item in o: 1 or 0; asks the type, else iterates. */
int rt_contains(struct rt_object *o, struct rt_object *item);

/* An iterator over @o. */
struct rt_object *rt_iter(struct rt_object *o);

/* The next item; at the end NULL with StopIteration raised. */
struct rt_object *rt_next(struct rt_object *iterator);

/* The same for C loops: 1 and *@ret_item, 0 at the end with no error pending, -1. */
int rt_iter_next(struct rt_object *iterator, struct rt_object **ret_item);

/* o.name, o.name = value, del o.name.  AttributeError if there is none. */
struct rt_object *rt_getattr(struct rt_object *o, const char *name);
int rt_setattr(struct rt_object *o, const char *name, struct rt_object *value);
int rt_delattr(struct rt_object *o, const char *name);

/* 1 if @o has it, 0 if not. */
int rt_hasattr(struct rt_object *o, const char *name);

/* What types without slots of their own do: computed, own and inherited attributes in turn. */
struct rt_object *rt_getattr_generic(struct rt_object *o, const char *name);
int rt_setattr_generic(struct rt_object *o, const char *name, struct rt_object *value);

/* Call @o with @n arguments and the dict @kwargs, or NULL. */
struct rt_object *rt_call(struct rt_object *o, size_t n, struct rt_object *const *args,
			  struct rt_object *kwargs);

/* Call @o with the arguments given one by one, each stolen; a NULL among them is an error. */
struct rt_object *rt_call_of(struct rt_object *o, size_t n, ...);

/* Call the method @name of @o in that way. */
struct rt_object *rt_call_method(struct rt_object *o, const char *name, size_t n, ...);

/* Whether @o can be called. */
bool rt_callable(struct rt_object *o);

#endif
