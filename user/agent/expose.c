/* Writing the exposition; see expose.h.  All samples of a metric are together. */
#include "user/agent/expose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/agent/parts.h"
#include "user/agent/running.h"
#include "user/base/clock.h"

/* Metric @d of every group. */
static void write_groups(struct trace_metrics *m, const struct counters *c,
			 const struct trace_metric *d)
{
	size_t hist = part_hist(d->table, d->offset);

	trace_metric_begin(m, d->name, running_type(d), d->unit, d->help);
	for (size_t i = 0; i < c->ngroups; i++) {
		for (const struct part *p = c->groups[i]->parts[d->table]; p; p = p->next) {
			const void *value = (const char *)p->sum + d->offset;
			const struct fig_hist *h = value;

			if (d->type == METRIC_COUNTER)
				trace_metric_value(m, d->name, "_total", p->labels,
						   *(const u64 *)value, *d->unit);
			else if (h->valid)
				trace_metric_counted(m, d->name, p->labels, p->below[hist],
						     h->count, h->sum_ns);
		}
	}
}

static void write_figures(struct trace_metrics *m, const struct counters *c, size_t *ret_out)
{
	struct running r;

	running_choose(c, &r);
	for (size_t i = 0; i < trace_metric_count; i++) {
		const struct trace_metric *d = &trace_metric_list[i];

		if (d->type == METRIC_LEVEL)
			continue;
		write_groups(m, c, d);
		running_write(m, c, &r, d);
	}
	*ret_out = r.left_out;
	running_done(&r);
}

static bool has_parts(const struct group *g)
{
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		if (g->parts[t])
			return true;
	return false;
}

/* What a group itself has: GROUP_COST in counters.c. */
static void write_members(struct trace_metrics *m, const struct counters *c)
{
	static const struct {
		const char *name, *type, *unit, *help;
	} list[] = {
		{ "gilscope_processes", "gauge", "", "CPython processes that run." },
		{ "gilscope_threads", "gauge", "", "Their threads." },
		{ "gilscope_process_starts", NULL, "",
		  "Processes there were since the agent began." },
		{ "gilscope_measured_seconds", NULL, "seconds",
		  "How long each of them was measured, all together." },
	};

	for (size_t k = 0; k < sizeof(list) / sizeof(list[0]); k++) {
		trace_metric_begin(m, list[k].name, list[k].type, list[k].unit, list[k].help);
		for (size_t i = 0; i < c->ngroups; i++) {
			const struct group *g = c->groups[i];
			const u64 values[] = { g->running, g->threads, g->starts, g->measured_ns };

			if (!i && !g->starts && !has_parts(g))
				continue; /* "other", and there is none */
			trace_metric_value(m, list[k].name, list[k].type ? "" : "_total", g->labels,
					   values[k], *list[k].unit);
		}
	}
}

static void number(struct trace_metrics *m, const char *name, const char *type, const char *unit,
		   u64 v, const char *help)
{
	trace_metric_begin(m, name, type, unit, help);
	trace_metric_value(m, name, type ? "" : "_total", "", v, !strcmp(unit, "seconds"));
}

static void counter_of(struct trace_metrics *m, const char *name, const char *label,
		       const char *value, u64 v)
{
	const char *const pairs[] = { label, value, NULL };
	char *labels = trace_metric_labels("", pairs);

	if (labels)
		trace_metric_value(m, name, "_total", labels, v, false);
	free(labels);
}

static u64 resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (f && fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (u64)sysconf(_SC_PAGESIZE);
}

static void write_losses(struct trace_metrics *m, const struct figures *f)
{
	trace_metric_begin(m, "gilscope_lost_events", NULL, "",
			   "What is missing in the other metrics, by cause.");
	for (size_t i = 0; f && i < f->nlost; i++) {
		const char *const pairs[] = { "cause", f->lost[i].cause, "families",
					      f->lost[i].families, NULL };
		char *labels = trace_metric_labels("", pairs);

		if (labels)
			trace_metric_value(m, "gilscope_lost_events", "_total", labels,
					   f->lost[i].count, false);
		free(labels);
	}
}

static void write_cost(struct trace_metrics *m, const struct counters *c)
{
	const struct figures *f = c->last;

	number(m, "gilscope_tracer_cpu_seconds", NULL, "seconds", clock_cpu_ns(),
	       "CPU time gilscope used.");
	number(m, "gilscope_tracer_resident_bytes", "gauge", "bytes", resident_bytes(),
	       "Memory gilscope has.");
	number(m, "gilscope_probe_hits", NULL, "", f ? f->overhead.probe_hits : 0,
	       "Hits of all probes.");
	number(m, "gilscope_target_cpu_estimate_seconds", NULL, "seconds",
	       f ? f->overhead.target_cpu_ns_estimate : FIG_NULL,
	       "CPU time the probes took from the measured processes: hits times the measured cost "
	       "of one.");
}

/* Is what a family would cost beyond its budget, and since when?  Nothing where it has none. */
static void write_budget(struct trace_metrics *m, const struct figures *f)
{
	const char *const pairs[] = { "family", f && f->budget_share > 0 ? f->budget.family : "",
				      NULL };
	char *labels = *pairs[1] ? trace_metric_labels("", pairs) : NULL;
	bool thinned = labels && !strcmp(f->budget.state, "thinned");

	if (!labels)
		return;
	trace_metric_begin(m, "gilscope_thinned", "gauge", "",
			   "1: counting all of the family would cost a program more than the "
			   "budget, so its figures are estimated from a part.");
	trace_metric_value(m, "gilscope_thinned", "", labels, thinned, false);
	if (thinned) {
		trace_metric_begin(m, "gilscope_thinned_since_timestamp_seconds", "gauge",
				   "seconds", "Since when, since 1970.");
		trace_metric_value(m, "gilscope_thinned_since_timestamp_seconds", "", labels,
				   f->budget.since_unix_ns, true);
	}
	free(labels);
}

