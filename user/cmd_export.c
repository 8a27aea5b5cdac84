/* gilscope export: a recording in the format of another tool. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/spool.h"
#include "user/commands.h"
#include "user/export/trace_exporter.h"
#include "user/export/trace_row.h"
#include "user/out_file.h"
#include "user/replay_run.h"

#define TOP 50 /* of the longest, for formats that show them */

/* A sink: the exporter, and the replay alongside if it wants figures. */
struct both {
	const struct trace_exporter_ops *ops;
	struct trace_export x;
	struct replay *replay; /* NULL: none */
	bool begun;
};

static int on_begin(void *ctx, const struct trace_info *info)
{
	struct both *b = ctx;
	int err = 0;

	if (b->replay) {
		struct trace_sink s = replay_sink(b->replay);

		err = s.begin(s.ctx, info);
	}
	b->x.info = info;
	b->begun = true;
	return err ? err : b->ops->begin(&b->x);
}

static int on_event(void *ctx, const struct event *ev)
{
	struct both *b = ctx;
	int err = 0;

	if (b->replay) {
		struct trace_sink s = replay_sink(b->replay);

		err = s.event(s.ctx, ev);
	}
	if (!err && b->ops->event)
		err = b->ops->event(&b->x, ev);
	return err ? err : b->x.out->err; /* a full disk: no need to go on */
}

static int finish(struct both *b, struct replay_run *run)
{
	if (b->replay) {
		run->figures = replay_figures(b->replay);
		if (!run->figures)
			return -ENOMEM;
		run->figures->recording = replay_run_recording(run);
		run->figures->with_findings = true;
	}
	return b->ops->end(&b->x, run->figures);
}

static int export(struct replay_run *run, const struct opts *o, struct out *out, struct err *e)
{
	const struct replay_opts ro = { .top = TOP };
	struct both b = {
		.ops = trace_exporter_find(o->export_to),
		.x = { .out = out,
		       .by = o->export_by,
		       .columns = o->columns,
		       .ncolumns = o->ncolumns },
	};
	struct trace_sink sink = { .begin = on_begin, .event = on_event, .ctx = &b };
	int err = 0;

	if (trace_exporter_wants_figures(b.ops, trace_info(run->reader))) {
		b.replay = run->replay = replay_new(&ro);
		err = b.replay ? 0 : -ENOMEM;
	}
	if (!err)
		err = trace_read(run->reader, &sink, e);
	if (!err)
		err = finish(&b, run);
	if (b.begun && b.ops->done)
		b.ops->done(&b.x);
	if (out->err)
		return out->err;
	if (err == -EINVAL && !e->code && o->export_by)
		return errf(e, GS_EXIT_USAGE, err, "--by %s: not known to --to %s; see its help",
			    o->export_by, o->export_to);
	if (err == -ENOSPC || err == -EDQUOT) /* not that of the output, which has its own */
		return errf(e, GS_EXIT_FAILED, err,
			    "%s: no space for temporary files; set TMPDIR to a folder with more",
			    spool_folder());
	return err ? errf(e, GS_EXIT_FAILED, err, "export: %s", strerror(-err)) : 0;
}

static int export_to(struct replay_run *run, const struct opts *o, struct out_file *t,
		     struct err *e)
{
	struct out out;
	int err = out_init(&out, t->fd), flushed;

	if (err)
		return errf(e, GS_EXIT_FAILED, err, "memory: none left");
	err = export(run, o, &out, e);
	flushed = err ? 0 : out_flush(&out);
	out_done(&out);
	if (!err)
		err = flushed;
	return err ? out_file_error(t, err, e) : 0;
}

/* Do the options go together with the format? */
static int check_options(const struct opts *o, struct err *e)
{
	const struct trace_exporter_ops *ops = trace_exporter_find(o->export_to);

	if (o->export_by && !ops->takes_by)
		return errf(e, GS_EXIT_USAGE, -EINVAL, "--by %s: --to %s has no choice of weights",
			    o->export_by, o->export_to);
	for (size_t i = 0; i < o->ncolumns; i++) {
		const char *value;
		size_t len = trace_row_split(o->columns[i], &value);

		if (!ops->takes_columns)
			return errf(e, GS_EXIT_USAGE, -EINVAL,
				    "--column %s: --to %s has no columns; csv and jsonl have",
				    o->columns[i], o->export_to);
		if (trace_row_named(o->columns[i], len))
			return errf(e, GS_EXIT_USAGE, -EINVAL,
				    "--column %s: rows have a column %.*s of their own",
				    o->columns[i], (int)len, o->columns[i]);
	}
	return 0;
}

int cmd_export(const struct opts *o, struct err *e)
{
	struct out_file t = { .force = o->force };
	struct replay_run run = {};
	int err = check_options(o, e);

	if (err)
		return err;
	err = trace_open(o->args[0], &run.reader, e);
	if (err)
		return err;
	if (o->output && strcmp(o->output, "-"))
		t.path = o->output;
	err = out_file_open(&t, e);
	if (!err)
		err = export_to(&run, o, &t, e);
	err = out_file_close(&t, err, e);
	if (!err) {
		(void)replay_run_recording(&run);
		replay_run_warn(&run);
	}
	replay_run_done(&run);
	trace_close(run.reader);
	return err;
}
