/*
 * Binding: from what a call passes to what the function's signature names; see rt_function.h.
 * Nearly all calls need no arranging; those pay for one look at the signature's text.
 */
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_buf.h"
#include "runtime/rt_dict.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_type.h"

struct parameter {
	const char *name;
	size_t len;
	bool optional;
};

struct signature {
	struct parameter p[RT_MAX_PARAMETERS];
	size_t n; /* named ones */
	size_t optional; /* of these, with "=": the last ones */
	struct parameter more; /* *args, stars included; no name: none */
	struct parameter keywords; /* **kwargs, likewise */
};

/* Read "a, b=, *args, **kwargs".  0; -1: SystemError, more than RT_MAX_PARAMETERS. */
static int parse(const char *text, struct signature *s)
{
	size_t len;

	*s = (struct signature) { 0 };
	for (text = text ? text : ""; *text; text += len) {
		text += strspn(text, ", ");
		len = strcspn(text, ", ");
		if (!len)
			break;
		if (text[0] == '*') {
			*(text[1] == '*' ? &s->keywords : &s->more) =
				(struct parameter) { text, len };
			continue;
		}
		if (s->n == RT_MAX_PARAMETERS) {
			rt_raise(RT_SYSTEM_ERROR, "more than %d parameters", RT_MAX_PARAMETERS);
			return -1;
		}
		s->p[s->n] = (struct parameter) { text, len, text[len - 1] == '=' };
		s->p[s->n].len -= s->p[s->n].optional;
		s->optional += s->p[s->n].optional;
		s->n++;
	}
	return 0;
}

/* The default of parameter @i, borrowed; NULL if it has none. */
static struct rt_object *default_of(const struct signature *s, struct rt_object *defaults, size_t i)
{
	size_t n = defaults ? rt_tuple_len(defaults) : 0;

	return i + n >= s->n ? ((struct rt_tuple *)defaults)->item[i + n - s->n] : NULL;
}

static int too_many(const struct rt_function_spec *spec, const struct signature *s, size_t given)
{
	rt_raise(RT_TYPE_ERROR, "%s() takes %s%zu positional argument%s but %zu %s given",
		 spec->name, s->optional ? "at most " : "", s->n, s->n == 1 ? "" : "s", given,
		 given == 1 ? "was" : "were");
	return -1;
}

/* Put one keyword argument into its place in @v, or into @rest. */
static int place_keyword(const struct rt_function_spec *spec, const struct signature *s,
			 struct rt_object *key, struct rt_object *value, struct rt_object **v,
			 struct rt_object *rest)
{
	const char *name;

	if (!rt_is(key, &rt_str_type)) {
		rt_raise(RT_TYPE_ERROR, "keywords must be strings");
		return -1;
	}
	name = rt_str_chars(key);
	for (size_t i = 0; i < s->n; i++) {
		if (strlen(name) != s->p[i].len || memcmp(name, s->p[i].name, s->p[i].len) != 0)
			continue;
		if (v[i]) {
			rt_raise(RT_TYPE_ERROR, "%s() got multiple values for argument '%s'",
				 spec->name, name);
			return -1;
		}
		v[i] = value;
		return 0;
	}
	if (rest)
		return rt_dict_set(rest, key, value);
	rt_raise(RT_TYPE_ERROR, "%s() got an unexpected keyword argument '%s'", spec->name, name);
	return -1;
}

/* Fill the first s->n places of @v from keywords and defaults. */
static int fill(const struct rt_function_spec *spec, const struct signature *s,
		struct rt_object *defaults, struct rt_object *kwargs, struct rt_object **v,
		struct rt_object *rest)
{
	struct rt_object *key, *value;
	size_t position = 0;

	while (kwargs && rt_dict_next(kwargs, &position, &key, &value))
		if (place_keyword(spec, s, key, value, v, rest) < 0)
			return -1;
	for (size_t i = 0; i < s->n; i++) {
		if (!v[i] && s->p[i].optional)
			v[i] = default_of(s, defaults, i);
		else if (!v[i]) {
			rt_raise(RT_TYPE_ERROR, "%s() missing required argument: '%.*s'",
				 spec->name, (int)s->p[i].len, s->p[i].name);
			return -1;
		}
	}
	return 0;
}

/* The general case: some arguments are missing, or come by name. */
static struct rt_object *arrange_and_call(const struct rt_function_spec *spec,
					  const struct signature *s, struct rt_object *defaults,
					  const struct rt_args *args)
{
	struct rt_object *few[RT_MAX_PARAMETERS] = { 0 }, **v = few;
	struct rt_object *rest = NULL, *result = NULL;
	size_t n = args->n > s->n ? args->n : s->n;
	struct rt_args bound = { .callee = args->callee, .n = n };

	if (n > RT_MAX_PARAMETERS && !(v = rt_mem_zalloc(n * sizeof(*v))))
		return NULL;
	if (s->keywords.name && !(rest = rt_dict_new()))
		goto out;
	if (args->n)
		memcpy(v, args->v, args->n * sizeof(*v));
	if (fill(spec, s, defaults, args->kwargs, v, rest) < 0)
		goto out;
	bound.v = v;
	bound.kwargs = rest;
	result = spec->call(&bound);
out:
	rt_unref(rest);
	if (v != few)
		rt_mem_free(v);
	return result;
}

struct rt_object *rt_bind_and_call(const struct rt_function_spec *spec, struct rt_object *defaults,
				   const struct rt_args *args)
{
	bool by_name = args->kwargs && rt_dict_len(args->kwargs);
	struct rt_args plain = *args;
	struct signature s;

	if (parse(spec->params, &s) < 0)
		return NULL;
	if (args->n > s.n && !s.more.name) {
		too_many(spec, &s, args->n);
		return NULL;
	}
	if (args->n < s.n || by_name || s.keywords.name)
		return arrange_and_call(spec, &s, defaults, args);
	plain.kwargs = NULL;
	return spec->call(&plain);
}

struct rt_object *rt_function_signature(struct rt_object *function)
{
	const struct rt_function_spec *spec;
	struct rt_object *defaults, *value;
	struct rt_buf buf = { 0 };
	struct signature s;

	if (!rt_expect(function, &rt_function_type))
		return NULL;
	spec = rt_function_get(function, &defaults);
	if (parse(spec->params, &s) < 0)
		return NULL;
	rt_buf_add(&buf, "(");
	for (size_t i = 0; i < s.n; i++) {
		rt_buf_printf(&buf, "%s%.*s", i ? ", " : "", (int)s.p[i].len, s.p[i].name);
		value = s.p[i].optional ? default_of(&s, defaults, i) : NULL;
		rt_buf_add(&buf, s.p[i].optional ? "=" : "");
		if (value)
			rt_buf_add_repr(&buf, value);
		else if (s.p[i].optional)
			rt_buf_add(&buf, "...");
	}
	if (s.more.name)
		rt_buf_printf(&buf, "%s%.*s", s.n ? ", " : "", (int)s.more.len, s.more.name);
	if (s.keywords.name)
		rt_buf_printf(&buf, "%s%.*s", s.n || s.more.name ? ", " : "", (int)s.keywords.len,
			      s.keywords.name);
	rt_buf_add(&buf, ")");
	return rt_buf_finish(&buf);
}
