/* Operators; see rt_abstract.h.  Symbols and special methods are listed in rt_type.h. */
#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_none.h"

static const char *const symbols[] = {
#define X(NAME, symbol, special, reflected) [RT_##NAME] = symbol,
	RT_BINARY_OPS(X)
#undef X
};

static const char *const unary_symbols[] = {
#define X(NAME, symbol, special) [RT_##NAME] = symbol,
	RT_UNARY_OPS(X)
#undef X
};

const char *rt_op_symbol(enum rt_op op)
{
	return symbols[op];
}

static void *unsupported(const char *symbol, const char *suffix, struct rt_object *a,
			 struct rt_object *b)
{
	return rt_raise(RT_TYPE_ERROR, "unsupported operand type(s) for %s%s: '%s' and '%s'",
			symbol, suffix, a->type->name, b->type->name);
}

/* Ask @a's type, then @b's if it is another; rt_not_implemented if neither knows. */
static struct rt_object *ask_both(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *r = rt_not_implemented;

	if (a->type->binary)
		r = a->type->binary(op, a, b);
	if (r == rt_not_implemented && b->type->binary && b->type->binary != a->type->binary)
		r = b->type->binary(op, a, b);
	return r;
}

struct rt_object *rt_binary(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *r;

	if (!rt_expect(a, &rt_object_type) || !rt_expect(b, &rt_object_type))
		return NULL;
	r = ask_both(op, a, b);
	return r == rt_not_implemented ? unsupported(symbols[op], "", a, b) : r;
}

struct rt_object *rt_inplace(enum rt_op op, struct rt_object *a, struct rt_object *b)
{
	struct rt_object *r = rt_not_implemented;

	if (!rt_expect(a, &rt_object_type) || !rt_expect(b, &rt_object_type))
		return NULL;
	if (a->type->inplace)
		r = a->type->inplace(op, a, b);
	if (r == rt_not_implemented)
		r = ask_both(op, a, b);
	return r == rt_not_implemented ? unsupported(symbols[op], "=", a, b) : r;
}

struct rt_object *rt_unary(enum rt_unary_op op, struct rt_object *a)
{
	struct rt_object *r = rt_not_implemented;

	if (!rt_expect(a, &rt_object_type))
		return NULL;
	if (a->type->unary)
		r = a->type->unary(op, a);
	if (r != rt_not_implemented)
		return r;
	return rt_raise(RT_TYPE_ERROR, "bad operand type for unary %s: '%s'", unary_symbols[op],
			a->type->name);
}

struct rt_object *rt_add(struct rt_object *a, struct rt_object *b)
{
	return rt_binary(RT_ADD, a, b);
}

struct rt_object *rt_sub(struct rt_object *a, struct rt_object *b)
{
	return rt_binary(RT_SUB, a, b);
}

struct rt_object *rt_mul(struct rt_object *a, struct rt_object *b)
{
	return rt_binary(RT_MUL, a, b);
}
