/* gilscope: one command, one exit code, at most one line on stderr. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "user/cmd_ps.h"
#include "user/commands.h"
#include "user/opts.h"
#include "user/trace/reader.h"

static int run(const struct opts *o, struct err *e)
{
	if (o->command == CMD_REPORT || o->command == CMD_DIFF || o->command == CMD_EXPORT ||
	    (o->command == CMD_FLAME && o->nargs))
		trace_watch_signals();
	switch (o->command) {
	case CMD_TOP:
		return cmd_top(o, e);
	case CMD_STAT:
		return cmd_stat(o, e);
	case CMD_RECORD:
		return cmd_record(o, e);
	case CMD_PROBES:
		return cmd_probes(o, e);
	case CMD_PS:
		return cmd_ps(o->format, e);
	case CMD_TOUR:
		return cmd_tour(o, e);
	case CMD_REPORT:
		return cmd_report(o, e);
	case CMD_DIFF:
		return cmd_diff(o, e);
	case CMD_EXPORT:
		return cmd_export(o, e);
	case CMD_FLAME:
		return cmd_flame(o, e);
	case CMD_AGENT:
		return cmd_agent(o, e);
	case CMD_DUMP:
		return cmd_dump(o, e);
	case CMD_DOCTOR:
		return cmd_doctor(o, e);
	case CMD_VERSION:
		printf("gilscope %s\n", GS_VERSION);
		return 0;
	case CMD_HELP:
	case CMD_NONE:
		opts_help(o->help_for);
		return 0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct opts o = {};
	struct err e = {};
	int err;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a closed stdout is an error like any other, */
	signal(SIGXFSZ, SIG_IGN); /* and so is a file that may not grow */
	err = opts_parse(&o, argc, argv, &e);
	if (!err)
		err = run(&o, &e);
	if (!err && fflush(stdout))
		err = errf(&e, GS_EXIT_FAILED, -1,
			   "stdout: cannot be written; the result is incomplete");
	if (err)
		fprintf(stderr, "gilscope: %s\n",
			e.code ? e.text : "failed without a reason given");
	return err ? (e.code ? e.code : GS_EXIT_FAILED) : GS_EXIT_OK;
}
