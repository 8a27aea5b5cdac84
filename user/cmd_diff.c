/* gilscope diff: two recordings side by side. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user/commands.h"
#include "user/diff.h"

static int compare(struct diff_side *a, struct diff_side *b, const struct opts *o, struct err *e)
{
	struct diff d;
	int err = diff_compare(a, b, o->threshold, &d);

	if (!err) {
		err = strcmp(o->format, "json") ? diff_table(stdout, &d) : diff_json(stdout, &d);
		if (err)
			errf(e, GS_EXIT_FAILED, err, "stdout: %s; the result is incomplete",
			     strerror(-err));
	}
	diff_done(&d);
	return err ? errf(e, GS_EXIT_FAILED, err, "diff: %s", strerror(-err)) : 0;
}

int cmd_diff(const struct opts *o, struct err *e)
{
	struct diff_side side[2] = {};
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		err = trace_open(o->args[i], &side[i].run.reader, e);
		if (!err)
			err = diff_side_read(&side[i], e);
	}
	if (!err)
		err = compare(&side[0], &side[1], o, e);
	for (size_t i = 0; i < 2; i++) {
		struct trace_reader *reader = side[i].run.reader;

		if (!err)
			replay_run_warn(&side[i].run);
		diff_side_done(&side[i]);
		trace_close(reader);
	}
	return err;
}
