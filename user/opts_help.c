/* --help, written from the same tables that the parser reads. */
#include <stdio.h>
#include <string.h>

#include "bpf/families.h"
#include "user/export/exporter.h"
#include "user/export/flame.h"
#include "user/export/trace_exporter.h"
#include "user/opts.h"
#include "user/opts_table.h"

#define OPTION_WIDTH 26 /* of the option and its value, before the help */

static void exit_codes(void)
{
	printf("\nExit codes: 0 done; 1 the measurement failed; 2 wrong arguments; 3 not "
	       "permitted;\n"
	       "4 target not found, gone or not CPython; 5 not supported by this kernel or "
	       "interpreter.\n");
}

static void program_help(void)
{
	printf("gilscope " GS_VERSION " - who holds a Python process's GIL, who waits, and why\n\n"
	       "Usage: gilscope COMMAND [OPTION...] [TARGET]\n\nCommands:\n");
	for (size_t i = 0; i < opts_commands_count; i++)
		printf("  %-8s %s\n", opts_commands[i].name, opts_commands[i].help);
	printf("\nTARGET: -p PID[,PID...] [--children] | --all | -- PROGRAM [ARG...]\n\n"
	       "gilscope COMMAND --help lists a command's options.  gilscope --version.\n\n"
	       "Examples:\n"
	       "  gilscope ps\n"
	       "  gilscope top -p 1234\n"
	       "  gilscope stat -d 10 -p 1234\n");
	exit_codes();
}

static void option_help(const struct opts_option *opt)
{
	char text[80];

	snprintf(text, sizeof(text), "%c%c%c --%s%s%s", opt->key ? '-' : ' ',
		 opt->key ? opt->key : ' ', opt->key ? ',' : ' ', opt->name, opt->arg ? " " : "",
		 opt->arg ? opt->arg : "");
	printf("  %-*s  %s\n", OPTION_WIDTH, text, opt->help);
}

static void families_help(void)
{
	printf("\nFamilies (* measured unless --without says no):\n");
#define X(NAME, name, id, on, help) printf("  %c %-7s %s\n", (on) ? '*' : ' ', #name, help);
	GS_FAMILIES(X)
#undef X
}

static void formats_help(enum opts_command command)
{
	const struct trace_exporter_ops *ops;

	printf("\nFormats:\n");
	if (command == CMD_EXPORT) {
		for (size_t i = 0; (ops = trace_exporter_at(i)); i++)
			printf("  %-11s %s\n", ops->name, ops->help);
		return;
	}
	if (!(CMDS_FIGURES & CMD_BIT(command))) {
		printf("  table   for people\n  json    for programs\n");
		return;
	}
#define X(ex) printf("  %-7s %s\n", ex##_exporter.name, ex##_exporter.help);
	EXPORTERS(X)
#undef X
}

static void flame_help(void)
{
	printf("\nWhat --by weighs functions by:\n");
	for (u32 by = 0; by < FIG_BY_COUNT; by++)
		printf("  %-8s %s\n", fig_weights[by].name, fig_weights[by].help);
	printf("\nFormats, by the end of the file's name:\n");
	for (const struct flame_format *f = flame_formats; f->suffix; f++)
		printf("  %-8s %s\n", f->suffix, f->help);
}

static void command_help(const struct opts_command_desc *c)
{
	u32 bit = CMD_BIT(c->command);

	printf("gilscope %s - %s\n\nUsage: gilscope %s %s\n", c->name, c->help, c->name, c->usage);
	if (bit & CMDS_TARGET)
		printf("\nTARGET: -p PID[,PID...] [--children] | --all | -- PROGRAM [ARG...]\n");
	printf("\nOptions:\n");
	for (size_t i = 0; i < opts_options_count; i++)
		if (opts_options[i].commands & bit)
			option_help(&opts_options[i]);
	printf("  %-*s  %s\n", OPTION_WIDTH, "-h, --help", "this text");
	if (bit & CMDS_TARGET)
		families_help();
	if (bit & (CMDS_PRINT | CMD_BIT(CMD_EXPORT)))
		formats_help(c->command);
	if (c->command == CMD_FLAME)
		flame_help();
	if (c->command == CMD_TOP)
		printf("\nKeys: ? in the dashboard lists them; q quits.\n");
	printf("\nExamples:\n%s", c->examples);
	exit_codes();
}

void opts_help(enum opts_command command)
{
	for (size_t i = 0; i < opts_commands_count; i++) {
		if (opts_commands[i].command == command) {
			command_help(&opts_commands[i]);
			return;
		}
	}
	program_help();
}
