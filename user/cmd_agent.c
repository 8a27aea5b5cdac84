/*
 * gilscope agent: metrics of every CPython on this host, for those who scrape.
 *
 *   configuration ─► HTTP ─► session (--all) ─► { a reading, a request, SIGHUP }* ─► end
 *
 * One thread: session_wait() also waits for the server's descriptor.  What a reading brings is in
 * user/agent/counters.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/families.h"
#include "user/agent/config.h"
#include "user/agent/counters.h"
#include "user/agent/expose.h"
#include "user/agent/http.h"
#include "user/agent/otlp.h"
#include "user/agent/otlp_message.h"
#include "user/agent/privileges.h"
#include "user/agent_recorder.h"
#include "user/base/clock.h"
#include "user/commands.h"
#include "user/session.h"

#define READINGS_APART \
	200 /* times what one takes: half a percent of a core; scrapes have the rest */
#define PACE_MAX_NS 60000000000ULL
#define UNTOLD_MAX 128 /* processes that may have ended before a reading is made at once */
#define LOOK_NS 250000000ULL /* so often that is looked at */
#define FRESH_NS 200000000ULL /* a reading so old still answers */
#define LAST_PUSH_NS 2000000000ULL /* at the end, for a collector that is slow or away */

struct agent {
	const struct opts *given;
	struct opts opts; /* of the session */
	struct agent_config config;
	struct session *session;
	struct http *http;
	struct agent_recorder *recorder; /* NULL: no limit makes a recording */
	struct otlp *otlp; /* NULL: nothing is pushed */
	struct otlp_counts pushed; /* with configurations before */
	u64 push_ns; /* CLOCK_MONOTONIC: the next time */
	char host[HOST_NAME_MAX + 1];
	struct counters counters;
	struct agent_state state;
	u64 read_ns; /* CLOCK_MONOTONIC: the last reading; 0: none yet */
	int err; /* of the last reading */
};

