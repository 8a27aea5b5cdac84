/* The parts of the figures that are about the measurement itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/base/fmt.h"
#include "user/ingest/stacks.h"
#include "user/session_private.h"

static const char *const family_names[GS_FAMILY_END] = {
#define X(NAME, name, id, on, help) [GS_FAMILY_##NAME] = #name,
	GS_FAMILIES(X)
#undef X
};

static const char *const event_names[GS_EVENT_COUNT] = {
#define X(NAME, name, FAMILY, help) [GS_EVENT_##NAME] = #name,
	GS_EVENTS(X)
#undef X
};

static const struct {
	const char *program;
	const char *name;
	enum gs_family family;
} hooks[GS_HOOK_COUNT] = {
#define X(NAME, name, FAMILY) [GS_HOOK_##NAME] = { NULL, #name, GS_FAMILY_##FAMILY },
	GS_HOOKS(X)
#undef X
#define X(NAME, name) \
	[GS_HOOK_IO + GS_IO_##NAME] = { "gs_io_exit", "sys_exit_" #name, GS_FAMILY_IO },
		GS_IO_CALLS(X)
#undef X
};

static bool is_loaded(const struct session *s, u32 hook)
{
	char program[64];

	if (hooks[hook].program)
		return skel_program(s->skel, hooks[hook].program);
	/* "sched_process_exit" is gs_process_exit, "sched_switch" gs_sched_switch */
	snprintf(program, sizeof(program), "gs_%s",
		 strncmp(hooks[hook].name, "sched_process", 13) ? hooks[hook].name
								: hooks[hook].name + 6);
	return skel_program(s->skel, program);
}

static struct fig_probe *add_probe(struct figures *f)
{
	struct fig_probe *more = realloc(f->probes, (f->nprobes + 1) * sizeof(*more));

	if (!more)
		return NULL;
	f->probes = more;
	memset(&more[f->nprobes], 0, sizeof(*more));
	return &more[f->nprobes++];
}

static int add_hooks(struct session *s, struct figures *f)
{
	u64 hits[GS_HOOK_COUNT];
	int err = kmaps_hits(skel_maps(s->skel), 0, hits, GS_HOOK_COUNT);

	for (u32 i = 0; i < GS_HOOK_COUNT && !err; i++) {
		struct fig_probe *p;

		if (!is_loaded(s, i))
			continue;
		p = add_probe(f);
		if (!p)
			return -ENOMEM;
		p->family = family_names[hooks[i].family];
		p->event = hooks[i].name;
		p->file = strdup("kernel");
		p->found_by = "tracepoint";
		p->instruction = strdup("-");
		p->hits = hits[i];
		f->overhead.probe_hits += hits[i];
	}
	return err;
}

static int add_site(struct figures *f, const struct py_binary *b, const struct probe_site *site,
		    u64 hits)
{
	struct fig_probe *p = add_probe(f);

	if (!p)
		return -ENOMEM;
	p->family = family_names[site->family];
	p->event = event_names[site->event];
	p->file = strdup(b->path ? b->path : "?");
	p->offset = site->offset;
	p->found_by = site->found_by;
	p->instruction = strdup(site->instruction);
	p->hits = hits;
	f->overhead.probe_hits += hits;
	return 0;
}

static int add_block(struct session *s, const struct site_block *block, struct figures *f,
		     u64 *ret_hits)
{
	const struct py_binary *b = block->binary;
	u32 rows[] = { block->first, block->first }; /* of those in bursts: the second */

	for (size_t i = 0; i < b->nsites; i++)
		rows[1] +=
			session_wants(s->opts, &b->sites[i]) && !session_in_bursts(s, &b->sites[i]);
	for (size_t i = 0; i < b->nsites; i++) {
		u64 hits = 0;
		int err;

		if (!session_wants(s->opts, &b->sites[i]))
			continue;
		err = kmaps_hits(skel_maps(s->skel),
				 GS_HOOK_COUNT + rows[session_in_bursts(s, &b->sites[i])]++, &hits,
				 1);
		if (!err)
			err = add_site(f, b, &b->sites[i], hits);
		if (err)
			return err;
		*ret_hits += hits;
	}
	return 0;
}

static int add_sites(struct session *s, struct figures *f, u64 *ret_hits)
{
	int err = 0;

	for (size_t i = 0; i < s->nblocks && !err; i++)
		err = s->blocks[i].covered ? 0 : add_block(s, &s->blocks[i], f, ret_hits);
	return err;
}

