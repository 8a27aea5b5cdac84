/* Integers of 64 bits; see rt_int.h. */
#include "runtime/rt_int.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_float.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"

#define SMALL_MIN (-5)
#define SMALL_MAX 256

/* Filled when first asked for. */
static struct rt_int small[SMALL_MAX - SMALL_MIN + 1];

struct rt_object *rt_int_new(int64_t v)
{
	struct rt_int *i;

	if (v >= SMALL_MIN && v <= SMALL_MAX) {
		i = &small[v - SMALL_MIN];
		if (!i->base.type)
			*i = (struct rt_int) { { RT_IMMORTAL, &rt_int_type }, v };
		return &i->base;
	}
	i = rt_new(&rt_int_type);
	if (!i)
		return NULL;
	i->v = v;
	return &i->base;
}

int rt_int_value(struct rt_object *o, int64_t *ret_v)
{
	if (!rt_expect(o, &rt_int_type))
		return -1;
	*ret_v = ((struct rt_int *)o)->v;
	return 0;
}

static struct rt_object *too_large(const char *symbol)
{
	return rt_raise(RT_OVERFLOW_ERROR, "result of %s does not fit in 64 bits", symbol);
}

/* Division rounds down, as the remainder has the sign of the divisor. */
static struct rt_object *divide(enum rt_op op, int64_t a, int64_t b)
{
	int64_t quotient, rest;

	if (b == 0)
		return rt_raise(RT_ZERO_DIVISION_ERROR, "division by zero");
	if (op == RT_TRUEDIV)
		return rt_float_new((double)a / (double)b);
	if (b == -1) /* of the smallest int: overflows, and its remainder traps */
		return op == RT_MOD	? rt_int_new(0)
		       : a == INT64_MIN ? too_large("//")
					: rt_int_new(-a);
	quotient = a / b;
	rest = a % b;
	if (rest && (rest < 0) != (b < 0)) {
		quotient--;
		rest += b;
	}
	return rt_int_new(op == RT_MOD ? rest : quotient);
}

static struct rt_object *power(int64_t base, int64_t exponent)
{
	int64_t result = 1;

	if (exponent < 0)
		return base ? rt_float_new(pow((double)base, (double)exponent))
			    : rt_raise(RT_ZERO_DIVISION_ERROR, "zero to a negative power");
	while (exponent) {
		if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
			return too_large("**");
		exponent >>= 1;
		if (exponent && __builtin_mul_overflow(base, base, &base))
			return too_large("**");
	}
	return rt_int_new(result);
}

static struct rt_object *shift(enum rt_op op, int64_t a, int64_t by)
{
	int64_t result;

	if (by < 0)
		return rt_raise(RT_VALUE_ERROR, "negative shift count");
	if (op == RT_RSHIFT)
		return rt_int_new(by > 63 ? (a < 0 ? -1 : 0) : a >> by);
	if (a == 0)
		return rt_int_new(0);
	if (by > 62 || __builtin_mul_overflow(a, INT64_C(1) << by, &result))
		return too_large("<<");
	return rt_int_new(result);
}

struct rt_object *rt_int_binary(enum rt_op op, struct rt_object *left, struct rt_object *right)
{
	int64_t a, b, r;

	if (!rt_is(left, &rt_int_type) || !rt_is(right, &rt_int_type))
		return rt_not_implemented;
	a = ((struct rt_int *)left)->v;
	b = ((struct rt_int *)right)->v;
	switch (op) {
	case RT_ADD:
		return __builtin_add_overflow(a, b, &r) ? too_large("+") : rt_int_new(r);
	case RT_SUB:
		return __builtin_sub_overflow(a, b, &r) ? too_large("-") : rt_int_new(r);
	case RT_MUL:
		return __builtin_mul_overflow(a, b, &r) ? too_large("*") : rt_int_new(r);
	case RT_TRUEDIV:
	case RT_FLOORDIV:
	case RT_MOD:
		return divide(op, a, b);
	case RT_POW:
		return power(a, b);
	case RT_LSHIFT:
	case RT_RSHIFT:
		return shift(op, a, b);
	case RT_AND:
		return rt_int_new(a & b);
	case RT_OR:
		return rt_int_new(a | b);
	case RT_XOR:
		return rt_int_new(a ^ b);
	}
	return rt_not_implemented;
}