static int take_reading(struct agent *a)
{
	u64 before = clock_mono_ns(), cpu_ns = clock_cpu_ns();
	struct figures *f = session_read(a->session);

	if (f)
		agent_recorder_figures(a->recorder, a->counters.last, f, before);
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

static int fresh_reading(struct agent *a)
{
	if (clock_mono_ns() - a->read_ns < FRESH_NS && !a->err)
		return 0;
	return take_reading(a);
}

/* An agent_recorder_read. */
static const struct figures *read_figures(void *ctx)
{
	struct agent *a = ctx;

	(void)fresh_reading(a);
	return a->counters.last;
}

/* What became of all that was pushed so far. */
static void count_pushed(struct agent *a)
{
	struct otlp_counts now = otlp_counts(a->otlp);

	a->state.otlp = (struct otlp_counts) {
		.taken = a->pushed.taken + now.taken,
		.refused = a->pushed.refused + now.refused,
		.failed = a->pushed.failed + now.failed,
		.dropped = a->pushed.dropped + now.dropped,
		.rejected_points = a->pushed.rejected_points + now.rejected_points,
		.waiting = now.waiting,
	};
}

/* An otlp_taker. */
static void take_request(void *ctx, u8 *bytes, size_t size, size_t points)
{
	struct agent *a = ctx;

	(void)points;
	otlp_add(a->otlp, bytes, size);
	free(bytes);
}

static void push(struct agent *a)
{
	const struct otlp_taker to = { take_request, a };

	if (!a->otlp)
		return;
	count_pushed(a);
	/* Without memory the next one has it all. */
	if (!fresh_reading(a))
		(void)otlp_message(&a->counters, &a->state, a->host, clock_real_ns(), &to);
	a->push_ns = clock_mono_ns() + a->config.otlp_interval_ns;
}

static void end_pushing(struct agent *a, u64 wait_ns)
{
	struct otlp_counts last = {};

	otlp_close(a->otlp, wait_ns, &last);
	a->otlp = NULL;
	a->pushed.taken += last.taken;
	a->pushed.refused += last.refused;
	a->pushed.failed += last.failed;
	a->pushed.dropped += last.dropped;
	a->pushed.rejected_points += last.rejected_points;
}

/* An http_ops.metrics: into a file in memory, so that the server sends what the kernel has. */
static int make_metrics(void *ctx, enum trace_metric_form form, int *ret_fd, u64 *ret_size)
{
	struct agent *a = ctx;
	struct out out;
	int fd, err = 0;

	err = fresh_reading(a);
	if (err)
		return err;
	count_pushed(a);
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
	o->ring_bytes = config_triggers(c) ? c->trigger_memory : 0;
}

static int load_config(const struct opts *o, struct agent_config *ret_c, struct err *e)
{
	char why[160];
	int err = config_load(o->config, ret_c, e);

	if (!err && o->listen && config_set(ret_c, &config_keys[0], o->listen, why, sizeof(why)))
		err = errf(e, GS_EXIT_USAGE, -EINVAL, "--listen %s: %s", o->listen, why);
	return err;
}

/* Push by @next, if it says anything else of it; a file of headers may say something else. */
static int reopen_otlp(struct agent *a, const struct agent_config *next, struct err *e)
{
	struct otlp *o;
	int err;

	if (!config_differs(&a->config, next, "otlp") && !*next->otlp_headers_file)
		return 0;
	err = otlp_open(next, &o, e);
	if (err)
		return err;
	end_pushing(a, 0);
	a->otlp = o;
	a->push_ns = clock_mono_ns();
	return 0;
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
	if (!err)
		err = reopen_otlp(a, &next, &e);
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
		until = a->otlp && a->push_ns < until ? a->push_ns : until;
		event = session_wait(a->session, next < until ? next : until, http_fd(a->http));
		if (event < 0)
			return errf(e, GS_EXIT_FAILED, event, "measurement: %s", strerror(-event));
		if (event == SESSION_STOP)
			return 0;
		if (event == SESSION_RELOAD)
			reload(a);
		agent_recorder_look(a->recorder, a->counters.last, read_figures, a);
		if (clock_mono_ns() >= next || session_untold(a->session) >= UNTOLD_MAX)
			(void)take_reading(a); /* without memory it is tried again */
		if (a->otlp && clock_mono_ns() >= a->push_ns)
			push(a);
		http_run(a->http);
	}
}

/* System calls are hooked in exact mode, and for event loops. */
static bool needs_tracefs(const struct agent_config *c)
{
	return strcmp(c->mode, "watch") != 0 || c->families & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO);
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
	/* Before there are threads: each has its own. */
	if (!err)
		err = privileges_drop(needs_tracefs(&a->config), e);
	if (!err)
		err = agent_recorder_new(&a->config, &a->recorder, e);
	if (!err)
		err = otlp_open(&a->config, &a->otlp, e);
	if (err)
		return err;
	a->state.recordings = agent_recorder_counts(a->recorder);
	if (gethostname(a->host, sizeof(a->host)))
		*a->host = '\0';
	a->host[HOST_NAME_MAX] = '\0';
	set_opts(a);
	err = session_open(&a->opts, &a->session, e);
	if (!err)
		err = agent_recorder_attach(a->recorder, a->session, &a->opts, e);
	if (!err)
		err = session_start(a->session, e);
	if (!err)
		err = agent_recorder_start(a->recorder, e);
	if (err)
		return err;
	a->state.started_unix_ns = session_started_unix_ns(a->session);
	err = take_reading(a);
	a->push_ns = clock_mono_ns() + a->config.otlp_interval_ns;
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
		push(a); /* what the last seconds had */
	}
	end_pushing(a, LAST_PUSH_NS);
	http_close(a->http);
	counters_done(&a->counters);
	agent_recorder_free(a->recorder);
	session_leave(a->session); /* its probes go with the program, and what it has */
	if (!a->session)
		free(a);
	return err;
}