static int add_losses(struct session *s, struct figures *f)
{
	static const struct fig_lost causes[GS_LOSS_COUNT] = {
#define X(NAME, name_, families_, help_) \
	[GS_LOSS_##NAME] = { .cause = #name_, .families = families_, .help = help_ },
		GS_LOSSES(X)
#undef X
	};
	const struct stacks_native_lost native = stacks_native_lost(s->collector.stacks);
	u64 counts[GS_LOSS_COUNT];
	int err = kmaps_losses(skel_maps(s->skel), counts);

	if (err)
		return err;
	counts[GS_LOSS_PROCESSES_DROPPED] += s->collector.dropped;
	for (size_t i = 0; i < s->collector.count; i++)
		counts[GS_LOSS_GILS_FULL] += s->collector.list[i]->gils_lost;
	counts[GS_LOSS_STARTS_FULL] += s->starts_lost;
	counts[GS_LOSS_STACKS_FULL] += stacks_lost(s->collector.stacks);
	counts[GS_LOSS_NATIVE_FULL] += native.full;
	counts[GS_LOSS_NATIVE_UNREAD] += native.unread;
	counts[GS_LOSS_NATIVE_CUT] += native.cut;
	counts[GS_LOSS_NATIVE_UNMERGED] += native.unmerged;
	counts[GS_LOSS_STARTS_REFUSED] += s->starts_refused;
	counts[GS_LOSS_STARTS_MISSED] += s->starts_missed;
	counts[GS_LOSS_PROCESSES_FULL] += s->no_slot;
	counts[GS_LOSS_KERNEL_SKIPPED] += skel_skipped(s->skel);
	f->lost = calloc(GS_LOSS_COUNT, sizeof(*f->lost));
	if (!f->lost)
		return -ENOMEM;
	for (u32 i = 0; i < GS_LOSS_COUNT; i++) {
		if (!counts[i])
			continue;
		f->lost[f->nlost] = causes[i];
		f->lost[f->nlost++].count = counts[i];
	}
	return 0;
}

/* Refs under a budget have told what they cost; other sites by their hits. */
static void add_overhead(struct session *s, struct figures *f, u64 site_hits)
{
	struct burst_state b = {};
	u64 hit_ns = s->selftest.hit_ns;

	f->overhead.tracer_cpu_ns = clock_cpu_ns() - s->cpu_ns;
	f->overhead.hit_ns = hit_ns ? hit_ns : FIG_NULL;
	f->overhead.stack_walks = skel_maps(s->skel)->stacks->walks;
	f->overhead.hits_per_s = 1e9 * fmt_ratio(f->overhead.probe_hits, f->duration_ns);
	if (s->burst) {
		burst_state(s->burst, &b);
		site_hits -= b.hits < site_hits ? b.hits : site_hits;
		f->overhead.hit_ns = b.hit_ns;
		f->budget_share = b.share;
		f->budget = (struct fig_budget) {
			.family = family_names[GS_FAMILY_REFS],
			.state = b.thinned ? "thinned" : "full",
			.since_unix_ns = s->started_unix_ns + (b.since_ns - s->started_ns),
			.why = b.thinned ? "counting all of them would cost more than the budget"
					 : NULL,
			.observed_ratio = fmt_ratio(b.observed_ns, f->duration_ns),
			.cost_ratio = fmt_ratio(b.spent_ns, f->duration_ns),
		};
		if (b.since_ns < s->started_ns) /* attached a little before the start */
			f->budget.since_unix_ns = s->started_unix_ns;
		if (f->budget.observed_ratio > 1)
			f->budget.observed_ratio = 1;
	}
	f->overhead.target_cpu_ns_estimate = hit_ns ? site_hits * hit_ns + b.spent_ns : FIG_NULL;
}

int session_describe(struct session *s, struct figures *f)
{
	u64 site_hits = 0;
	int err;

	f->mode = s->opts->mode;
	f->started_unix_ns = s->started_unix_ns;
	f->started_ns = s->started_ns;
	f->duration_ns = clock_mono_ns() - s->started_ns;
	err = add_hooks(s, f);
	if (!err)
		err = add_sites(s, f, &site_hits);
	if (!err)
		err = add_losses(s, f);
	add_overhead(s, f, site_hits);
	return err;
}

size_t session_untold(const struct session *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->collector.count; i++)
		n += s->collector.list[i]->exited && !s->collector.list[i]->told;
	return n;
}

bool session_delay_known(const struct session *s)
{
	return s->collector.delay_known;
}

const struct kmaps *session_maps(const struct session *s)
{
	return skel_maps(s->skel);
}

u64 session_hit_ns(const struct session *s)
{
	return s->selftest.hit_ns;
}

u64 session_started_unix_ns(const struct session *s)
{
	return s->started_unix_ns;
}

u64 session_started_ns(const struct session *s)
{
	return s->started_ns;
}
