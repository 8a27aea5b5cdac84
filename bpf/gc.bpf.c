/*
 * gc: collections and the pauses they make.
 *
 *   IDLE --start(generation)--> COLLECTING [--told--> COLLECTING] --done--> IDLE
 *
 * The collector runs under the GIL and is not re-entered (gc.collecting), so one state per
 * process is enough.  What a collection found is read from the interpreter's own
 * generation_stats, before and after: the probe's argument is the sum of both kinds at best.
 */
#include "bpf/gils.bpf.h"
#include "bpf/record.bpf.h"
#include "bpf/stacks.bpf.h"

/* The GIL under which the current thread collects, as gs_thread.gil. */
static __always_inline u32 held_gil(struct gs_proc *p)
{
	return gs_has_gils(p) ? gs_gil_held(p) : 0;
}

/* Where generation_stats, or the rings it points to, are of the interpreter that @g is in. */
static __always_inline u64 books_at(const struct gs_proc *p, const struct gs_gil *g)
{
	const struct gs_proc_config *c = &p->config;
	u64 at;

	if (g->address == p->gil.address)
		return c->gc_stats;
	if (!c->gc_rings)
		return gs_gil_field(p, g, c->gc_stats);
	if (bpf_probe_read_user(&at, sizeof(at), (void *)gs_gil_field(p, g, c->gc_rings)))
		return 0;
	return at;
}

/* Where the generation's numbers are now. */
static __always_inline bool stats_at(const struct gs_proc *p, const struct gs_gil *g,
				     u32 generation, u64 *ret_at)
{
	const struct gs_proc_config *c = &p->config;
	u64 books;
	s8 newest;

	if (!c->gc_stats || generation >= GS_GC_GENERATIONS)
		return false;
	books = books_at(p, g);
	if (!books)
		return false;
	*ret_at = books + (u64)generation * c->gc_stats_stride;
	if (!c->gc_ring_newest[generation])
		return true;
	if (bpf_probe_read_user(&newest, sizeof(newest),
				(void *)(books + c->gc_ring_newest[generation])) ||
	    newest < 0)
		return false;
	*ret_at = books + c->gc_ring_items[generation] + c->gc_ring_row +
		  (u64)(u8)newest * c->gc_stats_stride;
	return true;
}

static __always_inline bool read_stats(const struct gs_proc *p, const struct gs_gil *g,
				       u32 generation, u64 ret_v[2])
{
	u64 row[3], at; /* collections, collected, uncollectable */

	if (!stats_at(p, g, generation, &at))
		return false;
	if (bpf_probe_read_user(row, sizeof(row), (void *)at)) {
		gs_lose(GS_LOSS_READ_FAULT, 1);
		return false;
	}
	ret_v[0] = row[1];
	ret_v[1] = row[2];
	return true;
}

static __always_inline int gc_start(struct pt_regs *ctx, struct gs_proc *p, u32 site, u64 now)
{
	u32 gil = held_gil(p);
	struct gs_gil *g = gs_gil_of(p, gil);
	u64 generation;

	if (!g)
		return 0;
	if (g->gc_since_ns)
		gs_lose(GS_LOSS_UNPAIRED_GC, 1);
	g->gc_since_ns = 0;
	g->gc_events = 1;
	if (!gs_site_arg(ctx, site, 0, &generation))
		return 0;
	if (generation >= GS_GC_GENERATIONS) {
		gs_lose(GS_LOSS_UNPAIRED_GC, 1);
		return 0;
	}
	g->gc_generation = generation;
	if (!read_stats(p, g, generation, g->gc_before))
		g->gc_before[0] = g->gc_before[1] = (u64)-1;
	g->gc_since_ns = now;
	if (gs_config.record) {
		/* The record is about its thread: it must have a slot, and so a name. */
		gs_thread_try(bpf_get_current_task_btf(), now);
		gs_record(GS_REC_GC_START, (u32)bpf_get_current_pid_tgid(), now, 0, 0,
			  GS_REC_GC(generation, gil));
	}
	return 0;
}

