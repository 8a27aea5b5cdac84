/* Readings for the tests of the agent's counters, and what the exposition says after them. */
#ifndef GS_TESTS_UNIT_AGENT_READINGS_H
#define GS_TESTS_UNIT_AGENT_READINGS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/agent/counters.h"
#include "user/agent/expose.h"
#include "user/model/fig_rows.h"

#define SEC 1000000000ULL

static struct agent_config config;

static inline int defaults(void **state)
{
	struct err e = {};

	(void)state;
	return config_load(NULL, &config, &e);
}

static inline struct figures *reading(size_t nprocs)
{
	struct figures *f = figures_new();

	f->procs = calloc(nprocs, sizeof(*f->procs));
	f->nprocs = nprocs;
	return f;
}

/* A process that has waited @waits times, 3 ms each, in one thread. */
static inline struct fig_process *process(struct figures *f, size_t i, u32 pid, u64 start_ns,
					  const char *command, const char *cgroup, u64 waits)
{
	struct fig_process *p = &f->procs[i];
	struct fig_thread *t;

	p->pid = p->ns_pid = pid;
	p->start_ns = start_ns;
	p->command = strdup(command);
	p->cgroup = strdup(cgroup);
	p->python.version = strdup("3.11.2");
	t = fig_row_add(FIG_THREADS, p);
	t->tid = pid;
	t->name = strdup("MainThread");
	t->contended_takes = waits;
	t->wait_ns = waits * 3000000;
	t->wait = (struct fig_hist) { .valid = true, .count = waits, .sum_ns = waits * 3000000 };
	t->wait.bucket[gs_hist_index(3000000)] = (u32)waits;
	p->measured_ns = SEC;
	return p;
}

/* The exposition of @c, to be freed. */
static inline char *text_of(struct counters *c, enum trace_metric_form form)
{
	static const struct agent_state state;
	int fd = memfd_create("test", 0);
	struct out out;
	char *text;

	assert_int_equal(out_init(&out, fd), 0);
	expose_write(&out, form, c, &state);
	assert_int_equal(out_flush(&out), 0);
	text = calloc(1, out.total + 1);
	assert_int_equal(pread(fd, text, out.total, 0), out.total);
	out_done(&out);
	close(fd);
	return text;
}

/* The value behind the series @series ("" labels: all of the line up to the blank); -1: none. */
static inline double value_of(struct counters *c, const char *series)
{
	char *text = text_of(c, METRICS_PROMETHEUS), *at = text;
	size_t len = strlen(series);
	double v = -1;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (!strncmp(at, series, len) && at[len] == ' ')
			v = strtod(at + len, NULL);
	free(text);
	return v;
}

#define WEB "service=\"web.service\",process=\"app.py\",python=\"3.11.2\""
#define WAITS "gilscope_gil_contended_takes_total{" WEB "}"

static inline void take(struct counters *c, struct figures *f, u64 now_ns)
{
	assert_int_equal(counters_take(c, f, now_ns), 0);
}

static inline struct fig_process *web(struct figures *f, size_t i, u32 pid, u64 start_ns, u64 waits)
{
	return process(f, i, pid, start_ns, "/usr/bin/python3 -B /srv/app.py --port 1",
		       "/system.slice/web.service", waits);
}

#endif
