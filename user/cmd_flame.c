/* gilscope flame: measure with stacks, or read a recording that has them, then write which
 * functions it was, as a picture. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/commands.h"
#include "user/export/flame.h"
#include "user/measurement.h"
#include "user/out_file.h"
#include "user/replay_run.h"

/* The families without which a weight is not measured. */
static const u32 needed[FIG_BY_COUNT] = {
	[FIG_BY_HELD] = GS_FAMILY_BIT(GS_FAMILY_GIL),
	[FIG_BY_WAITED] = GS_FAMILY_BIT(GS_FAMILY_GIL),
	[FIG_BY_CAUSED] = GS_FAMILY_BIT(GS_FAMILY_GIL),
	[FIG_BY_BLOCKED] = GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_SCHED),
	[FIG_BY_PAUSED] = GS_FAMILY_BIT(GS_FAMILY_GC),
	[FIG_BY_DEALLOC] = GS_FAMILY_BIT(GS_FAMILY_REFS),
};

/* Until the time is over, the targets are, or somebody says so. */
static int wait_for_end(struct measurement *m, const struct opts *o, struct err *e)
{
	u64 end = o->duration_ns ? measurement_started_ns(m) + o->duration_ns : UINT64_MAX;

	for (;;) {
		int event = measurement_wait(m, end, -1);

		if (event < 0)
			return errf(e, GS_EXIT_FAILED, event, "measurement: %s", strerror(-event));
		if (event == SESSION_STOP || event == SESSION_ENDED || clock_mono_ns() >= end)
			return 0;
	}
}

static void title(const struct figures *f, char *to, size_t size)
{
	const struct fig_process *p = f->procs;

	if (f->nprocs == 1)
		snprintf(to, size, "%s [%u]", p->command ? p->command : "?", p->pid);
	else
		snprintf(to, size, "%zu processes", f->nprocs);
}

static int write_tree(const struct flame_format *format, const struct fig_flame *t,
		      const struct flame_about *a, int fd)
{
	struct out out;
	int err = out_init(&out, fd);

	if (err)
		return err;
	err = format->write(&out, t, a);
	if (!err)
		err = out_flush(&out);
	out_done(&out);
	return err;
}

/* What was measured, as a tree and by function, and from there into the file. */
static int write_figures(const struct figures *f, enum fig_stack_weight by,
			 const struct flame_format *format, struct out_file *to)
{
	struct fig_flame t = { .by = by };
	struct fig_functions l;
	struct flame_about about = { .mode = f->mode, .duration_ns = f->duration_ns };
	char what[320];
	int err = fig_functions_of(f->procs, f->nprocs, 0, &l);

	if (err)
		return err;
	err = fig_flame_of(&t, f->procs, f->nprocs);
	title(f, what, sizeof(what));
	about.what = what;
	about.functions = &l;
	fig_functions_sort(&l, by, false);
	if (!err)
		err = write_tree(format, &t, &about, to->fd);
	if (!err && !t.n)
		fprintf(stderr, "gilscope: %s: nothing of it was seen: the graph is empty\n",
			fig_weights[by].help);
	else if (!err)
		fprintf(stderr, "gilscope: %s: %s, of %s stacks in %zu functions\n",
			fig_weights[by].help, flame_amount(by, t.list[0].total).s,
			fmt_count(l.stacks).s, l.n);
	fig_functions_done(&l);
	fig_flame_done(&t);
	return err;
}

static int measured_any(const struct figures *f, struct err *e)
{
	for (size_t i = 0; i < f->nprocs; i++)
		if (f->procs[i].stacks_measured)
			return 0;
	return errf(
		e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		"stacks: not measured of any process; gilscope dump -p PID says what can be read "
		"of one");
}

static int measure(const struct opts *o, enum fig_stack_weight by,
		   const struct flame_format *format, struct out_file *to, struct err *e)
{
	struct figures *total = NULL, *part = NULL;
	struct measurement *m;
	int err = measurement_open(o, &m, e);

	if (err)
		return err;
	err = measurement_start(m, e);
	if (!err) {
		fprintf(stderr, "gilscope: measuring%s\n",
			o->duration_ns ? "" : "; ^C ends it and writes the graph");
		err = wait_for_end(m, o, e);
	}
	if (!err) {
		err = measurement_read(m, &total, &part);
		errf(err ? e : NULL, GS_EXIT_FAILED, err, "memory: none left");
	}
	if (!err)
		err = measured_any(total, e);
	if (!err) {
		err = write_figures(total, by, format, to);
		if (err)
			out_file_error(to, err, e);
	}
	/* Names of functions live as long as the measurement. */
	figures_free(part);
	figures_free(total);
	measurement_leave(m);
	return err;
}

/* Of a recording: can it be drawn by that? */
static int recorded(const struct trace_info *info, enum fig_stack_weight by, struct err *e)
{
	if (!trace_measures(info, GS_FAMILY_STACKS))
		return errf(e, GS_EXIT_UNSUPPORTED, -ENODATA,
			    "%s: has no Python stacks; record it --with stacks", info->directory);
	if ((info->families & needed[by]) != needed[by])
		return errf(e, GS_EXIT_UNSUPPORTED, -ENODATA,
			    "--by %s: not measured in %s; record it with what that needs",
			    fig_weights[by].name, info->directory);
	return 0;
}

static int read_recording(const struct opts *o, enum fig_stack_weight by,
			  const struct flame_format *format, struct out_file *to, struct err *e)
{
	const struct replay_opts all = {};
	struct replay_run run = {};
	int err = trace_open(o->args[0], &run.reader, e);

	if (err)
		return err;
	err = recorded(trace_info(run.reader), by, e);
	if (!err)
		err = replay_run(&run, &all, NULL, 0, e);
	if (!err)
		err = measured_any(run.figures, e);
	if (!err) {
		err = write_figures(run.figures, by, format, to);
		if (err)
			out_file_error(to, err, e);
	}
	if (!err)
		replay_run_warn(&run);
	replay_run_done(&run);
	trace_close(run.reader);
	return err;
}

int cmd_flame(const struct opts *opts, struct err *e)
{
	enum fig_stack_weight by = fig_weight_find(opts->export_by ? opts->export_by : "held");
	const struct flame_format *format = flame_format_of(opts->output);
	struct out_file to = { .force = opts->force };
	struct opts o = *opts;
	int err;

	if (by == FIG_BY_DEALLOC)
		o.families |= GS_FAMILY_BIT(GS_FAMILY_REFS);
	o.families |= GS_FAMILY_BIT(GS_FAMILY_STACKS);
	if ((o.families & needed[by]) != needed[by])
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--by %s: needs what --without leaves out; leave it in",
			    fig_weights[by].name);
	if (strcmp(o.output, "-"))
		to.path = o.output;
	err = out_file_open(&to, e);
	if (!err && o.nargs)
		err = read_recording(&o, by, format, &to, e);
	else if (!err)
		err = measure(&o, by, format, &to, e);
	return out_file_close(&to, err, e);
}
