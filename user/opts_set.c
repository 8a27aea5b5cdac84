/* Values of options: each setter checks one, stores it, or says what would be right. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bpf/families.h"
#include "user/base/fmt.h"
#include "user/base/str.h"
#include "user/export/exporter.h"
#include "user/export/flame.h"
#include "user/export/trace_exporter.h"
#include "user/opts_table.h"

#define PID_LIMIT 4194304 /* the kernel's PID_MAX_LIMIT; see proc(5), pid_max */
#define ITEM_MAX 64 /* longest item of a list worth quoting */

/* The next item of a comma-separated list into @item, cut; moves *@list, NULL at the end. */
static void next_item(const char **list, char *item, size_t size)
{
	size_t len = strcspn(*list, ",");

	snprintf(item, size, "%.*s", (int)(len < size ? len : size), *list);
	*list = (*list)[len] ? *list + len + 1 : NULL;
}

static int add_pid(struct opts_parser *p, const char *item)
{
	struct opts *o = p->o;
	u64 pid;
	int err = str_to_u64(item, 1, PID_LIMIT, &pid);

	if (err == -ERANGE)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--pid %s: out of range; process ids are 1 to %d", item, PID_LIMIT);
	if (err)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--pid %s: not a process id; give numbers, as in -p 1234,1235", item);
	for (size_t i = 0; i < o->npids; i++)
		if (o->pids[i] == (pid_t)pid)
			return errf(p->e, GS_EXIT_USAGE, -EINVAL,
				    "--pid %s: given twice; name each process once", item);
	if (o->npids == OPTS_MAX_PIDS)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--pid: more than %d processes; use --all", OPTS_MAX_PIDS);
	o->pids[o->npids++] = (pid_t)pid;
	return 0;
}

int opts_set_pids(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	char item[ITEM_MAX];
	int err = 0;

	(void)opt;
	while (arg && !err) {
		next_item(&arg, item, sizeof(item));
		err = add_pid(p, item);
	}
	return err;
}

int opts_set_true(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	(void)arg;
	*(bool *)((char *)p->o + opt->offset) = true;
	return 0;
}

int opts_set_duration(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	u64 ns;
	int err = str_to_duration(arg, &ns);

	if (!err && (ns < opt->min || ns > opt->max))
		err = -ERANGE;
	if (err == -ERANGE)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %s: out of range; %s to %s",
			    opt->name, arg, fmt_ns(opt->min).s, fmt_ns(opt->max).s);
	if (err)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--%s %s: not a time; give seconds, or a unit: 2, 0.5, 250ms, 5m",
			    opt->name, arg);
	*(u64 *)((char *)p->o + opt->offset) = ns;
	return 0;
}

int opts_set_number(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	u64 v;

	if (str_to_u64(arg, opt->min, opt->max, &v))
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %s: not a number from %llu to %llu",
			    opt->name, arg, (unsigned long long)opt->min,
			    (unsigned long long)opt->max);
	*(u64 *)((char *)p->o + opt->offset) = v;
	return 0;
}

int opts_set_real(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	/* Digits and at most one point: no signs, exponents, blanks, names. */
	size_t digits = strspn(arg, "0123456789"), rest = digits;
	double v;

	if (arg[rest] == '.')
		rest += 1 + strspn(arg + rest + 1, "0123456789");
	v = strtod(arg, NULL);
	if (!digits || arg[rest] || v < (double)opt->min || v > (double)opt->max)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %s: not a number from %llu to %llu",
			    opt->name, arg, (unsigned long long)opt->min,
			    (unsigned long long)opt->max);
	*(double *)((char *)p->o + opt->offset) = v;
	return 0;
}

/* "0" is the start, though no duration. */
int opts_set_moment(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	struct opts_moment m = { .given = true, .is_unix = *arg == '@' };
	const char *time = arg + m.is_unix;

	if (strcmp(time, "0") && str_to_duration(time, &m.ns))
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--%s %s: not a time; give seconds since the start (2, 0.5, 250ms), or "
			    "since 1970 as @1700000000.5",
			    opt->name, arg);
	*(struct opts_moment *)((char *)p->o + opt->offset) = m;
	return 0;
}

int opts_set_export_to(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	const struct trace_exporter_ops *ops;
	char names[256] = "";

	*(const char **)((char *)p->o + opt->offset) = arg;
	if (trace_exporter_find(arg))
		return 0;
	for (size_t i = 0; (ops = trace_exporter_at(i)); i++) {
		strncat(names, " ", sizeof(names) - strlen(names) - 1);
		strncat(names, ops->name, sizeof(names) - strlen(names) - 1);
	}
	return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %s: no such format; there are:%s",
		    opt->name, arg, names);
}

