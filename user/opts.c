/*
 * The command line.  Commands and options are rows of two tables; the parser knows none by
 * name.  What no single option can know (targets, options that exclude each other) is checked
 * at the end, in check_*().
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
#define DURATION_MAX (366 * 24 * 3600 * NS_PER_SEC)
#define INTERVAL_MIN 10000000ULL
#define TABLE_SIZE(t) (sizeof(t) / sizeof((t)[0]))

/* name, key, value, repeatable, commands, field, smallest, largest, setter, help */
#define OPT(name, key, arg, again, commands, field, min, max, set, help) \
	{ \
		name, key, arg, again, commands, offsetof(struct opts, field), min, max, set, help \
	}

/* clang-format off */
const struct opts_option opts_options[] = {
	OPT("pid", 'p', "PID[,PID...]", true, CMDS_TARGET, pids, 0, 0, opts_set_pids,
	    "these processes; may be repeated"),
	OPT("all", 0, NULL, false, CMDS_TARGET | CMD_BIT(CMD_TOUR), all, 0, 0, opts_set_true,
	    "every CPython process on this host; tour: every stop"),
	OPT("children", 0, NULL, false, CMDS_TARGET, children, 0, 0, opts_set_true,
	    "also the processes they start"),
	OPT("duration", 'd', "TIME", false, CMDS_MEASURE, duration_ns, 1, DURATION_MAX,
	    opts_set_duration, "measure this long: 10, 0.5, 250ms, 5m (until the end or ^C)"),
	OPT("interval", 'i', "TIME", false, CMDS_SHOW, interval_ns, INTERVAL_MIN, DURATION_MAX,
	    opts_set_duration, "show figures this often (top: 1 s; stat: once, at the end)"),
	OPT("format", 0, "FORMAT", false, CMDS_PRINT, format, 0, 0, opts_set_format,
	    "how to print (table)"),
	OPT("mode", 0, "MODE", false, CMDS_MEASURE, mode, 0, 0, opts_set_mode,
	    "exact: probe every take and release of the GIL (exact)"),
	OPT("with", 0, "FAMILY[,...]", true, CMDS_TARGET, families, 0, 0, opts_set_with,
	    "measure these families too"),
	OPT("without", 0, "FAMILY[,...]", true, CMDS_TARGET, families, 0, 0, opts_set_without,
	    "do not measure these"),
	OPT("max-threads", 0, "N", false, CMDS_MEASURE, max_threads, 16, 65536, opts_set_number,
	    "room for this many threads, ended ones included (4096)"),
	OPT("max-processes", 0, "N", false, CMDS_MEASURE, max_processes, 1, 4096, opts_set_number,
	    "room for this many processes (256)"),
	OPT("max-types", 0, "N", false, CMDS_MEASURE, max_types, 16, 1048576, opts_set_number,
	    "room for this many object types (4096)"),
	OPT("contended-sites", 0, NULL, false, CMDS_TARGET, contended_sites, 0, 0, opts_set_true,
	    "also probe where the interpreter begins to wait"),
	OPT("count", 0, "FUNCTION", false, CMDS_TARGET, count, 0, 0, opts_set_count,
	    "also count the calls of this function of the program"),
	OPT("python", 0, "[=PATH]", false, CMD_BIT(CMD_TOUR), python, 0, 0, opts_set_python,
	    "run the stop on a real CPython (/usr/bin/python3)"),
	OPT("output", 'o', "DIR", false, CMD_BIT(CMD_RECORD), output, 0, 0, opts_set_text,
	    "write the recording to this new directory"),
	OPT("force", 0, NULL, false, CMD_BIT(CMD_RECORD), force, 0, 0, opts_set_true,
	    "replace a recording that is there"),
	OPT("buffer", 0, "SIZE", false, CMD_BIT(CMD_RECORD), buffer_bytes, 64 << 10, 1 << 30,
	    opts_set_size, "between the kernel and the recorder; a power of two is used (8M)"),
	OPT("max-size", 0, "SIZE", false, CMD_BIT(CMD_RECORD), max_bytes, 1 << 20, 1ULL << 50,
	    opts_set_size, "end when the recording is that large"),
	OPT("ring", 0, "SIZE", false, CMD_BIT(CMD_RECORD), ring_bytes, 256 << 10, 1ULL << 40,
	    opts_set_size, "flight recorder: keep the last so much in memory; SIGUSR2, a\n"
			   "                         trigger and the end write it to DIR.0001 …"),
	OPT("trigger", 0, "FIGURE>TIME", true, CMD_BIT(CMD_RECORD), triggers, 0, 0, opts_set_trigger,
	    "flight recorder: what makes a snapshot: gc.pause>200ms, gil.wait>500ms …"),
	OPT("no-color", 0, NULL, false, CMDS_ALL, no_color, 0, 0, opts_set_true,
	    "no colours; NO_COLOR in the environment does the same"),
};

