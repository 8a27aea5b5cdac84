/*
 * The command line.  Commands and options are rows of two tables (opts_list.c); the parser
 * knows none by name.  What no single option can know (targets, options that exclude each other) is
 * checked at the end, in check_*().
 */
#include "user/opts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/base/str.h"
#include "user/opts_table.h"

#define NS_PER_SEC 1000000000ULL

static int parse_command(struct opts_parser *p, const char *arg)
{
	char names[128] = "";

	for (size_t i = 0; i < opts_commands_count; i++) {
		if (strcmp(opts_commands[i].name, arg))
			continue;
		p->o->command = opts_commands[i].command;
		return 0;
	}
	if (arg[0] == '-')
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "%s: expected a command first; try gilscope --help", arg);
	for (size_t i = 0; i < opts_commands_count; i++) {
		strncat(names, " ", sizeof(names) - strlen(names) - 1);
		strncat(names, opts_commands[i].name, sizeof(names) - strlen(names) - 1);
	}
	return errf(p->e, GS_EXIT_USAGE, -EINVAL, "%s: no such command; there are:%s", arg, names);
}

/*
 * The option @arg (a word beginning with '-') names, and where its value is in @arg.  A name may
 * mean something else for another command: @command's own goes first.
 */
static const struct opts_option *find_option(const char *arg, enum opts_command command,
					     const char **ret_value)
{
	bool is_long = arg[1] == '-';
	size_t len = is_long ? strcspn(arg + 2, "=") : 1;
	const struct opts_option *found = NULL;

	for (size_t i = 0; i < opts_options_count; i++) {
		const struct opts_option *opt = &opts_options[i];

		if (is_long ? strlen(opt->name) != len || strncmp(opt->name, arg + 2, len)
			    : !opt->key || opt->key != arg[1])
			continue;
		if (!found || (opt->commands & CMD_BIT(command)))
			found = opt;
	}
	if (found && is_long)
		*ret_value = arg[2 + len] ? arg + 2 + len + 1 : NULL;
	else if (found)
		*ret_value = arg[2] ? arg + 2 : NULL;
	return found;
}

/* Read the option at argv[*@i] and its value; moves *@i to the last word it used. */
static int parse_option(struct opts_parser *p, char **argv, int *i)
{
	const char *value, *word = argv[*i];
	const struct opts_option *opt = find_option(word, p->o->command, &value);
	u64 bit;

	if (!opt)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "%s: no such option; this command's --help lists them", word);
	if (!(opt->commands & CMD_BIT(p->o->command)))
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--%s: not an option of this command; its --help lists them",
			    opt->name);
	bit = 1ULL << (opt - opts_options);
	if (!opt->repeatable && (p->seen & bit))
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s: given twice; give it once",
			    opt->name);
	p->seen |= bit;
	if (!opt->arg && value)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s: takes no value; leave out '%s'",
			    opt->name, value);
	if (opt->arg && !value && opt->arg[0] != '[') {
		value = argv[*i + 1];
		if (!value)
			return errf(p->e, GS_EXIT_USAGE, -EINVAL, "--%s: needs a value; give %s",
				    opt->name, opt->arg);
		++*i;
	}
	return opt->set(p, opt, value);
}

static const struct opts_command_desc *desc_of(enum opts_command command)
{
	size_t i = 0;

	while (i + 1 < opts_commands_count && opts_commands[i].command != command)
		i++;
	return &opts_commands[i];
}

/* A word without a dash. */
static int parse_word(struct opts_parser *p, const char *word)
{
	const struct opts_command_desc *c = desc_of(p->o->command);

	if (!c->max_args)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "%s: unexpected; a process is given as -p PID, a program as -- "
			    "PROGRAM",
			    word);
	if (p->o->nargs == c->max_args)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "%s: one word too many; the usage is gilscope %s %s", word, c->name,
			    c->usage);
	if (!*word)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "'': an empty word; the usage is gilscope %s %s", c->name, c->usage);
	p->o->args[p->o->nargs++] = word;
	return 0;
}

