/* Processes and threads in the exposition; see running.h. */
#include "user/agent/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/agent/parts.h"

#define NAME_MAX_BYTES 96

const char *running_type(const struct trace_metric *d)
{
	return d->type == METRIC_HISTOGRAM ? "histogram" : NULL;
}

/* Is it told?  It has a group, then, and figures. */
static bool runs(const struct member *m)
{
	return m->group && !m->exited;
}

/* Room for @cost series more: *@room gets less; once there was none there is none for others. */
static bool take_room(size_t *room, size_t cost)
{
	bool fits = cost <= *room;

	*room = fits ? *room - cost : 0;
	return fits;
}

/* They stay: a process keeps its pid, and counters_configure() drops them. */
static bool make_labels(const struct member *m, struct part *p)
{
	char pid[16], room[32];
	const char *value, *label = trace_metric_key(p->table, p->sum, room, &value);
	const char *const pairs[] = { "pid", pid, p->table == FIG_GILS ? NULL : label, p->key,
				      NULL };

	if (!p->labels) {
		snprintf(pid, sizeof(pid), "%u", m->pid);
		p->labels = trace_metric_labels(m->group->labels, pairs);
	}
	return p->labels;
}

static void choose_rows(const struct counters *c, enum fig_table t, size_t *room, struct running *r)
{
	size_t cost = counters_cost(t);

	for (size_t i = 0; i < c->nmembers; i++) {
		const struct member *m = c->members[i];

		for (struct part *p = runs(m) ? m->parts[t] : NULL; p; p = p->next) {
			p->shown = take_room(room, cost) && make_labels(m, p);
			r->left_out += p->shown ? 0 : cost;
		}
	}
}

static char *thread_labels(const struct member *owner, const struct fig_thread *t)
{
	char pid[16], tid[16];
	const char *const pairs[] = {
		"pid", pid, "tid", tid, "thread", t->name ? t->name : "", NULL
	};

	snprintf(pid, sizeof(pid), "%u", owner->pid);
	snprintf(tid, sizeof(tid), "%u", t->tid);
	return trace_metric_labels(owner->group->labels, pairs);
}

static void choose_threads(const struct counters *c, size_t *room, struct running *r)
{
	size_t cost = counters_cost(FIG_THREADS), n = 0;

	for (size_t i = 0; i < c->nmembers; i++)
		n += c->last->procs[c->members[i]->row].nthreads;
	r->threads = calloc(n ? n : 1, sizeof(*r->threads));
	for (size_t i = 0; i < c->nmembers; i++) {
		const struct member *m = c->members[i];
		const struct fig_process *p = &c->last->procs[m->row];

		for (size_t j = 0; runs(m) && j < p->nthreads; j++) {
			struct running_thread t = { .row = &p->threads[j] };

			if (t.row->exited)
				continue;
			if (take_room(room, cost) && r->threads)
				t.labels = thread_labels(m, t.row);
			if (t.labels)
				r->threads[r->nthreads++] = t;
			else
				r->left_out += cost;
		}
	}
}

void running_choose(const struct counters *c, struct running *ret_r)
{
	const struct agent_config *config = c->config;
	size_t room = config->max_series > c->series ? config->max_series - c->series : 0;

	*ret_r = (struct running) {};
	if (!c->last)
		return;
	for (size_t i = 0; config->per_process && i < PART_TABLES; i++)
		if (part_tables[i] != FIG_TYPES)
			choose_rows(c, part_tables[i], &room, ret_r);
	if (config->per_thread)
		choose_threads(c, &room, ret_r);
	if (config->per_process)
		choose_rows(c, FIG_TYPES, &room, ret_r);
}

/* "gilscope_process_gc_collections" of "cpython_gc_collections" */
static void begin(struct trace_metrics *m, char name[NAME_MAX_BYTES], const char *what,
		  const struct trace_metric *d)
{
	snprintf(name, NAME_MAX_BYTES, "gilscope_%s%s", what, strchr(d->name, '_'));
	trace_metric_begin(m, name, running_type(d), d->unit, d->help);
}

static void write_row(struct trace_metrics *m, const struct trace_metric *d, const char *name,
		      const char *labels, const void *row)
{
	const void *value = (const char *)row + d->offset;

	if (d->type == METRIC_COUNTER)
		trace_metric_value(m, name, "_total", labels, *(const u64 *)value, *d->unit);
	else
		trace_metric_hist(m, name, labels, value);
}

void running_write(struct trace_metrics *m, const struct counters *c, const struct running *r,
		   const struct trace_metric *d)
{
	char name[NAME_MAX_BYTES];

	if (c->config->per_process) {
		begin(m, name, "process", d);
		for (size_t i = 0; c->last && i < c->nmembers; i++) {
			const struct member *owner = c->members[i];
			const struct part *p = runs(owner) ? owner->parts[d->table] : NULL;

			for (; p; p = p->next)
				if (p->shown)
					write_row(m, d, name, p->labels, p->sum);
		}
	}
	if (c->config->per_thread && d->table == FIG_THREADS) {
		begin(m, name, "thread", d);
		for (size_t i = 0; i < r->nthreads; i++)
			write_row(m, d, name, r->threads[i].labels, r->threads[i].row);
	}
}

void running_done(struct running *r)
{
	for (size_t i = 0; i < r->nthreads; i++)
		free(r->threads[i].labels);
	free(r->threads);
	*r = (struct running) {};
}