/*
 * What the collection found: told at its end, or the interpreter's own books.  Into ret_found:
 * collected, uncollectable; false if it cannot be told.
 */
static __always_inline bool gc_found(struct pt_regs *ctx, const struct gs_proc *p,
				     const struct gs_gil *g, u32 site, u64 ret_found[2])
{
	if (gs_site_arg(ctx, site, 1, &ret_found[0]) && gs_site_arg(ctx, site, 2, &ret_found[1]))
		return true;
	if (g->gc_before[0] == (u64)-1 || !read_stats(p, g, g->gc_generation, ret_found))
		return false;
	ret_found[0] -= g->gc_before[0];
	ret_found[1] -= g->gc_before[1];
	return true;
}

static __always_inline void tell_collection(u16 arg, u64 now, u64 ns, bool known,
					    const u64 found[2])
{
	struct gs_record_2 r = {
		.r = { .end_ns = now, .ns = ns, .kind = GS_REC_COLLECTION, .arg = arg },
		.a = known ? found[0] : (u64)-1,
		.b = known ? found[1] : (u64)-1,
	};

	if (!gs_config.record)
		return;
	r.r.tid = (u32)bpf_get_current_pid_tgid();
	gs_tell(&r, sizeof(r));
}

static __always_inline int gc_done(struct pt_regs *ctx, struct gs_proc *p, u32 site, u64 now)
{
	u32 gil = held_gil(p);
	struct gs_gil *g = gs_gil_of(p, gil);
	u64 found[2] = {}, ns;
	struct gs_gc *gc;
	u32 generation;
	bool known;

	if (!g)
		return 0;
	generation = g->gc_generation;
	if (!g->gc_since_ns) {
		gs_lose(g->gc_events ? GS_LOSS_UNPAIRED_GC : GS_LOSS_ATTACH_MID_GC, 1);
		g->gc_events = 1;
		return 0;
	}
	if (generation >= GS_GC_GENERATIONS)
		return 0;
	gc = &p->gc[generation];
	known = gc_found(ctx, p, g, site, found);
	if (known) { /* atomically: under another GIL another interpreter may collect as well */
		__sync_fetch_and_add(&gc->collected, found[0]);
		__sync_fetch_and_add(&gc->uncollectable, found[1]);
	}
	if (gs_elapsed(g->gc_since_ns, now, &ns)) {
		__sync_fetch_and_add(&gc->collections, 1);
		gs_hist_add_shared(&gc->pause, ns);
		g->gc_total_ns[generation] += ns;
		if (gs_measures(GS_FAMILY_STACKS))
			stacks_collected(p, gil, ns);
		tell_collection(GS_REC_GC(generation, gil), now, ns, known, found);
	}
	g->gc_since_ns = 0;
	return 0;
}

/* What the callbacks took is the program's own time. */
static __always_inline int gc_told(struct gs_proc *p, u64 now)
{
	struct gs_gil *g = gs_gil_of(p, held_gil(p));

	if (g && g->gc_since_ns)
		g->gc_since_ns = now;
	return 0;
}

__hidden int gc_site(struct pt_regs *ctx, u32 event, u32 site)
{
	u64 now = bpf_ktime_get_ns();
	struct gs_proc *p;
	s32 index;

	if (!gs_measures(GS_FAMILY_GC))
		return 0;
	index = gs_target(bpf_get_current_pid_tgid() >> 32);
	p = index < 0 ? NULL : gs_proc_at(index);
	if (!p)
		return 0;
	if (event == GS_EVENT_GC_TOLD)
		return gc_told(p, now);
	if (event == GS_EVENT_GC_START && gs_measures(GS_FAMILY_STACKS)) {
		stacks_collects(p, held_gil(p));
		now = bpf_ktime_get_ns(); /* the walk is no part of the pause */
	}
	return event == GS_EVENT_GC_START ? gc_start(ctx, p, site, now)
					  : gc_done(ctx, p, site, now);
}
