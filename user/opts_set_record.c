/* Values of the options of recordings: sizes, triggers, where to write. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/opts_table.h"

int opts_set_text(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	if (!*arg)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s: empty; give %s", opt->name,
			    opt->arg);
	*(const char **)((char *)p->o + opt->offset) = arg;
	return 0;
}

/* @v in the largest unit that is whole. */
static void print_size(char *text, size_t size, u64 v)
{
	static const char units[] = "KMGT";
	int unit = -1;

	while (unit < 3 && v && !(v & 1023)) {
		v >>= 10;
		unit++;
	}
	snprintf(text, size, "%llu%.1s", (unsigned long long)v, unit < 0 ? "" : &units[unit]);
}

int opts_set_size(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	static const char units[] = "KMGT";
	u64 v = 0, shift = 0;
	char min[32], max[32];
	const char *unit;
	char *end;

	errno = 0;
	if (*arg >= '0' && *arg <= '9')
		v = strtoull(arg, &end, 10);
	else
		end = (char *)arg;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
	}
	if (end == arg || *end || errno || v > UINT64_MAX >> shift)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--%s %s: not a size; give bytes, or with a unit: 64K, 16M, 2G",
			    opt->name, arg);
	v <<= shift;
	print_size(min, sizeof(min), opt->min);
	print_size(max, sizeof(max), opt->max);
	if (v < opt->min || v > opt->max)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %s: out of range; %s to %s",
			    opt->name, arg, min, max);
	*(u64 *)((char *)p->o + opt->offset) = v;
	return 0;
}

int opts_set_trigger(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	struct opts *o = p->o;

	if (o->ntriggers == OPTS_MAX_TRIGGERS)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s: more than %d of them", opt->name,
			    OPTS_MAX_TRIGGERS);
	return trigger_parse(arg, &o->triggers[o->ntriggers++], p->e);
}
