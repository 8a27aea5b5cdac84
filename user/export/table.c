/*
 * --format table: what an operator reads first.  Per process its header, its GILs and the
 * tables of table_rows.c; at the end what was lost, and what to do about it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/base/str.h"
#include "user/export/exporter.h"
#include "user/export/table_findings.h"
#include "user/export/table_functions.h"
#include "user/export/table_lists.h"
#include "user/export/table_processes.h"
#include "user/export/table_rows.h"

static void text(FILE *out, const char *s)
{
	char safe[512];

	snprintf(safe, sizeof(safe), "%s", s ? s : "-");
	str_printable(safe);
	fputs(safe, out);
}

/* What is counted in bursts only, since when and why. */
static void budget(FILE *out, const struct figures *f)
{
	const struct fig_budget *b = &f->budget;
	u64 end = f->started_unix_ns + f->duration_ns;

	if (!(f->budget_share > 0))
		return;
	fprintf(out, "  budget    %s of a CPU for %s: %s", fmt_percent(f->budget_share).s,
		b->family, strcmp(b->state, "thinned") ? "counted in full" : "THINNED");
	if (end > b->since_unix_ns)
		fprintf(out, " for %s", fmt_ns(end - b->since_unix_ns).s);
	fprintf(out, ", cost %s, observed %s of the time since the start%s%s\n",
		fmt_percent(b->cost_ratio).s, fmt_percent(b->observed_ratio).s, b->why ? "; " : "",
		b->why ? b->why : "");
}

/* A share of one core that the probes may take: which mode it led to, since when and why. */
static void fallback(FILE *out, const struct figures *f)
{
	const struct fig_fallback *b = &f->fallback;
	u64 end = f->started_unix_ns + f->duration_ns;

	if (fig_distorted(f))
		fputs("  DISTORTED the program runs slower than without the probes: each of its "
		      "takes costs so much more; use --mode watch\n",
		      out);
	if (!b->family)
		return;
	fprintf(out, "  budget    %s of a CPU for %s: %s", fmt_percent(b->share).s, b->family,
		fig_fell_back(f) ? "FELL BACK to watch mode" : "exact mode");
	if (end > b->since_unix_ns)
		fprintf(out, " for %s", fmt_ns(end - b->since_unix_ns).s);
	if (b->why)
		fprintf(out, "; %s", b->why);
	if (b->switches)
		fprintf(out, " (its probes took %s); changes of mode since the start: %s",
			fmt_percent(b->last_cost_ratio).s, fmt_count(b->switches).s);
	if (b->retry_unix_ns != FIG_NULL && b->retry_unix_ns > end)
		fprintf(out, ", exact is tried again in %s", fmt_ns(b->retry_unix_ns - end).s);
	fputc('\n', out);
}

static void header(FILE *out, const struct figures *f, const struct fig_process *p)
{
	double own = fmt_ratio(f->overhead.tracer_cpu_ns, f->duration_ns);
	double cost = fmt_ratio(f->overhead.target_cpu_ns_estimate, f->duration_ns);

	fprintf(out, "Process %u%s: Python ", p->pid, p->exited ? " (ended)" : "");
	text(out, p->python.version);
	fprintf(out, "%s%s, ", p->python.free_threaded ? " free-threaded" : "",
		p->python.debug ? " debug" : "");
	text(out, p->python.path);
	fputs("\n  command   ", out);
	text(out, p->command);
	fprintf(out, "\n  measured  %s, mode %s\n", fmt_ns(p->measured_ns).s,
		f->mode ? f->mode : "-");
	fprintf(out,
		"  cost      gilscope %s of a CPU; its probes about %s of a CPU in %s, "
		"%s hits (%s/s%s%s)\n",
		fmt_percent(own).s, fmt_percent(cost).s,
		f->nprocs > 1 ? "all targets together" : "the target",
		fmt_count(f->overhead.probe_hits).s,
		fmt_rate(f->overhead.probe_hits, f->duration_ns).s,
		f->overhead.hit_ns == FIG_NULL ? "" : ", each ",
		f->overhead.hit_ns == FIG_NULL ? "" : fmt_ns(f->overhead.hit_ns).s);
	budget(out, f);
	fallback(out, f);
	if (!f->nlost)
		return;
	fputs("  LOST     ", out);
	for (size_t i = 0; i < f->nlost; i++)
		fprintf(out, " %s %s%s", f->lost[i].cause, fmt_count(f->lost[i].count).s,
			i + 1 < f->nlost ? "," : " (see the end)\n");
}

/* Name of thread @tid of @p, or "?". */
static const char *thread_name(const struct fig_process *p, u64 tid)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].tid == tid && !p->threads[i].exited && p->threads[i].name)
			return p->threads[i].name;
	return "?";
}

