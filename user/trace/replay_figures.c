/*
 * From the replay's state to figures: what the families (user/family/) do with the kernel side's
 * slots.  The names are theirs, the rows in the order of rows.c: alive, ended, folded.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/model/fig_rows.h"
#include "user/trace/replay_ft.h"
#include "user/trace/replay_loops.h"
#include "user/trace/replay_private.h"

static u64 since(u64 start_ns, u64 now_ns)
{
	return now_ns > start_ns ? now_ns - start_ns : 0;
}

/* Watch mode records no holds and no calls: there are none to be counted. */
/* A free-threaded build whose GIL was never taken. */
static bool has_no_gil(const struct rp_process *p)
{
	return p->known & EVENT_KNOWN_NO_GIL && !p->first_owned_ns;
}

/* What no family measured is null. */
static void null_unmeasured(const struct replay *r, const struct rp_process *p,
			    struct fig_thread *row)
{
	rp_ft_thread(rp_has_ft(r, p), &row->ft);
	if (!(p->known & EVENT_KNOWN_RUNNABLE))
		row->wait_runnable_ns = FIG_NULL;
	if (!rp_measures(r, GS_FAMILY_GIL) || has_no_gil(p)) {
		row->wait_runnable_ns = FIG_NULL;
		row->takes = row->contended_takes = row->held_ns = row->wait_ns = FIG_NULL;
		row->hold.valid = row->wait.valid = false;
	}
	if (rp_watched(r)) {
		row->takes = row->held_ns = FIG_NULL;
		row->hold.valid = false;
	}
	if (rp_watched(r) || !rp_measures(r, GS_FAMILY_GIL) || !(p->known & EVENT_KNOWN_FORCED))
		row->forced_releases = FIG_NULL;
	if (!rp_measures(r, GS_FAMILY_SCHED))
		row->held_offcpu_ns = row->held_preempted_ns = FIG_NULL;
}

static void add_open(const struct rp_thread *t, u64 now_ns, u64 first_owned_ns,
		     struct fig_thread *row)
{
	if (t->open[RP_HOLD]) {
		row->held_ns += since(t->open_ns[RP_HOLD], now_ns);
		row->takes += !t->open_mid;
	}
	if (t->open[RP_WAIT])
		row->wait_ns += since(t->open_ns[RP_WAIT], now_ns);
	if (t->open[RP_OFF_CPU]) {
		u64 off = since(t->open_ns[RP_OFF_CPU], now_ns);

		row->held_offcpu_ns += off;
		row->held_preempted_ns += t->open_preempted ? off : 0;
	}
	row->held_ns += rp_seed_held(t, first_owned_ns ? first_owned_ns : now_ns);
}

/* @from as a row of @out, with a name of its own. */
static bool add_row(const struct replay *r, const struct rp_process *p,
		    const struct fig_thread *from, struct fig_process *out)
{
	struct fig_thread *row = fig_row_add(FIG_THREADS, out);

	if (!row)
		return false;
	*row = *from;
	row->name = strdup(from->name ? from->name : "?");
	null_unmeasured(r, p, row);
	return row->name;
}

static bool thread_rows(const struct replay *r, const struct rp_process *p, u64 now_ns,
			u64 first_owned_ns, struct fig_process *out)
{
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct rp_thread *t = p->threads[i];
		struct fig_thread row = t->row;

		if (r->o.tid && t->row.tid != r->o.tid)
			continue;
		add_open(t, now_ns, first_owned_ns, &row);
		if (!add_row(r, p, &row, out))
			return false;
	}
	for (size_t i = 0; i < p->nretired; i++) {
		if (r->o.tid && p->retired[i].tid != r->o.tid)
			continue;
		if (!add_row(r, p, &p->retired[i], out))
			return false;
	}
	if (p->nfolded && !r->o.tid) {
		struct fig_thread row = p->folded;
		char name[] = "[ended threads]";

		row.name = name;
		return add_row(r, p, &row, out);
	}
	return true;
}

/* Who holds it: the open hold, or the one that held at the beginning, until one was seen. */
static const struct rp_thread *holder(const struct rp_process *p)
{
	const struct rp_thread *seed = NULL;

	for (size_t i = 0; i < p->nthreads; i++) {
		if (p->threads[i]->open[RP_HOLD] && !p->threads[i]->open_gil[RP_HOLD])
			return p->threads[i];
		if (rp_is_seed(p->threads[i]))
			seed = p->threads[i];
	}
	return p->holds ? NULL : seed;
}

