/* Values of the options of recordings: sizes, triggers, where to write. */
#include <errno.h>
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

int opts_set_size(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	static const char units[] = "KMGT";
	u64 v = 0, shift = 0;
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
	if (v < opt->min || v > opt->max)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %s: out of range; %lluK to %lluM",
			    opt->name, arg, (unsigned long long)opt->min >> 10,
			    (unsigned long long)opt->max >> 20);
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
