/* Floating point numbers; see rt_float.h. */
#include "runtime/rt_float.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_type.h"

struct rt_object *rt_float_new(double v)
{
	struct rt_float *f = rt_new(&rt_float_type);

	if (!f)
		return NULL;
	f->v = v;
	return &f->base;
}

/* A long double has the 64 bits it takes to hold an int exactly. */
static bool number(struct rt_object *o, long double *ret_v)
{
	if (rt_is(o, &rt_float_type))
		*ret_v = ((struct rt_float *)o)->v;
	else if (rt_is(o, &rt_int_type))
		*ret_v = ((struct rt_int *)o)->v;
	else
		return false;
	return true;
}

int rt_float_value(struct rt_object *o, double *ret_v)
{
	long double v;

	if (!number(o, &v)) {
		(void)rt_expect(o, &rt_float_type);
		return -1;
	}
	*ret_v = (double)v;
	return 0;
}

static struct rt_object *float_compare(struct rt_object *left, struct rt_object *right,
				       enum rt_cmp op)
{
	long double a, b;

	if (!number(left, &a) || !number(right, &b))
		return rt_not_implemented;
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

static struct rt_object *divide(enum rt_op op, double a, double b)
{
	double rest;

	if (b == 0)
		return rt_raise(RT_ZERO_DIVISION_ERROR, "float division by zero");
	if (op == RT_TRUEDIV)
		return rt_float_new(a / b);
	rest = fmod(a, b);
	if (rest != 0 && (rest < 0) != (b < 0))
		rest += b;
	return rt_float_new(op == RT_MOD ? rest : floor((a - rest) / b + 0.5));
}

static struct rt_object *float_binary(enum rt_op op, struct rt_object *left,
				      struct rt_object *right)
{
	long double x, y;
	double a, b;

	if (!number(left, &x) || !number(right, &y))
		return rt_not_implemented;
	a = (double)x;
	b = (double)y;
	switch (op) {
	case RT_ADD:
		return rt_float_new(a + b);
	case RT_SUB:
		return rt_float_new(a - b);
	case RT_MUL:
		return rt_float_new(a * b);
	case RT_TRUEDIV:
	case RT_FLOORDIV:
	case RT_MOD:
		return divide(op, a, b);
	case RT_POW:
		if (a == 0 && b < 0)
			return rt_raise(RT_ZERO_DIVISION_ERROR, "zero to a negative power");
		return rt_float_new(pow(a, b));
	default:
		return rt_not_implemented;
	}
}

static struct rt_object *float_unary(enum rt_unary_op op, struct rt_object *self)
{
	double v = ((struct rt_float *)self)->v;

	switch (op) {
	case RT_NEG:
		return rt_float_new(-v);
	case RT_POS:
		return rt_float_new(v);
	case RT_ABS:
		return rt_float_new(fabs(v));
	default:
		return rt_not_implemented;
	}
}

/* A float that is equal to an int hashes like it. */
static int float_hash(struct rt_object *self, uint64_t *ret_hash)
{
	double v = ((struct rt_float *)self)->v;

	if (v == trunc(v) && v >= -0x1p63 && v < 0x1p63)
		*ret_hash = (uint64_t)(int64_t)v;
	else
		memcpy(ret_hash, &v, sizeof(v));
	return 0;
}

static int float_truth(struct rt_object *self)
{
	return ((struct rt_float *)self)->v != 0;
}

/* The shortest digits that read back as the same number, and never like an int. */
static struct rt_object *float_repr(struct rt_object *self)
{
	double v = ((struct rt_float *)self)->v;
	char text[40];

	if (isnan(v))
		return rt_str_new("nan");
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (!isinf(v) && fabs(v) < 1e16 && fabs(v) >= 1e-4 && strchr(text, 'e'))
		snprintf(text, sizeof(text), "%.0f", v); /* 1e+15: as 1000000000000000 */
	if (!strpbrk(text, ".einf"))
		strcat(text, ".0");
	return rt_str_new(text);
}

static struct rt_object *float_construct(const struct rt_type *type, const struct rt_args *args)
{
	struct rt_object *from = args->n ? args->v[0] : NULL;
	const char *s;
	char *end;
	double v;

	(void)type;
	if (args->n > 1 || args->kwargs)
		return rt_raise(RT_TYPE_ERROR, "float() takes at most 1 argument");
	if (!from)
		return rt_float_new(0);
	if (!rt_is(from, &rt_str_type))
		return rt_float_value(from, &v) < 0 ? NULL : rt_float_new(v);
	s = rt_str_chars(from);
	v = strtod(s, &end);
	if (end == s || (size_t)(end - s) != rt_str_size(from))
		return rt_raise(RT_VALUE_ERROR, "could not convert string to float: '%s'", s);
	return rt_float_new(v);
}

const struct rt_type rt_float_type = {
	.base = RT_STATIC_TYPE,
	.name = "float",
	.size = sizeof(struct rt_float),
	.flags = RT_TYPE_FINAL,
	.repr = float_repr,
	.hash = float_hash,
	.truth = float_truth,
	.compare = float_compare,
	.binary = float_binary,
	.unary = float_unary,
	.construct = float_construct,
};