static void gil_sums(const struct fig_process *p, struct fig_gil *g)
{
	if (!p->nthreads)
		g->held_ns = g->takes = g->contended_takes = g->wait_ns = 0;
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		g->held_ns = fig_sum(g->held_ns, t->held_ns);
		g->takes = fig_sum(g->takes, t->takes);
		g->contended_takes = fig_sum(g->contended_takes, t->contended_takes);
		g->forced_releases = fig_sum(g->forced_releases, t->forced_releases);
		g->wait_ns = fig_sum(g->wait_ns, t->wait_ns);
		g->held_offcpu_ns = fig_sum(g->held_offcpu_ns, t->held_offcpu_ns);
		g->held_preempted_ns = fig_sum(g->held_preempted_ns, t->held_preempted_ns);
		g->wait_runnable_ns = fig_sum(g->wait_runnable_ns, t->wait_runnable_ns);
	}
}

static u64 contended_since(const struct rp_process *p)
{
	return p->mark_contended_ns ? p->mark_contended_ns : p->open_contended_ns;
}

static bool gil_row(const struct replay *r, const struct rp_process *p, u64 now_ns,
		    struct fig_process *out)
{
	const struct rp_thread *h = p->exited ? NULL : holder(p);
	struct fig_gil *g;

	out->gil_measured = true;
	if (has_no_gil(p))
		return true;
	g = fig_row_add(FIG_GILS, out);
	if (!g)
		return false;
	g->address = p->gil;
	g->handovers = p->owners.handovers;
	if (h && h->open[RP_HOLD] && !h->open_mid)
		g->handovers += p->owners.last_owner && p->owners.last_owner != h->serial;
	g->contended_ns = p->contended_ns;
	if (!p->exited && contended_since(p))
		g->contended_ns += since(contended_since(p), now_ns);
	g->held_source = "exact";
	g->held_error_ratio = 0;
	g->holder_tid = h ? h->row.tid : 0;
	/* Of a recording that was broken off the end is not told. */
	if (!h && !p->exited && r->all_read && !r->complete)
		g->holder_tid = FIG_NULL;
	g->hold_floor_ns = r->info->hit_ns ? r->info->hit_ns : FIG_NULL;
	gil_sums(out, g);
	if (rp_watched(r)) {
		g->held_source = "sampled";
		g->held_error_ratio = NAN;
		g->handovers = g->holder_tid = g->hold_floor_ns = FIG_NULL;
		g->takes = g->held_ns = FIG_NULL;
	}
	if (!rp_gil_rows(p, now_ns, out))
		return false;
	g = &out->gils[0];
	if (g->held_ns != FIG_NULL && out->measured_ns)
		g->held_ratio = (double)g->held_ns / out->measured_ns;
	return true;
}

static bool gc_rows(const struct replay *r, const struct rp_process *p, struct fig_process *out)
{
	out->gc_measured = true;
	for (u32 i = 0; i < GS_GC_GENERATIONS; i++) {
		struct fig_gc *row = fig_row_add(FIG_GC, out);

		if (!row)
			return false;
		*row = p->gc[i];
		row->pause.valid = true;
		if (!(p->known & EVENT_KNOWN_GC_FOUND))
			row->collected = row->uncollectable = FIG_NULL;
		/* Of old recordings it is not known for which interpreter's collector a wait was.
		 */
		if (!rp_measures(r, GS_FAMILY_GIL) ||
		    (p->ngils && !(p->known & EVENT_KNOWN_GC_GIL)))
			row->stalled_ns = FIG_NULL;
	}
	return true;
}

static bool io_rows(const struct replay *r, const struct rp_process *p, struct fig_process *out)
{
	out->io_measured = true;
	for (u32 i = 0; i < GS_IO_COUNT; i++) {
		struct fig_io *row;

		if (!p->io[i].calls)
			continue;
		row = fig_row_add(FIG_IO, out);
		if (!row)
			return false;
		*row = p->io[i];
		if (rp_watched(r)) {
			row->wakeups = row->blocked.count;
			row->calls = row->timeouts = row->errors = row->events = FIG_NULL;
		}
		row->blocked.valid = row->wake_to_run.valid = true;
		row->wake_to_gil.valid = rp_measures(r, GS_FAMILY_GIL);
		row->wake_gil_wait.valid = row->wake_to_gil.valid && rp_has_split(r);
	}
	return true;
}

static bool type_rows(const struct rp_process *p, struct fig_process *out)
{
	out->types_measured = true;
	out->types_source = "exact";
	out->types_observed_ns = out->measured_ns;
	out->types_bursts = 0;
	for (u32 i = 0; i < p->ntypes; i++) {
		struct fig_type *row = fig_row_add(FIG_TYPES, out);

		if (!row)
			return false;
		*row = p->types[i];
		row->deallocs_counted = row->deallocs;
		row->type = strdup(row->type ? row->type : "?");
		if (!row->type)
			return false;
	}
	return true;
}

static bool copy_text(char **ret_to, const char *from)
{
	*ret_to = from ? strdup(from) : NULL;
	return !from || *ret_to;
}

