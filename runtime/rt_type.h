/*
 * Types: a table of slots saying what the objects of a type can do.  A slot that is NULL is
 * something they cannot do; rt_abstract.h turns that into a TypeError that names the type.
 *
 * A type is an object itself.  Those in C are constants and immortal; classes (rt_class.h)
 * are made at run time, begin with a struct rt_type, and are counted and collected.
 *
 * Slots get objects of their own type as @self, hold no locks, and may be called with an
 * error pending only where said.
 */
#ifndef RT_TYPE_H
#define RT_TYPE_H

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"

/* Binary operators: X(NAME, symbol, special method, its reflection). */
#define RT_BINARY_OPS(X) \
	X(ADD, "+", "__add__", "__radd__") \
	X(SUB, "-", "__sub__", "__rsub__") \
	X(MUL, "*", "__mul__", "__rmul__") \
	X(TRUEDIV, "/", "__truediv__", "__rtruediv__") \
	X(FLOORDIV, "//", "__floordiv__", "__rfloordiv__") \
	X(MOD, "%", "__mod__", "__rmod__") \
	X(POW, "**", "__pow__", "__rpow__") \
	X(LSHIFT, "<<", "__lshift__", "__rlshift__") \
	X(RSHIFT, ">>", "__rshift__", "__rrshift__") \
	X(AND, "&", "__and__", "__rand__") \
	X(OR, "|", "__or__", "__ror__") \
	X(XOR, "^", "__xor__", "__rxor__")

enum rt_op {
#define X(NAME, symbol, special, reflected) RT_##NAME,
	RT_BINARY_OPS(X)
#undef X
};

/* Unary operators: X(NAME, symbol, special method). */
#define RT_UNARY_OPS(X) \
	X(NEG, "-", "__neg__") \
	X(POS, "+", "__pos__") \
	X(INVERT, "~", "__invert__") \
	X(ABS, "abs", "__abs__")

enum rt_unary_op {
#define X(NAME, symbol, special) RT_##NAME,
	RT_UNARY_OPS(X)
#undef X
};

/* Comparisons: X(NAME, symbol, special method, the operator with its sides swapped). */
#define RT_COMPARISONS(X) \
	X(LT, "<", "__lt__", GT) \
	X(LE, "<=", "__le__", GE) \
	X(EQ, "==", "__eq__", EQ) \
	X(NE, "!=", "__ne__", NE) \
	X(GT, ">", "__gt__", LT) \
	X(GE, ">=", "__ge__", LE)

enum rt_cmp {
#define X(NAME, symbol, special, swapped) RT_##NAME,
	RT_COMPARISONS(X)
#undef X
};

/* Called with each object another one refers to.  Nonzero ends the walk. */
typedef int (*rt_visit)(struct rt_object *referent, void *arg);

/* A computed attribute.  @set is NULL where it is read-only. */
struct rt_getset {
	const char *name;
	struct rt_object *(*get)(struct rt_object *self);
	int (*set)(struct rt_object *self, struct rt_object *value);
};

enum rt_type_flags {
	RT_TYPE_CONTAINER = 1 << 0, /* may hold references to any object: has a head for GC */
	RT_TYPE_CLASS = 1 << 1, /* made at run time: a struct rt_class */
	RT_TYPE_FINAL = 1 << 2, /* classes may not inherit from it */
};

struct rt_type {
	struct rt_object base;
	const char *name;
	const char *doc; /* or NULL */
	const struct rt_type *parent; /* NULL: object */
	size_t size; /* bytes of an object, header included */
	unsigned int flags; /* enum rt_type_flags */
	size_t dict_offset; /* of a struct rt_object * to a dict of attributes; 0: has none */
	size_t weak_offset; /* of the first weak reference to it; 0: cannot have any */

	/* Life.  @clear drops all references and leaves a valid, empty object. */
	int (*traverse)(struct rt_object *self, rt_visit visit, void *arg);
	void (*clear)(struct rt_object *self);
	void (*finalize)(struct rt_object *self); /* once; may resurrect; no error pending */
	void (*release)(struct rt_object *self); /* memory and descriptors, after @clear */

	struct rt_object *(*repr)(struct rt_object *self);
	struct rt_object *(*str)(struct rt_object *self); /* NULL: as @repr */
	int (*hash)(struct rt_object *self, uint64_t *ret_hash); /* NULL: see rt_hash() */
	int (*truth)(struct rt_object *self); /* NULL: by @len, else true */

	/* Operators get both sides in order; rt_not_implemented means "ask the other". */
	struct rt_object *(*compare)(struct rt_object *a, struct rt_object *b, enum rt_cmp op);
	struct rt_object *(*binary)(enum rt_op op, struct rt_object *a, struct rt_object *b);
	struct rt_object *(*inplace)(enum rt_op op, struct rt_object *a, struct rt_object *b);
	struct rt_object *(*unary)(enum rt_unary_op op, struct rt_object *a);

	ssize_t (*len)(struct rt_object *self);
	struct rt_object *(*getitem)(struct rt_object *self, struct rt_object *key);
	int (*setitem)(struct rt_object *self, struct rt_object *key, struct rt_object *value);
	int (*contains)(struct rt_object *self, struct rt_object *item);
	struct rt_object *(*iter)(struct rt_object *self);
	struct rt_object *(*next)(struct rt_object *self); /* NULL, no error: exhausted */

	/* @setattr and @setitem delete where @value is NULL. */
	struct rt_object *(*getattr)(struct rt_object *self, const char *name);
	int (*setattr)(struct rt_object *self, const char *name, struct rt_object *value);
	struct rt_object *(*call)(struct rt_object *self, const struct rt_args *args);
	struct rt_object *(*construct)(const struct rt_type *type, const struct rt_args *args);

	const struct rt_function_spec *methods; /* or NULL; ends with a NULL name */
	const struct rt_getset *getsets; /* or NULL; ends with a NULL name */
};

extern const struct rt_type rt_object_type; /* object: the end of every line */
extern const struct rt_type rt_type_type; /* type: the type of types */

/* The head of a static type's initialiser. */
#define RT_STATIC_TYPE \
	{ \
		RT_IMMORTAL, &rt_type_type \
	}

/* @type as an object, borrowed. */
static inline struct rt_object *rt_type_object(const struct rt_type *type)
{
	return (struct rt_object *)(uintptr_t)&type->base;
}

/* Whether @o is a type or class. */
bool rt_is_type(const struct rt_object *o);

/* Whether @type is @of or inherits from it. */
bool rt_type_inherits(const struct rt_type *type, const struct rt_type *of);

/* Whether @o is an object of @type or of one that inherits from it; false for NULL. */
bool rt_is(const struct rt_object *o, const struct rt_type *type);

/* The same, and raises TypeError "expected list, not 'int'" when it is not. */
bool rt_expect(const struct rt_object *o, const struct rt_type *type);

/*
 * Look @name up in @type and what it inherits from, not in any instance.
 * Return: 1 and *@ret (new), 0 if there is none, -1 on error.
 */
int rt_type_lookup(const struct rt_type *type, const char *name, struct rt_object **ret);

/* Visit all that @o refers to, its class included.  Return: what ended the walk, or 0. */
int rt_traverse(struct rt_object *o, rt_visit visit, void *arg);

/* For a traverse slot: visit @o unless it is NULL. */
static inline int rt_visit_one(struct rt_object *o, rt_visit visit, void *arg)
{
	return o ? visit(o, arg) : 0;
}

#endif