static void holder(FILE *out, const struct fig_process *p, u64 tid)
{
	if (tid == FIG_NULL) {
		fputs("; held now by: -", out);
	} else if (!tid) {
		fputs("; held now by nobody", out);
	} else {
		fprintf(out, "; held now by %u ", (unsigned int)tid);
		text(out, thread_name(p, tid));
	}
}

static void gil(FILE *out, const struct fig_process *p, const struct fig_gil *g)
{
	u64 time_ns = p->measured_ns;

	fprintf(out, "\nGIL 0x%llx: held %s of the time (%s", (unsigned long long)g->address,
		fmt_percent(g->held_ratio).s, g->held_source ? g->held_source : "-");
	if (g->held_error_ratio > 0)
		fprintf(out, ", +-%s", fmt_percent(g->held_error_ratio).s);
	fputc(')', out);
	holder(out, p, g->holder_tid);
	fprintf(out,
		"\n  takes %s (%s/s), contended %s (%s), forced releases %s, handovers %s (%s/s)\n",
		fmt_count(g->takes).s, fmt_rate(g->takes, time_ns).s,
		fmt_count(g->contended_takes).s,
		fmt_percent(fmt_ratio(g->contended_takes, g->takes)).s,
		fmt_count(g->forced_releases).s, fmt_count(g->handovers).s,
		fmt_rate(g->handovers, time_ns).s);
	fprintf(out,
		"  threads waited %s in all (%s of the time); held off the CPU %s, preempted %s\n",
		fmt_ns(g->wait_ns).s, fmt_percent(fmt_ratio(g->wait_ns, time_ns)).s,
		fmt_percent(fmt_ratio(g->held_offcpu_ns, g->held_ns)).s,
		fmt_percent(fmt_ratio(g->held_preempted_ns, g->held_ns)).s);
	if (g->hold_floor_ns != FIG_NULL && g->hold_floor_ns)
		fprintf(out, "  each hold is lengthened by about %s: the probes' cost\n",
			fmt_ns(g->hold_floor_ns).s);
}

static void lost(FILE *out, const struct figures *f)
{
	if (!f->nlost)
		return;
	fputs("\nLost (figures of these families are too small by it)\n", out);
	for (size_t i = 0; i < f->nlost; i++)
		fprintf(out, "  %s %s (%s): %s\n", fmt_count(f->lost[i].count).s, f->lost[i].cause,
			f->lost[i].families, f->lost[i].help);
}

static int process(FILE *out, const struct figures *f, const struct fig_process *p)
{
	static int (*const tables[])(FILE *, const struct fig_process *) = {
		table_threads, table_blame, table_gc,	 table_ft,	  table_ft_threads,
		table_io,      table_loops, table_types, table_functions,
	};
	int err = 0;

	header(out, f, p);
	for (size_t i = 0; p->gil_measured && i < p->ngils; i++)
		gil(out, p, &p->gils[i]);
	if (!p->gil_enabled && !p->ngils)
		fputs("\nNo GIL: a free-threaded build, its threads run beside each other\n", out);
	else if (!p->gil_measured)
		fputs("\nGIL: not measured\n", out);
	/* Without a GIL there is nothing in the first of them. */
	for (size_t i = p->ft_measured && !p->ngils; !err && i < sizeof(tables) / sizeof(tables[0]);
	     i++)
		err = tables[i](out, p);
	return err;
}

/* All processes as a table, then the first of them in detail. */
static int processes(FILE *out, const struct figures *f)
{
	const struct fig_process **list = table_processes_order(f);
	size_t n = f->nprocs < TABLE_PROCESSES_TOP ? f->nprocs : TABLE_PROCESSES_TOP;
	int err = list ? 0 : -ENOMEM;

	if (!err)
		table_processes(out, f, list, n);
	for (size_t i = 0; i < n && !err; i++) {
		if (i)
			fputc('\n', out);
		err = process(out, f, list[i]);
	}
	free(list);
	return err;
}

static int write_table(FILE *out, const struct figures *f)
{
	int err;

	errno = 0;
	err = processes(out, f);
	if (err)
		return err;
	if (!f->nprocs)
		fputs("No process was measured.\n", out);
	if (f->with_findings) {
		err = table_findings(out, f);
		if (err)
			return err;
	}
	table_longest(out, f);
	lost(out, f);
	table_lost_ranges(out, f);
	table_recording(out, f);
	fputc('\n', out);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

const struct exporter_ops table_exporter = {
	.name = "table",
	.help = "for people",
	.write = write_table,
};
