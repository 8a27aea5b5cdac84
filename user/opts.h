/*
 * The command line: one table of options bound to `struct opts` (opts.c).
 *
 *   gilscope COMMAND [OPTION…] TARGET
 *   gilscope COMMAND [OPTION…] WORD…
 */
#ifndef GS_USER_OPTS_H
#define GS_USER_OPTS_H

#include <stddef.h>
#include <sys/types.h>

#include "bpf/types.h"
#include "user/base/err.h"
#include "user/record/trigger.h"

enum opts_command {
	CMD_NONE,
	CMD_TOP,
	CMD_STAT,
	CMD_RECORD,
	CMD_PROBES,
	CMD_PS,
	CMD_DUMP,
	CMD_DOCTOR,
	CMD_TOUR,
	CMD_REPORT,
	CMD_DIFF,
	CMD_EXPORT,
	CMD_AGENT,
	CMD_FLAME,
	CMD_HELP, /* --help was given: opts->help_for says for what */
	CMD_VERSION,
};

#define OPTS_MAX_PIDS 64
#define OPTS_MAX_ARGS 2

/* A moment of a recording. */
struct opts_moment {
	bool given;
	bool is_unix; /* since 1970; else since the recording's start */
	u64 ns;
};
#define OPTS_MAX_TRIGGERS 16
#define OPTS_MAX_COLUMNS 8

struct opts {
	enum opts_command command;
	char command_line[1024]; /* all of it, in words separated by blanks; cut; printable */
	enum opts_command help_for; /* CMD_NONE: the whole program */
	pid_t pids[OPTS_MAX_PIDS];
	size_t npids;
	bool all;
	bool children;
	char **program; /* argv of `-- PROGRAM`; NULL: none */
	u64 duration_ns; /* 0: until interrupted or the target ends; at most 366 days */
	u64 interval_ns; /* 0: one result at the end (stat); top defaults to 1 s; 10 ms at least */
	const char *format; /* name of an exporter */
	const char *mode; /* "exact" or "watch" */
	bool mode_given; /* as an option; otherwise watch may give way to exact */
	u64 stack_rate; /* stacks: samples a second of each CPU */
	bool native; /* stacks, dump: native frames, too */
	u64 sample_rate; /* watch mode: samples of the GIL a second */
	u32 families; /* GS_FAMILY_BIT()s */
	double budget; /* share of one core that probing refs may cost a target; 0: no limit */
	bool budget_given; /* as an option; otherwise what this kernel cannot keep is left out */
	u64 max_threads, max_processes, max_types; /* map sizes */
	u64 since_ns; /* dump: look for so long first, to tell since when; 0: not */
	u64 slow_ns; /* asyncio: an iteration or a step that takes longer is told apart */
	bool contended_sites; /* probe the wait itself, not only the scheduler's view of it */
	const char *file; /* probes: the file to look into; NULL: none, a process */
	const char *count; /* function that the calls family counts */
	const char *args[OPTS_MAX_ARGS]; /* words without a dash: as many as the command takes */
	size_t nargs;
	struct opts_moment from, to; /* report: this part only */
	u64 thread; /* report: this one only; 0: all */
	u64 top; /* report: length of the lists of the longest */
	double threshold; /* diff: standard errors a difference must exceed */
	const char *export_to; /* export: name of a trace exporter */
	const char *export_by; /* export: what the format weighs; flame; NULL: its default */
	const char *columns[OPTS_MAX_COLUMNS]; /* export: NAME=VALUE, the same in every row */
	size_t ncolumns;
	const char *stop; /* of the tour; NULL: list them, or --all */
	bool on_python; /* tour: on a real CPython */
	const char *python; /* tour: which; NULL: the system's */
	const char *output; /* record: the directory; export, flame: the file */
	bool force; /* replace what is there */
	bool findings; /* stat, report: say what the figures show */
	const char *figures; /* record: print the figures at the end in this format; NULL: do not */
	u64 buffer_bytes; /* record: of the ring between kernel and recorder */
	u64 max_bytes; /* record: stop when it is that large; 0: never */
	u64 ring_bytes; /* record: flight recorder with so much memory; 0: write everything */
	struct trigger triggers[OPTS_MAX_TRIGGERS]; /* record: what makes a snapshot */
	size_t ntriggers;
	bool no_color; /* --no-color or NO_COLOR */
	const char *config; /* agent: its file; NULL: all by default */
	const char *listen; /* agent: address and port; NULL: as the file says */
	bool print_config; /* agent: print a file with every key and its default */
};

/*
 * opts_parse - read the command line into @o
 *
 * @o refers to strings in @argv and is complete only if 0 is returned.  With CMD_HELP and
 * CMD_VERSION nothing else in it is set.  NO_COLOR is read from the environment.
 *
 * Return: 0, or -EINVAL with @e set (exit code 2): unknown command or option, missing,
 * garbled or out-of-range value, options that exclude each other, a target where none is
 * taken or none where one is needed.
 */
int opts_parse(struct opts *o, int argc, char **argv, struct err *e);

/* Is it watch mode? */
bool opts_watch(const struct opts *o);

/* The --help text of @command (CMD_NONE: of the program), to stdout. */
void opts_help(enum opts_command command);

#endif