struct rt_object *rt_int_unary(enum rt_unary_op op, struct rt_object *self)
{
	int64_t v = ((struct rt_int *)self)->v;

	switch (op) {
	case RT_NEG:
		return v == INT64_MIN ? too_large("-") : rt_int_new(-v);
	case RT_ABS:
		return v == INT64_MIN ? too_large("abs") : rt_int_new(v < 0 ? -v : v);
	case RT_INVERT:
		return rt_int_new(~v);
	case RT_POS:
		return rt_int_new(v);
	}
	return rt_not_implemented;
}

struct rt_object *rt_int_compare(struct rt_object *left, struct rt_object *right, enum rt_cmp op)
{
	int64_t a, b;

	if (!rt_is(left, &rt_int_type) || !rt_is(right, &rt_int_type))
		return rt_not_implemented;
	a = ((struct rt_int *)left)->v;
	b = ((struct rt_int *)right)->v;
	switch (op) {
	case RT_LT:
		return rt_bool(a < b);
	case RT_LE:
		return rt_bool(a <= b);
	case RT_EQ:
		return rt_bool(a == b);
	case RT_NE:
		return rt_bool(a != b);
	case RT_GT:
		return rt_bool(a > b);
	case RT_GE:
		return rt_bool(a >= b);
	}
	return rt_not_implemented;
}

int rt_int_hash(struct rt_object *self, uint64_t *ret_hash)
{
	*ret_hash = (uint64_t)((struct rt_int *)self)->v;
	return 0;
}

int rt_int_truth(struct rt_object *self)
{
	return ((struct rt_int *)self)->v != 0;
}

static struct rt_object *int_repr(struct rt_object *self)
{
	return rt_str_format("%" PRId64, ((struct rt_int *)self)->v);
}

static struct rt_object *parse(struct rt_object *text)
{
	const char *s = rt_str_chars(text);
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 10);
	while (*end == ' ' || *end == '\n' || *end == '\t')
		end++;
	if (end == s || (size_t)(end - s) != rt_str_size(text))
		return rt_raise(RT_VALUE_ERROR, "invalid literal for int(): '%s'", s);
	if (errno == ERANGE)
		return too_large("int()");
	return rt_int_new(v);
}

static struct rt_object *int_construct(const struct rt_type *type, const struct rt_args *args)
{
	struct rt_object *from = args->n ? args->v[0] : NULL;
	double d;

	(void)type;
	if (args->n > 1 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "int() takes at most 1 argument");
	if (!from)
		return rt_int_new(0);
	if (rt_is(from, &rt_int_type))
		return rt_int_new(((struct rt_int *)from)->v);
	if (rt_is(from, &rt_str_type))
		return parse(from);
	if (!rt_is(from, &rt_float_type))
		return rt_raise(RT_TYPE_ERROR, "int() argument must be a str or a number, not '%s'",
				from->type->name);
	d = trunc(((struct rt_float *)from)->v);
	if (isnan(d))
		return rt_raise(RT_VALUE_ERROR, "cannot convert float NaN to int");
	if (d < -0x1p63 || d >= 0x1p63)
		return too_large("int()");
	return rt_int_new((int64_t)d);
}

const struct rt_type rt_int_type = {
	.base = RT_STATIC_TYPE,
	.name = "int",
	.size = sizeof(struct rt_int),
	.flags = RT_TYPE_FINAL,
	.repr = int_repr,
	.hash = rt_int_hash,
	.truth = rt_int_truth,
	.compare = rt_int_compare,
	.binary = rt_int_binary,
	.unary = rt_int_unary,
	.construct = int_construct,
};
