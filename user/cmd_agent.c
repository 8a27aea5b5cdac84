/*
 * gilscope agent: metrics of every CPython on this host, for those who scrape.
 *
 *   configuration ─► HTTP ─► session (--all) ─► { a reading, a request, SIGHUP }* ─► end
 *
 * One thread: session_wait() also waits for the server's descriptor.  What a reading brings is in
 * user/agent/counters.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/agent/config.h"
#include "user/agent/counters.h"
#include "user/agent/expose.h"
#include "user/agent/http.h"
#include "user/base/clock.h"
#include "user/commands.h"
#include "user/session.h"

#define READINGS_APART 100 /* times what one takes: 1 % of a core, but for those asked for */
#define PACE_MAX_NS 60000000000ULL
#define UNTOLD_MAX 128 /* processes that may have ended before a reading is made at once */
#define LOOK_NS 250000000ULL /* so often that is looked at */
#define FRESH_NS 200000000ULL /* a reading so old still answers */

struct agent {
	const struct opts *given;
	struct opts opts; /* of the session */
	struct agent_config config;
	struct session *session;
	struct http *http;
	struct counters counters;
	struct agent_state state;
	u64 read_ns; /* CLOCK_MONOTONIC: the last reading; 0: none yet */
	int err; /* of the last reading */
};

static int take_reading(struct agent *a)
{
	u64 before = clock_mono_ns(), cpu_ns = clock_cpu_ns();
	struct figures *f = session_read(a->session);

	a->err = f ? counters_take(&a->counters, f, before) : -ENOMEM;
	a->read_ns = clock_mono_ns();
	a->state.reading_ns = a->read_ns - before;
	cpu_ns = clock_cpu_ns() - cpu_ns;
	a->state.pace_ns = a->config.interval_ns;
	if (cpu_ns * READINGS_APART > a->state.pace_ns)
		a->state.pace_ns = cpu_ns * READINGS_APART < PACE_MAX_NS ? cpu_ns * READINGS_APART
									 : PACE_MAX_NS;
	a->state.readings += !a->err;
	return a->err;
}

static bool is_ready(void *ctx)
{
	const struct agent *a = ctx;

	return a->read_ns && !a->err;
}

/* An http_ops.metrics: into a file in memory, so that the server sends what the kernel has. */
static int make_metrics(void *ctx, enum trace_metric_form form, int *ret_fd, u64 *ret_size)
{
	struct agent *a = ctx;
	struct out out;
	int fd, err = 0;

	if (clock_mono_ns() - a->read_ns >= FRESH_NS || a->err)
		err = take_reading(a);
	if (err)
		return err;
	fd = memfd_create("gilscope-metrics", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = out_init(&out, fd);
	if (!err) {
		expose_write(&out, form, &a->counters, &a->state);
		err = out_flush(&out);
		*ret_size = out.total;
	}
	out_done(&out);
	if (err)
		close(fd);
	*ret_fd = fd;
	return err;
}

/* What the session is to do, by the configuration. */
static void set_opts(struct agent *a)
{
	const struct agent_config *c = &a->config;
	struct opts *o = &a->opts;

	*o = *a->given;
	o->all = true;
	o->mode = c->mode;
	o->mode_given = true;
	o->families = c->families;
	o->budget = c->budget;
	o->max_processes = c->max_processes;
	o->max_threads = c->max_threads;
	o->sample_rate = c->sample_rate;
	o->slow_ns = c->slow_ns;
}

static int load_config(const struct opts *o, struct agent_config *ret_c, struct err *e)
{
	char why[160];
	int err = config_load(o->config, ret_c, e);

	if (!err && o->listen && config_set(ret_c, &config_keys[0], o->listen, why, sizeof(why)))
		err = errf(e, GS_EXIT_USAGE, -EINVAL, "--listen %s: %s", o->listen, why);
	return err;
}

/* SIGHUP.  What cannot be taken leaves everything as it was. */
static void reload(struct agent *a)
{
	struct agent_config next;
	struct err e = {};
	const struct config_key *k;
	int err = load_config(a->given, &next, &e);

	k = err ? NULL : config_needs_restart(&a->config, &next);
	if (k)
		err = errf(&e, GS_EXIT_USAGE, -EINVAL,
			   "%s: %s.%s cannot be changed while it runs; restart", a->given->config,
			   k->section, k->name);
	if (!err)
		err = http_configure(a->http, &next, &e);
	if (err) {
		a->state.failed_reloads++;
		fprintf(stderr, "gilscope: %s; goes on as before\n", e.text);
		return;
	}
	a->config = next;
	counters_configure(&a->counters, &a->config, clock_mono_ns());
	a->state.reloads++;
	fprintf(stderr, "gilscope: configuration taken\n");
}

static int run(struct agent *a, struct err *e)
{
	for (;;) {
		u64 next = a->read_ns + a->state.pace_ns, until = clock_mono_ns() + LOOK_NS;
		u64 http = http_next_ns(a->http);
		int event;

		until = http < until ? http : until;
		event = session_wait(a->session, next < until ? next : until, http_fd(a->http));
		if (event < 0)
			return errf(e, GS_EXIT_FAILED, event, "measurement: %s", strerror(-event));
		if (event == SESSION_STOP)
			return 0;
		if (event == SESSION_RELOAD)
			reload(a);
		if (clock_mono_ns() >= next || session_untold(a->session) >= UNTOLD_MAX)
			(void)take_reading(a); /* without memory it is tried again */
		http_run(a->http);
	}
}

static int begin(struct agent *a, struct err *e)
{
	const struct http_ops ops = {
		.metrics = make_metrics,
		.ready = is_ready,
		.state = &a->state,
	};
	int err = counters_init(&a->counters, &a->config);

	if (err)
		return errf(e, GS_EXIT_FAILED, err, "memory: none left");
	/* The address first: without one no process need be touched. */
	err = http_open(&a->config, &ops, a, &a->http, e);
	if (err)
		return err;
	set_opts(a);
	err = session_open(&a->opts, &a->session, e);
	if (!err)
		err = session_start(a->session, e);
	if (err)
		return err;
	a->state.started_unix_ns = session_started_unix_ns(a->session);
	err = take_reading(a);
	return err ? errf(e, GS_EXIT_FAILED, err, "memory: none left") : 0;
}

int cmd_agent(const struct opts *o, struct err *e)
{
	struct agent *a;
	int err;

	if (o->print_config) {
		config_print();
		return 0;
	}
	a = calloc(1, sizeof(*a));
	if (!a)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	a->given = o;
	err = load_config(o, &a->config, e);
	if (!err)
		err = begin(a, e);
	if (!err) {
		fprintf(stderr, "gilscope: measuring; answering at %s\n", http_address(a->http));
		err = run(a, e);
	}
	http_close(a->http);
	counters_done(&a->counters);
	session_leave(a->session); /* its probes go with the program, and what it has */
	if (!a->session)
		free(a);
	return err;
}