static bool describe(const struct rp_process *p, struct fig_process *out)
{
	bool ok = copy_text(&out->command, p->command);

	ok = copy_text(&out->python.version, p->version ? p->version : "?") && ok;
	ok = copy_text(&out->python.path, p->path) && ok;
	ok = copy_text(&out->python.build_id, p->build_id) && ok;
	out->pid = p->pid;
	out->ns_pid = p->ns_pid;
	out->exited = p->exited;
	out->python.free_threaded = p->known & EVENT_KNOWN_FREE_THREADED;
	out->python.debug = p->known & EVENT_KNOWN_DEBUG;
	out->gil_enabled = !(p->known & EVENT_KNOWN_NO_GIL);
	out->types_observed_ns = out->types_bursts = FIG_NULL;
	out->cpu = p->sched.cpu;
	return ok;
}

static bool process(const struct replay *r, const struct rp_process *p, u64 moment_ns,
		    struct fig_process *out)
{
	u64 now = p->exited ? p->exit_ns : moment_ns, first = p->first_owned_ns;
	const struct rp_thread *h = holder(p);
	bool ok = describe(p, out);

	out->measured_ns = since(p->since_ns, now);
	if (!first && h && h->open[RP_HOLD] && !h->open_mid)
		first = h->open_ns[RP_HOLD];
	ok = ok && thread_rows(r, p, now, first, out);
	if (ok && r->o.tid)
		return rp_stacks_rows(r, p, out);
	if (!ok)
		return false;
	if (rp_measures(r, GS_FAMILY_GIL))
		ok = gil_row(r, p, now, out);
	if (ok && out->ngils && rp_blame_told(r))
		ok = rp_blame_rows(r, p, now, out);
	if (ok && rp_measures(r, GS_FAMILY_GC))
		ok = gc_rows(r, p, out);
	if (ok && rp_measures(r, GS_FAMILY_IO))
		ok = io_rows(r, p, out);
	if (ok && rp_measures(r, GS_FAMILY_ASYNCIO))
		ok = rp_loop_rows(p, out);
	if (ok && rp_has_ft(r, p))
		ok = rp_ft_rows(p, out);
	if (ok && rp_measures(r, GS_FAMILY_SCHED) && rp_has_split(r) && !has_no_gil(p))
		ok = rp_blocked_rows(p, now, out);
	if (ok && rp_measures(r, GS_FAMILY_REFS))
		ok = copy_text(&out->types_coverage, p->coverage) && type_rows(p, out);
	return ok && rp_stacks_rows(r, p, out);
}

static bool has_tid(const struct rp_process *p, u32 tid)
{
	bool found = !tid;

	for (size_t i = 0; i < p->nthreads && !found; i++)
		found = p->threads[i]->row.tid == tid;
	for (size_t i = 0; i < p->nretired && !found; i++)
		found = p->retired[i].tid == tid;
	return found;
}

static bool probes(const struct replay *r, struct figures *f)
{
	f->probes = calloc(r->nprobes + 1, sizeof(*f->probes));
	if (!f->probes)
		return false;
	for (size_t i = 0; i < r->nprobes; i++) {
		struct fig_probe *p = &f->probes[f->nprobes++];

		*p = r->probes[i];
		p->file = p->instruction = NULL;
		if (!copy_text(&p->file, r->probes[i].file) ||
		    !copy_text(&p->instruction, r->probes[i].instruction))
			return false;
		f->overhead.probe_hits += p->hits;
	}
	return true;
}

static bool losses(const struct replay *r, struct figures *f)
{
	f->lost = calloc(RP_LOSS_COUNT, sizeof(*f->lost));
	for (u32 i = 0; f->lost && i < RP_LOSS_COUNT; i++) {
		if (!r->lost[i])
			continue;
		f->lost[f->nlost] = rp_loss(i);
		f->lost[f->nlost++].count = r->lost[i];
	}
	return f->lost;
}

struct figures *rp_figures(const struct replay *r, u64 moment_ns)
{
	struct figures *f = figures_new();
	bool ok = f;

	if (!f)
		return NULL;
	f->mode = r->info->mode;
	f->started_unix_ns = r->info->started_unix_ns;
	f->started_ns = r->info->started_ns;
	f->duration_ns = since(r->info->started_ns, moment_ns);
	f->procs = calloc(r->nprocs + 1, sizeof(*f->procs));
	ok = f->procs;
	for (size_t i = 0; i < r->nprocs && ok; i++)
		if (has_tid(r->procs[i], r->o.tid))
			ok = process(r, r->procs[i], moment_ns, &f->procs[f->nprocs++]);
	ok = ok && probes(r, f) && losses(r, f);
	f->overhead.tracer_cpu_ns = r->tracer_cpu_ns;
	f->overhead.hit_ns = FIG_NULL;
	f->overhead.hits_per_s = 1e9 * fmt_ratio(f->overhead.probe_hits, f->duration_ns);
	f->overhead.target_cpu_ns_estimate =
		r->target_cpu_ns == EVENT_UNKNOWN ? FIG_NULL : r->target_cpu_ns;
	return ok ? f : figures_free(f);
}
