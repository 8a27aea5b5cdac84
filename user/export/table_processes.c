/* Invariant: what is not listed is in the sums all the same. */
#include "user/export/table_processes.h"

#include <stdlib.h>

#include "user/base/fmt.h"
#include "user/export/text_table.h"
#include "user/model/fig_totals.h"

#define INDENT 2

_Static_assert(TABLE_PROCESSES_TOP + 1 < TEXT_ROWS, "a table holds the top rows and the sums");

static u64 held_by(const struct fig_process *p)
{
	struct fig_totals t;

	fig_totals_of(p, &t);
	return t.held_ns == FIG_NULL ? 0 : t.held_ns;
}

/* Descending; where that tells nothing those that run first. */
static int compare(const void *va, const void *vb)
{
	const struct fig_process *a = *(const struct fig_process *const *)va;
	const struct fig_process *b = *(const struct fig_process *const *)vb;
	u64 ha = held_by(a), hb = held_by(b);

	if (ha != hb)
		return ha < hb ? 1 : -1;
	if (a->exited != b->exited)
		return a->exited - b->exited;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

const struct fig_process **table_processes_order(const struct figures *f)
{
	const struct fig_process **list = malloc((f->nprocs + 1) * sizeof(*list));

	for (size_t i = 0; list && i < f->nprocs; i++)
		list[i] = &f->procs[i];
	if (list && f->nprocs > TABLE_PROCESSES_TOP)
		qsort(list, f->nprocs, sizeof(*list), compare);
	return list;
}

static void figures_cells(struct text_table *t, const struct fig_totals *s, u64 over_ns)
{
	char threads[16];

	snprintf(threads, sizeof(threads), "%u", s->threads);
	text_table_cell(t, threads);
	text_table_cell(t, fmt_percent(fmt_ratio(s->held_ns, over_ns)).s);
	text_table_cell(t, fmt_percent(fmt_ratio(s->wait_ns, over_ns)).s);
	text_table_cell(t, fmt_rate(s->takes, over_ns).s);
	text_table_cell(t, fmt_rate(s->contended_takes, over_ns).s);
	text_table_cell(t, fmt_rate(s->collections, over_ns).s);
	text_table_cell(t, fmt_percent(fmt_ratio(s->gc_pause_ns, over_ns)).s);
	text_table_cell(t, fmt_rate(s->io_wakeups, over_ns).s);
}

static void process_row(struct text_table *t, const struct fig_process *p)
{
	struct fig_totals sums;
	char id[24];

	fig_totals_of(p, &sums);
	text_table_row(t);
	snprintf(id, sizeof(id), "%u%s", p->pid, p->exited ? "x" : "");
	text_table_cell(t, id);
	snprintf(id, sizeof(id), "%u", p->ns_pid);
	text_table_cell(t, p->ns_pid && p->ns_pid != p->pid ? id : "");
	text_table_cell(t, p->python.version ? p->python.version : "-");
	text_table_cell(t, fmt_ns(p->measured_ns).s);
	figures_cells(t, &sums, p->measured_ns);
	text_table_cell(t, p->command ? p->command : "-");
}

void table_processes(FILE *out, const struct figures *f, const struct fig_process *const *list,
		     size_t n)
{
	static const struct text_column columns[] = {
		{ "PID" },	     { "NS-PID" }, { "PYTHON" },    { "MEASURED" },
		{ "THREADS" },	     { "HELD%" },  { "WAIT%" },	    { "TAKES/s" },
		{ "CONTENDED/s" },   { "GC/s" },   { "GC PAUSED" }, { "WAKES/s" },
		{ "COMMAND", true },
	};
	struct fig_totals all;
	struct text_table t;

	if (f->nprocs < 2)
		return;
	fig_totals(f, &all);
	fprintf(out, "Processes: %u, %u running (x: ended)\n", all.processes, all.running);
	text_table_init(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < n; i++)
		process_row(&t, list[i]);
	text_table_row(&t);
	text_table_cell(&t, "all");
	text_table_cell(&t, "");
	text_table_cell(&t, "");
	text_table_cell(&t, fmt_ns(f->duration_ns).s);
	figures_cells(&t, &all, f->duration_ns);
	text_table_print(&t, out, INDENT);
	if (n < f->nprocs)
		fprintf(out,
			"%*s... and %zu more, which are in the sums; --format json has all of "
			"them\n",
			INDENT, "", f->nprocs - n);
	fputc('\n', out);
}
