/* From limits that were exceeded to recordings; see agent_recorder.h. */
#include "user/agent_recorder.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "user/agent/names.h"
#include "user/agent/trigger_place.h"
#include "user/base/clock.h"
#include "user/base/fmt.h"
#include "user/record/recorder.h"
#include "user/recording_target.h"

/* Recordings' age is looked at so often, or four times in max_age. */
#define TIDY_NS 60000000000ULL

struct agent_recorder {
	const struct agent_config *config;
	const struct opts *opts;
	struct session *session;
	struct recorder *recorder;
	struct recorder_opts ropts;
	struct trigger triggers[TRIGGER_CAUSES];
	enum trigger_cause causes[TRIGGER_CAUSES]; /* of each trigger */
	char texts[TRIGGER_CAUSES][48];
	char path[CONFIG_TEXT + 16]; /* where a recording is written */
	struct trigger_place place;
	struct trigger_counts counts;
	struct utsname host;
	struct trace_info info;
	u64 next_ns; /* CLOCK_MONOTONIC: no recording before */
	u64 tidy_ns; /* likewise: the folder is looked at */
	bool told; /* a reading, to the recorder */
	bool failing; /* and stderr knows */
	bool stopped; /* the recorder has, for want of memory */
};

/* Whose span it was. */
struct who {
	char service[NAME_ROOM], process[NAME_ROOM];
	bool known;
};

static void count_place(struct agent_recorder *r)
{
	r->counts.bytes = r->place.bytes;
	r->counts.kept = r->place.count;
}

static void fail(struct agent_recorder *r, enum trigger_failure why, const char *text)
{
	r->counts.failed[why]++;
	if (!r->failing)
		fprintf(stderr, "gilscope: %s; measuring goes on\n", text);
	r->failing = true;
}