static void write_otlp(struct trace_metrics *m, const struct otlp_counts *n)
{
	trace_metric_begin(m, "gilscope_agent_otlp_requests", NULL, "",
			   "Pushed requests, by what the collector did with them; failed ones are "
			   "attempts that are made again.");
	counter_of(m, "gilscope_agent_otlp_requests", "result", "taken", n->taken);
	counter_of(m, "gilscope_agent_otlp_requests", "result", "refused", n->refused);
	counter_of(m, "gilscope_agent_otlp_requests", "result", "failed", n->failed);
	counter_of(m, "gilscope_agent_otlp_requests", "result", "dropped", n->dropped);
	number(m, "gilscope_agent_otlp_rejected_points", NULL, "", n->rejected_points,
	       "Data points that the collector left out of requests it took.");
	number(m, "gilscope_agent_otlp_waiting", "gauge", "", n->waiting,
	       "Requests that have not been taken yet.");
}

static void write_agent(struct trace_metrics *m, const struct counters *c,
			const struct agent_state *s, size_t left_out)
{
	const char *const pairs[] = { "version", GS_VERSION, "mode", c->config->mode, NULL };
	char *labels = trace_metric_labels("", pairs);

	trace_metric_begin(m, "gilscope_agent_info", "gauge", "", "The agent.");
	if (labels)
		trace_metric_value(m, "gilscope_agent_info", "", labels, 1, false);
	free(labels);
	number(m, "gilscope_started_timestamp_seconds", "gauge", "seconds", s->started_unix_ns,
	       "When the measurement began, since 1970.");
	number(m, "gilscope_agent_readings", NULL, "", s->readings,
	       "Readings of what the kernel counted.");
	number(m, "gilscope_agent_reading_seconds", "gauge", "seconds", s->reading_ns,
	       "How long the last one took.");
	number(m, "gilscope_agent_interval_seconds", "gauge", "seconds", s->pace_ns,
	       "Time until the next one: longer than configured where they would take more than "
	       "half a percent of a core.");
	number(m, "gilscope_agent_series", "gauge", "", c->series,
	       "Series of services, as counted against max_series.");
	number(m, "gilscope_agent_series_left_out", "gauge", "", left_out,
	       "Series of processes and threads that had no room below max_series.");
	trace_metric_begin(
		m, "gilscope_agent_folded", NULL, "",
		"What is counted under service=\"other\" for want of room: processes, and "
		"rows of processes.");
	counter_of(m, "gilscope_agent_folded", "what", "process", c->folded_processes);
	counter_of(m, "gilscope_agent_folded", "what", "row", c->folded_rows);
	number(m, "gilscope_agent_forgotten_services", NULL, "", c->forgotten,
	       "Label sets that are gone because no process of theirs has run for long.");
	trace_metric_begin(m, "gilscope_agent_reloads", NULL, "",
			   "Times the configuration was read again.");
	counter_of(m, "gilscope_agent_reloads", "result", "taken", s->reloads);
	counter_of(m, "gilscope_agent_reloads", "result", "refused", s->failed_reloads);
	number(m, "gilscope_agent_http_requests", NULL, "", s->requests, "Requests answered.");
	number(m, "gilscope_agent_http_refused", NULL, "", s->refused,
	       "Of them, answered with another code than 200.");
	number(m, "gilscope_agent_http_cut", NULL, "", s->cut,
	       "Connections closed because they were too slow or too many.");
	if (*c->config->otlp_endpoint)
		write_otlp(m, &s->otlp);
	if (s->recordings)
		trigger_expose(m, s->recordings);
}

static void write_all(struct trace_metrics *m, const struct counters *c,
		      const struct agent_state *state)
{
	size_t left_out = 0;

	write_members(m, c);
	write_figures(m, c, &left_out);
	write_losses(m, c->last);
	write_cost(m, c);
	write_budget(m, c->last);
	write_agent(m, c, state, left_out);
}

void expose_to(const struct trace_metric_sink *sink, void *ctx, const struct counters *c,
	       const struct agent_state *state)
{
	struct trace_metrics m = { .sink = sink, .sink_ctx = ctx };

	write_all(&m, c, state);
}

void expose_write(struct out *out, enum trace_metric_form form, const struct counters *c,
		  const struct agent_state *state)
{
	struct trace_metrics m = { .out = out, .form = form };

	write_all(&m, c, state);
	if (form == METRICS_OPENMETRICS)
		out_str(out, "# EOF\n");
}

/* The quality that the header gives to @type, or to all; -1: it does not name it. */
static double quality(const char *accept, const char *type)
{
	size_t len = strlen(type);

	while (*accept) {
		size_t item = strcspn(accept, ","), skip = strspn(accept, " \t");

		if (skip < item && !strncasecmp(accept + skip, type, len) &&
		    strchr(" \t;,", accept[skip + len])) {
			const char *q = memmem(accept, item, ";q=", 3);

			return q ? strtod(q + 3, NULL) : 1;
		}
		accept += item + (accept[item] == ',');
	}
	return -1;
}

enum trace_metric_form expose_form(const char *accept)
{
	double open = accept ? quality(accept, "application/openmetrics-text") : -1;

	return open > 0 && open >= quality(accept, "text/plain") ? METRICS_OPENMETRICS
								 : METRICS_PROMETHEUS;
}