/* NAME: a letter or _, then digits, too: what every reader of tables takes without quotes. */
static size_t column_name(const char *text)
{
	size_t n = 0;

	while (text[n] == '_' || isalpha((unsigned char)text[n]) ||
	       (n && isdigit((unsigned char)text[n])))
		n++;
	return text[n] == '=' ? n : 0;
}

int opts_set_column(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	struct opts *o = p->o;
	size_t n = column_name(arg);

	if (!n)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--%s %s: not NAME=VALUE, with letters, digits and _ in NAME",
			    opt->name, arg);
	if (o->ncolumns == OPTS_MAX_COLUMNS)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s: more than %d of them", opt->name,
			    OPTS_MAX_COLUMNS);
	for (size_t i = 0; i < o->ncolumns; i++)
		if (!strncasecmp(o->columns[i], arg, n + 1))
			return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %.*s: given twice",
				    opt->name, (int)n, arg);
	o->columns[o->ncolumns++] = arg;
	return 0;
}

int opts_set_weight(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	char names[128] = "";

	*(const char **)((char *)p->o + opt->offset) = arg;
	if (fig_weight_find(arg) < FIG_BY_COUNT)
		return 0;
	for (u32 by = 0; by < FIG_BY_COUNT; by++) {
		strncat(names, " ", sizeof(names) - strlen(names) - 1);
		strncat(names, fig_weights[by].name, sizeof(names) - strlen(names) - 1);
	}
	return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s %s: no such weight; there are:%s",
		    opt->name, arg, names);
}

/* The end of its name says the format. */
int opts_set_picture(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	*(const char **)((char *)p->o + opt->offset) = arg;
	if (flame_format_of(arg))
		return 0;
	return errf(p->e, GS_EXIT_USAGE, -EINVAL,
		    "--%s %s: no format is called like its end; use .svg, .html or .folded, or -",
		    opt->name, arg);
}

/* Figures have every exporter; what the other commands print is none. */
int opts_set_format(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
#define X(name) " " #name
	static const char measured[] = EXPORTERS(X);
#undef X
	bool figures = CMDS_FIGURES & CMD_BIT(p->o->command);

	if (figures ? !exporter_find(arg) : strcmp(arg, "table") && strcmp(arg, "json"))
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--format %s: no such format; there are:%s", arg,
			    figures ? measured : " table json");
	*(const char **)((char *)p->o + opt->offset) = arg;
	return 0;
}

int opts_set_mode(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	if (strcmp(arg, "exact") && strcmp(arg, "watch"))
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--mode %s: no such mode; there are: exact watch", arg);
	*(const char **)((char *)p->o + opt->offset) = arg;
	return 0;
}

int opts_set_share(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	double percent = 0;
	bool ok = !strcmp(arg, "none");
	char *end;

	if (!ok && strchr("0123456789.", *arg)) {
		percent = strtod(arg, &end);
		ok = end != arg && !strcmp(end, "%") && percent >= 0.01 && percent <= 100;
	}
	if (!ok)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--%s %s: not a share; give 0.01%% to 100%%, as in 1%%, or none",
			    opt->name, arg);
	*(double *)((char *)p->o + opt->offset) = percent / 100;
	p->o->budget_given = true;
	return 0;
}

static int families(struct opts_parser *p, const char *option, const char *list, u32 *ret_mask)
{
	static const struct {
		const char *name;
		u32 bit;
	} known[] = {
#define X(NAME, name, id, on, help) { #name, GS_FAMILY_BIT(id) },
		GS_FAMILIES(X)
#undef X
	};
	const size_t count = sizeof(known) / sizeof(known[0]);
	char item[ITEM_MAX];
	u32 mask = *ret_mask;

	while (list) {
		size_t i = 0;

		next_item(&list, item, sizeof(item));
		while (i < count && strcmp(known[i].name, item))
			i++;
		if (i == count) {
#define X(NAME, name, id, on, help) " " #name
			return errf(p->e, GS_EXIT_USAGE, -EINVAL,
				    "--%s %s: no such family; there are:" GS_FAMILIES(X), option,
				    item);
#undef X
		}
		mask |= known[i].bit;
	}
	*ret_mask = mask;
	return 0;
}

int opts_set_with(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	return families(p, opt->name, arg, &p->with);
}

int opts_set_without(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	return families(p, opt->name, arg, &p->without);
}

int opts_set_count(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	if (!*arg)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s: no function named; give one",
			    opt->name);
	p->o->count = arg;
	p->with |= GS_FAMILY_BIT(GS_FAMILY_CALLS);
	return 0;
}

int opts_set_native(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	if (p->o->command != CMD_DUMP)
		p->with |= GS_FAMILY_BIT(GS_FAMILY_STACKS);
	return opts_set_true(p, opt, arg);
}

int opts_set_python(struct opts_parser *p, const struct opts_option *opt, const char *arg)
{
	(void)opt;
	p->o->on_python = true;
	p->o->python = arg;
	return 0;
}
