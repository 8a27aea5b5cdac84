/* Comparing what was told with what was seen; see tour_check.h. */
#include "user/tour_check.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does member @name of @row have the value @value, as text? */
static bool has_value(const json_t *row, const char *name, const char *value)
{
	const json_t *v = json_object_get(row, name);
	char number[32];

	if (json_is_string(v))
		return !strcmp(json_string_value(v), value);
	if (!json_is_integer(v))
		return false;
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(v));
	return !strcmp(number, value);
}

/* The row of @list that @choice ("0", "type=list") names. */
static const json_t *choose(const json_t *list, char *choice)
{
	char *value = strchr(choice, '=');
	const json_t *row;
	size_t i;

	if (!value)
		return json_array_get(list, strtoul(choice, NULL, 10));
	*value++ = 0;
	json_array_foreach((json_t *)list, i, row)
	{
		if (has_value(row, choice, value))
			return row;
	}
	return NULL;
}

const json_t *tour_figure(const json_t *root, const char *path)
{
	char copy[256], *next = copy, *part;
	const json_t *at = root;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return NULL;
	while (at && (part = strsep(&next, "."))) {
		char *choice = strchr(part, '[');

		if (choice) {
			*choice++ = 0;
			choice[strcspn(choice, "]")] = 0;
		}
		at = json_object_get(at, part);
		if (choice && at)
			at = choose(at, choice);
	}
	return at;
}

struct check {
	const char *what, *figure;
	double value, slack, percent;
};

static const json_t *find(const json_t *seen, const char *figure)
{
	if (!strncmp(figure, "probes[", 7))
		return tour_figure(seen, figure);
	return tour_figure(json_array_get(json_object_get(seen, "processes"), 0), figure);
}

/* Rows that are not there were not seen: nothing of that kind happened. */
static bool compare(const struct check *c, const json_t *seen)
{
	const json_t *figure = find(seen, c->figure);
	double saw = json_is_number(figure) ? json_number_value(figure) : 0;
	double most = c->slack + fabs(c->value) * c->percent / 100;
	bool known = !json_is_null(figure), ok = known && fabs(saw - c->value) <= most;
	char range[48] = "";

	if (most > 0)
		snprintf(range, sizeof(range), " +-%.0f", most);
	if (known)
		printf("  %-44s %14.0f %14.0f%-12s %s\n", c->what, c->value, saw, range,
		       ok ? "as expected" : "NOT as expected");
	else
		printf("  %-44s %14.0f %14s%-12s NOT as expected\n", c->what, c->value, "-", range);
	return ok;
}

int tour_compare(const json_t *told, const json_t *seen, struct err *e)
{
	const json_t *checks = json_object_get(told, "checks"), *row;
	int wrong = !json_is_true(json_object_get(told, "ok"));
	size_t i;

	if (!json_is_array(checks))
		return errf(e, GS_EXIT_FAILED, -EBADMSG,
			    "tour: the program left no account of itself; did it crash?");
	if (!seen)
		return wrong;
	if (json_array_size(checks))
		printf("  %-44s %14s %14s\n", "", "program", "gilscope");
	json_array_foreach((json_t *)checks, i, row)
	{
		struct check c = {
			.what = json_string_value(json_object_get(row, "what")),
			.figure = json_string_value(json_object_get(row, "figure")),
			.value = json_number_value(json_object_get(row, "value")),
			.slack = json_number_value(json_object_get(row, "slack")),
			.percent = json_number_value(json_object_get(row, "percent")),
		};

		if (!c.what || !c.figure)
			return errf(e, GS_EXIT_FAILED, -EBADMSG, "tour: check %zu is damaged", i);
		wrong += !compare(&c, seen);
	}
	return wrong;
}