/* What comes after the command and its options. */
static int check_words(struct opts *o, struct err *e)
{
	const struct opts_command_desc *c = desc_of(o->command);

	if (o->nargs < c->min_args)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "%s: something is missing; the usage is gilscope %s %s", c->name,
			    c->name, c->usage);
	if (o->command == CMD_EXPORT && !o->export_to)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--to: not given; gilscope export --help lists the formats");
	if (o->command != CMD_TOUR)
		return 0;
	o->stop = o->args[0];
	if (o->stop && o->all)
		return errf(e, GS_EXIT_USAGE, -EINVAL, "--all: every stop, or %s? choose one",
			    o->stop);
	return 0;
}

static int check_target(const struct opts *o, struct err *e)
{
	int targets = (o->npids > 0) + o->all + (o->program != NULL) + (o->file != NULL);

	if (o->command == CMD_DUMP && !o->npids)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "dump: no process given; use -p PID (gilscope ps lists them)");
	if (!(CMDS_TARGET & CMD_BIT(o->command))) {
		if (o->program)
			return errf(e, GS_EXIT_USAGE, -EINVAL,
				    "%s: this command takes no target; leave it out",
				    o->program[0]);
		return 0;
	}
	if (o->command == CMD_FLAME && o->nargs) {
		if (targets || o->duration_ns || o->native)
			return errf(e, GS_EXIT_USAGE, -EINVAL, "%s: a recording; leave out %s",
				    o->args[0],
				    targets	     ? "the target"
				    : o->duration_ns ? "--duration"
						     : "--native, which is for record");
		return 0;
	}
	if (!targets)
		return errf(
			e, GS_EXIT_USAGE, -EINVAL,
			"target: none given; use -p PID, --all or -- PROGRAM (gilscope ps lists "
			"processes)");
	if (targets > 1)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "target: more than one kind; use one of -p PID, --all, -- PROGRAM");
	if (o->file && (o->children || o->duration_ns))
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--file: a file alone has no %s; leave that out",
			    o->children ? "children" : "hits to count");
	if (o->all && o->children)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--children: --all includes them; leave it out");
	return 0;
}

static int check_families(struct opts_parser *p)
{
#define X(NAME, name, id, on, help) \
	if (p->with & p->without & GS_FAMILY_BIT(id)) \
		return errf(p->e, GS_EXIT_USAGE, -EINVAL, \
			    "%s: both in --with and --without; choose one", #name);
	GS_FAMILIES(X)
#undef X
	if (p->o->command == CMD_FLAME && p->without & GS_FAMILY_BIT(GS_FAMILY_STACKS))
		return errf(
			p->e, GS_EXIT_USAGE, -EINVAL,
			"--without stacks: without them there is nothing to draw; leave them in");
	p->o->families = (p->o->families | p->with) & ~p->without;
	if (!p->o->families)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--without: nothing is left to measure; leave one family in");
	return 0;
}

static int check_output(const struct opts *o, struct err *e)
{
	if (o->command == CMD_FLAME && !o->output)
		return errf(
			e, GS_EXIT_USAGE, -EINVAL,
			"flame: nowhere to write to; give -o FILE.svg, .html or .folded, or -o -");
	if (o->command != CMD_RECORD)
		return 0;
	if (!o->output)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "record: nowhere to write to; give -o DIR, a new directory");
	if (o->ring_bytes && o->max_bytes && o->max_bytes < o->ring_bytes)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--max-size: smaller than --ring, so no snapshot would fit; make it "
			    "larger");
	if (o->ntriggers && !o->ring_bytes)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--trigger: for flight recorders; give --ring SIZE as well");
	return 0;
}