/* One trigger for each limit that is set. */
static void set_triggers(struct agent_recorder *r)
{
	const struct agent_config *c = r->config;
	const struct {
		u64 above_ns;
		enum event_kind kind;
		enum trigger_cause cause;
		const char *figure;
	} limits[] = {
		{ c->trigger_wait_ns, EVENT_WAIT, TRIGGER_WAIT, "gil.wait" },
		{ c->trigger_gc_ns, EVENT_COLLECTION, TRIGGER_GC, "gc.pause" },
		{ c->trigger_loop_ns, EVENT_ITERATION, TRIGGER_LOOP, "asyncio.iteration" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		size_t n = r->ropts.ntriggers;

		if (!limits[i].above_ns)
			continue;
		snprintf(r->texts[n], sizeof(r->texts[n]), "%s>%s", limits[i].figure,
			 fmt_ns(limits[i].above_ns).s);
		r->triggers[n] = (struct trigger) {
			.text = r->texts[n],
			.kind = limits[i].kind,
			.above_ns = limits[i].above_ns,
		};
		r->causes[n] = limits[i].cause;
		r->ropts.ntriggers++;
	}
	r->ropts.triggers = r->triggers;
}

int agent_recorder_new(const struct agent_config *c, struct agent_recorder **ret_r, struct err *e)
{
	struct agent_recorder *r;
	int err;

	*ret_r = NULL;
	if (!config_triggers(c))
		return 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	/* Recordings are the agent's, who has no right to give them to whoever called sudo. */
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	r->config = c;
	err = trigger_place_open(&r->place, c, e);
	if (err) {
		free(r);
		return err;
	}
	count_place(r);
	snprintf(r->path, sizeof(r->path), "%s/" TRIGGER_PARTIAL, c->trigger_directory);
	r->ropts = (struct recorder_opts) {
		.directory = r->path,
		.ring_bytes = c->trigger_memory,
		.ring_ns = c->trigger_last_ns,
		.hand_out = true,
	};
	set_triggers(r);
	*ret_r = r;
	return 0;
}

static void on_target(void *ctx, const struct py_process *py, u64 since_ns, u32 seed_tid)
{
	struct agent_recorder *r = ctx;
	const struct event ev = recording_target(r->session, py, since_ns, seed_tid);

	(void)recorder_add(r->recorder, &ev); /* without memory the recorder stops by itself */
}

int agent_recorder_attach(struct agent_recorder *r, struct session *s, const struct opts *o,
			  struct err *e)
{
	int err;

	if (!r)
		return 0;
	r->session = s;
	r->opts = o;
	r->ropts.maps = session_maps(s);
	err = recorder_open(&r->ropts, &r->recorder, e);
	if (!err)
		session_on_target(s, on_target, r);
	return err;
}

int agent_recorder_start(struct agent_recorder *r, struct err *e)
{
	if (!r)
		return 0;
	r->info = recording_info(r->session, r->opts, r->config->trigger_directory, &r->host);
	return recorder_start(r->recorder, &r->info, e);
}

void agent_recorder_figures(struct agent_recorder *r, const struct figures *before,
			    const struct figures *now, u64 began_ns)
{
	struct figures *part;

	/* Once told, what a reading has since the start is not told again. */
	if (!r || r->stopped || (r->told && !before))
		return;
	part = figures_interval(before, now);
	if (!part)
		return; /* the names come with the next */
	r->told = true;
	/* Without memory the recorder may stop, which is seen when it is looked at. */
	if (!recorder_figures(r->recorder, part, began_ns) && !recorder_probes(r->recorder, now))
		(void)recorder_cpus(r->recorder, now);
	figures_free(part);
}

/* By what a reading says of process @pid, the one that runs rather than one that has ended. */
static void find_names(const struct agent_recorder *r, const struct figures *f, u32 pid,
		       struct who *w)
{
	const struct agent_config *c = r->config;
	const struct fig_process *found = NULL;

	for (size_t i = 0; f && pid && i < f->nprocs; i++)
		if (f->procs[i].pid == pid && (!found || !f->procs[i].exited))
			found = &f->procs[i];
	if (!found || w->known)
		return;
	name_of_program(found->command, w->process);
	name_of_service(c->rules, c->nrules, found->cgroup, w->process, w->service);
	w->known = true;
}

static bool wanted(const struct agent_recorder *r, const struct who *w)
{
	const char *pattern = r->config->trigger_service;

	return !*pattern || (w->known && !fnmatch(pattern, w->service, 0));
}

/* The last seconds, as they are in memory, go to the folder. */
static void make(struct agent_recorder *r, const struct recorder_met *met, const struct who *w)
{
	enum trigger_cause cause = r->causes[met->trigger - r->triggers];
	char name[TRIGGER_NAME], why[2 * NAME_ROOM + 160];
	struct err e = {};
	int err;

	snprintf(why, sizeof(why), "%s: %s in %s (pid %u) of service %s", met->trigger->text,
		 fmt_ns(met->ns).s, w->process, met->pid, w->service);
	trigger_place_name(name, clock_real_ns(), trigger_cause_name(cause), w->service, w->process,
			   met->pid);
	err = trigger_place_begin(&r->place, recorder_state(r->recorder).bytes, r->path, &e);
	if (!err) {
		err = recorder_snapshot_to(r->recorder, r->path, why, &e);
		if (err)
			trigger_place_abandon(&r->place);
		else
			err = trigger_place_finish(&r->place, name, &e);
	}
	count_place(r);
	if (err) {
		fail(r, trigger_failure_of(err), e.text);
		return;
	}
	r->failing = false;
	trigger_made(&r->counts, w->service, cause);
	fprintf(stderr, "gilscope: %s/%s: recorded (%s)\n", r->config->trigger_directory, name,
		why);
}

/* @met is told of: a recording, or it is counted that there is none. */
static void take(struct agent_recorder *r, const struct recorder_met *met,
		 const struct figures **last, agent_recorder_read *read, void *ctx)
{
	struct who w = { .service = "other", .process = "?" };

	find_names(r, *last, met->pid, &w);
	if (w.known && !wanted(r, &w))
		return;
	if (clock_mono_ns() < r->next_ns) {
		r->counts.skipped += wanted(r, &w) ? met->times : 0;
		return;
	}
	*last = read(ctx);
	find_names(r, *last, met->pid, &w);
	if (!wanted(r, &w))
		return;
	make(r, met, &w);
	r->counts.skipped += met->times - 1;
	r->next_ns = clock_mono_ns() + r->config->trigger_pause_ns;
}

/* Recordings get too old without any being made. */
static void tidy(struct agent_recorder *r)
{
	u64 now = clock_mono_ns(), step = r->config->max_age_ns / 4;

	if (now < r->tidy_ns)
		return;
	r->tidy_ns = now + (step < TIDY_NS ? step : TIDY_NS);
	(void)trigger_place_tidy(&r->place); /* a recording tells what is wrong with the folder */
	count_place(r);
}

void agent_recorder_look(struct agent_recorder *r, const struct figures *last,
			 agent_recorder_read *read, void *ctx)
{
	struct recorder_met list[RECORDER_MET_MAX];
	u64 missed;
	size_t n;

	if (!r)
		return;
	tidy(r);
	if (r->stopped)
		return;
	if (recorder_state(r->recorder).err) {
		r->stopped = true;
		r->failing = false; /* this is another failure, and the last one */
		fail(r, TRIGGER_MEMORY,
		     "recordings: the recorder has stopped, there was no memory; restart the "
		     "agent");
		return;
	}
	n = recorder_met(r->recorder, list, &missed);
	r->counts.skipped += missed;
	for (size_t i = 0; i < n; i++)
		take(r, &list[i], &last, read, ctx);
}

const struct trigger_counts *agent_recorder_counts(const struct agent_recorder *r)
{
	return r ? &r->counts : NULL;
}

struct agent_recorder *agent_recorder_free(struct agent_recorder *r)
{
	if (!r)
		return NULL;
	recorder_free(r->recorder);
	trigger_place_close(&r->place);
	free(r);
	return NULL;
}