const struct opts_command_desc opts_commands[] = {
	{ "top", CMD_TOP, "[OPTION...] TARGET", "live dashboard",
	  "  gilscope top -p 1234\n"
	  "  gilscope top --with refs -p 1234,1240 -i 0.5\n"
	  "  gilscope top -- python3 app.py --port 8080\n" },
	{ "stat", CMD_STAT, "[OPTION...] TARGET", "measure, then print",
	  "  gilscope stat -p 1234 -d 10\n"
	  "  gilscope stat --all -d 30 --format json > figures.json\n"
	  "  gilscope stat -p 1234 -i 1 --format jsonl | jq .processes[0].gils[0].held_ratio\n"
	  "  gilscope stat --children -- python3 app.py\n" },
	{ "record", CMD_RECORD, "[OPTION...] TARGET -o DIR", "write every event to a recording",
	  "  gilscope record -p 1234 -d 10 -o slow.rec\n"
	  "  gilscope record --all --max-size 1G -o night.rec\n"
	  "  gilscope record -p 1234 --ring 64M --trigger 'gc.pause>200ms' -o flight\n" },
	{ "probes", CMD_PROBES, "[OPTION...] TARGET", "what would be attached, where and why",
	  "  gilscope probes -p 1234\n"
	  "  gilscope probes --with refs -p 1234 --format json\n" },
	{ "ps", CMD_PS, "[OPTION...]", "CPython processes on this host",
	  "  gilscope ps\n"
	  "  gilscope ps --format json\n" },
	{ "tour", CMD_TOUR, "[OPTION...] [STOP]", "how Python works inside, traced live",
	  "  gilscope tour\n"
	  "  gilscope tour gil\n"
	  "  gilscope tour cycles --python\n"
	  "  gilscope tour --all\n" },
	{ "doctor", CMD_DOCTOR, "[OPTION...]", "whether kernel, privileges and libraries will do",
	  "  gilscope doctor\n" },
};
/* clang-format on */

const size_t opts_options_count = TABLE_SIZE(opts_options);
const size_t opts_commands_count = TABLE_SIZE(opts_commands);

static int parse_command(struct opts_parser *p, const char *arg)
{
	char names[64] = "";

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

/* The option @arg (a word beginning with '-') names, and where its value is in @arg. */
static const struct opts_option *find_option(const char *arg, const char **ret_value)
{
	bool is_long = arg[1] == '-';
	size_t len = is_long ? strcspn(arg + 2, "=") : 0;

	for (size_t i = 0; i < opts_options_count; i++) {
		const struct opts_option *opt = &opts_options[i];

		if (is_long && strlen(opt->name) == len && !strncmp(opt->name, arg + 2, len)) {
			*ret_value = arg[2 + len] ? arg + 2 + len + 1 : NULL;
			return opt;
		}
		if (!is_long && opt->key && opt->key == arg[1]) {
			*ret_value = arg[2] ? arg + 2 : NULL;
			return opt;
		}
	}
	return NULL;
}

/* Read the option at argv[*@i] and its value; moves *@i to the last word it used. */
static int parse_option(struct opts_parser *p, char **argv, int *i)
{
	const char *value, *word = argv[*i];
	const struct opts_option *opt = find_option(word, &value);
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

static int check_target(const struct opts *o, struct err *e)
{
	int targets = (o->npids > 0) + o->all + (o->program != NULL);

	if (!(CMDS_TARGET & CMD_BIT(o->command))) {
		if (o->program)
			return errf(e, GS_EXIT_USAGE, -EINVAL,
				    "%s: this command takes no target; leave it out",
				    o->program[0]);
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
	p->o->families = (p->o->families | p->with) & ~p->without;
	if (!p->o->families)
		return errf(p->e, GS_EXIT_USAGE, -EINVAL,
			    "--without: nothing is left to measure; leave one family in");
	return 0;
}

static int check_record(const struct opts *o, struct err *e)
{
	if (o->command != CMD_RECORD)
		return 0;
	if (!o->output)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "record: nowhere to write to; give -o DIR, a new directory");
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
	return 0;
}

static void set_defaults(struct opts *o)
{
	const char *no_color = getenv("NO_COLOR");

	*o = (struct opts) {
		.format = "table",
		.mode = "exact",
		.max_threads = 4096,
		.max_processes = 256,
		.max_types = 4096,
		.buffer_bytes = 8 << 20,
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
		} else if (o->command == CMD_TOUR && !o->stop) {
			o->stop = argv[i];
		} else {
			err = errf(e, GS_EXIT_USAGE, -EINVAL,
				   "%s: unexpected; a process is given as -p PID, a program as -- "
				   "PROGRAM",
				   argv[i]);
		}
	}
	if (!err && o->command == CMD_TOUR && o->stop && o->all)
		err = errf(e, GS_EXIT_USAGE, -EINVAL, "--all: every stop, or %s? choose one",
			   o->stop);
	if (!err)
		err = check_target(o, e);
	if (!err)
		err = check_families(&p);
	if (!err)
		err = check_record(o, e);
	return err ? err : check_times(o, e);
}