static int check_times(struct opts *o, struct err *e)
{
	if (o->command == CMD_TOP && !o->interval_ns)
		o->interval_ns =
			o->duration_ns && o->duration_ns < NS_PER_SEC ? o->duration_ns : NS_PER_SEC;
	if (o->duration_ns && o->interval_ns > o->duration_ns)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--interval: longer than --duration; make it shorter");
	if (o->from.given && o->to.given && o->from.is_unix == o->to.is_unix &&
	    o->from.ns >= o->to.ns)
		return errf(e, GS_EXIT_USAGE, -EINVAL, "--to: not after --from; make it later");
	return 0;
}

static void set_defaults(struct opts *o)
{
	const char *no_color = getenv("NO_COLOR");

	*o = (struct opts) {
		.format = "table",
		.sample_rate = 100,
		.stack_rate = 99,
		.max_threads = 4096,
		.max_processes = 256,
		.max_types = 4096,
		.slow_ns = NS_PER_SEC / 10, /* as asyncio's loop.slow_callback_duration */
		.buffer_bytes = 8 << 20,
		.top = 10,
		.threshold = 3,
		.no_color = no_color && *no_color,
#define X(NAME, name, id, on, help) +((on) ? GS_FAMILY_BIT(id) : 0)
		.families = 0 GS_FAMILIES(X),
#undef X
	};
}

/* --help and --version, which end everything else.  Returns whether @arg is one. */
static bool parse_info(struct opts *o, const char *arg)
{
	bool help = !strcmp(arg, "--help") || !strcmp(arg, "-h");

	if (!help && strcmp(arg, "--version") && strcmp(arg, "-V"))
		return false;
	*o = (struct opts) {
		.command = help ? CMD_HELP : CMD_VERSION,
		.help_for = help ? o->command : CMD_NONE,
	};
	return true;
}

/* As it was given, for the record. */
static void note_command_line(struct opts *o, int argc, char **argv)
{
	size_t used = 0;

	for (int i = 0; i < argc && used < sizeof(o->command_line); i++)
		used += snprintf(o->command_line + used, sizeof(o->command_line) - used, "%s%s",
				 i ? " " : "", argv[i]);
	str_printable(o->command_line);
}

/* Unless told: what costs the target next to nothing, but a recording is of every event. */
static void choose_mode(struct opts *o)
{
	bool live = o->command == CMD_TOP || o->command == CMD_STAT || o->command == CMD_FLAME;

	o->mode_given = o->mode;
	if (!o->mode)
		o->mode = live ? "watch" : "exact";
	if (!o->budget_given && live)
		o->budget = 0.01;
}

bool opts_watch(const struct opts *o)
{
	return !strcmp(o->mode, "watch");
}

int opts_parse(struct opts *o, int argc, char **argv, struct err *e)
{
	struct opts_parser p = { .o = o, .e = e };
	int err = 0;

	set_defaults(o);
	note_command_line(o, argc, argv);
	if (argc < 2)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "command: none given; try gilscope top -p PID, or gilscope --help");
	for (int i = 1; i < argc && !err; i++) {
		if (parse_info(o, argv[i]))
			return 0;
		if (o->command == CMD_NONE) {
			err = parse_command(&p, argv[i]);
		} else if (!strcmp(argv[i], "--")) {
			if (!argv[i + 1] || !*argv[i + 1])
				return errf(e, GS_EXIT_USAGE, -EINVAL,
					    "--: no program after it; give one, as in -- python3 "
					    "app.py");
			o->program = &argv[i + 1];
			break;
		} else if (argv[i][0] == '-' && argv[i][1]) {
			err = parse_option(&p, argv, &i);
		} else {
			err = parse_word(&p, argv[i]);
		}
	}
	choose_mode(o);
	if (!err)
		err = check_words(o, e);
	if (!err)
		err = check_target(o, e);
	if (!err)
		err = check_families(&p);
	if (!err)
		err = check_output(o, e);
	return err ? err : check_times(o, e);
}
