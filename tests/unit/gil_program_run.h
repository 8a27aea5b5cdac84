/* The made-up program runs: see gil_program.h. */
#ifndef GS_TESTS_GIL_PROGRAM_RUN_H
#define GS_TESTS_GIL_PROGRAM_RUN_H

#include "tests/unit/gil_program.h"

/* Who takes the GIL next: the longest waiting; else the first to wake up. */
static inline struct gp_thread *gp_next(struct gp *g)
{
	struct gp_thread *best = NULL;

	for (u32 i = 0; i < GP_THREADS; i++) {
		struct gp_thread *t = &g->threads[i];

		/* One that has just given it up (0) goes behind all others. */
		if (t->waiting && (!best || t->wait_begin - 1 < best->wait_begin - 1))
			best = t;
	}
	for (u32 i = 0; !best && i < GP_THREADS; i++)
		best = &g->threads[i];
	for (u32 i = 0; !best->waiting && i < GP_THREADS; i++)
		if (g->threads[i].wakes < best->wakes)
			best = &g->threads[i];
	return best;
}

static inline struct event gp_io(struct gp *g, struct gp_thread *t)
{
	u64 to_run = 500 + gp_random(g, 3000);
	struct event ev = { .kind = EVENT_IO_WAIT,
			    .thread = &t->thread,
			    .call = t->io_call,
			    .ts_ns = t->wakes + to_run,
			    .result = 1 + (s64)gp_random(g, 3),
			    .to_run_ns = to_run };

	ev.blocked_ns = t->wakes - t->blocked_since;
	ev.ns = ev.ts_ns - t->blocked_since;
	t->to_gil_since = t->wakes;
	t->sleeping = false;
	return ev;
}

static inline void gp_collect(struct gp *g, struct gp_thread *t, u64 end)
{
	u64 hold = end - g->now;
	struct event ev = { .kind = EVENT_COLLECTION,
			    .thread = &t->thread,
			    .generation = (u32)gp_random(g, 3),
			    .collected = gp_random(g, 100) };

	if (t->collects_since) {
		ev.ts_ns = g->now + hold / 3;
		ev.ns = ev.ts_ns - t->collects_since;
		t->collects_since = 0;
		gp_queue(g, ev);
	} else if (gp_random(g, 20) == 0) {
		if (gp_random(g, 4) == 0) {
			t->collects_since = g->now + hold / 2;
			return;
		}
		ev.ts_ns = g->now + hold * 3 / 4;
		ev.ns = hold / 2;
		gp_queue(g, ev);
	}
}

/* The others wake up while @t holds until @end, and begin to wait. */
static inline void gp_others(struct gp *g, const struct gp_thread *t, u64 end)
{
	for (u32 i = 0; i < GP_THREADS; i++) {
		struct gp_thread *o = &g->threads[i];
		struct event ev;

		if (!o->sleeping || o->wakes < g->now || o->wakes + 4000 > end)
			continue;
		ev = gp_io(g, o);
		gp_queue(g, ev);
		o->waiting = true;
		o->wait_begin = ev.ts_ns + 100;
		o->wait_holder = t->thread.tid;
	}
}

/* What a thread does that has just released. */
static inline void gp_released(struct gp *g, struct gp_thread *t, bool forced)
{
	if (forced) {
		t->waiting = true;
		t->wait_begin = 0; /* as soon as the next one owns it */
		return;
	}
	t->sleeping = true;
	t->io_call = (u32)gp_random(g, GS_IO_COUNT);
	t->blocked_since = g->now + 50;
	t->wakes = t->blocked_since + 5000 + gp_random(g, 3000000);
}

static inline void gp_took(struct gp *g, struct gp_thread *t)
{
	if (t->waiting && !t->wait_begin) {
		t->waiting = false; /* nobody wanted it */
	} else if (t->waiting) {
		gp_emit(g, (struct event) { .kind = EVENT_WAIT,
					    .ts_ns = g->now,
					    .ns = g->now - t->wait_begin,
					    .thread = &t->thread,
					    .holder = t->wait_holder });
		t->waiting = false;
		t->wait_holder = 0;
	} else {
		struct event ev = gp_io(g, t);

		g->now = ev.ts_ns > g->now ? ev.ts_ns : g->now;
		ev.ts_ns = g->now;
		ev.ns = ev.ts_ns - t->blocked_since;
		gp_emit(g, ev);
	}
	if (t->to_gil_since)
		gp_emit(g, (struct event) { .kind = EVENT_IO_TO_GIL,
					    .ts_ns = g->now,
					    .ns = g->now - t->to_gil_since,
					    .thread = &t->thread,
					    .call = t->io_call });
	t->to_gil_since = 0;
}

/* One hold and what happens during it. */
static inline void gp_hold(struct gp *g)
{
	struct gp_thread *t = gp_next(g);
	bool forced = gp_random(g, 3) == 0;
	u64 begin, end;

	gp_took(g, t);
	begin = g->now;
	end = begin + (forced ? 5000000 : 2000 + gp_random(g, 400000));
	for (u32 i = 0; i < GP_THREADS; i++)
		if (g->threads[i].waiting && !g->threads[i].wait_begin) {
			g->threads[i].wait_begin = begin + 10;
			g->threads[i].wait_holder = t->thread.tid;
		}
	gp_others(g, t, end);
	gp_collect(g, t, end);
	gp_queue(g, (struct event) { .kind = EVENT_HOLD,
				     .ts_ns = end,
				     .ns = end - begin,
				     .thread = &t->thread,
				     .forced = forced });
	for (u32 i = 0; i < g->nevents; i++)
		gp_emit(g, g->queue[i]);
	g->nevents = 0;
	g->now = end;
	gp_released(g, t, forced);
	g->now += 300;
	if (!forced && !t->collects_since && gp_random(g, 200) == 0) {
		gp_emit(g, (struct event) { .kind = EVENT_THREAD_EXIT,
					    .ts_ns = g->now,
					    .thread = &t->thread });
		gp_thread_begin(g, t->thread.index);
	} else if (gp_random(g, 500) == 0) {
		char name[40];

		snprintf(name, sizeof(name), "renamed-%u", (u32)gp_random(g, 1000));
		gp_name(g, t, name);
	}
}

static inline void gp_count(struct gp *g)
{
	for (u64 key = 1; key <= 2; key++)
		gp_emit(g, (struct event) { .kind = EVENT_TYPE_COUNT,
					    .ts_ns = g->now,
					    .ns = g->now - g->counted_at,
					    .key = key,
					    .deallocs = 1000 + gp_random(g, 1000),
					    .allocs = EVENT_UNKNOWN,
					    .process = &g->process });
	g->counted_at = g->now;
}

static inline void gp_open(struct gp *g)
{
	for (u32 i = 0; i < GP_THREADS; i++) {
		struct gp_thread *t = &g->threads[i];
		u64 since = t->waiting ? t->wait_begin : t->blocked_since;

		if (since && since < g->now)
			gp_emit(g, (struct event) { .kind = EVENT_OPEN,
						    .ts_ns = g->now,
						    .ns = g->now - since,
						    .thread = &t->thread,
						    .call = t->io_call,
						    .what = t->waiting ? EVENT_OPEN_WAIT
								       : EVENT_OPEN_IO });
	}
}

/* Two programs, one after the other, about @events events in all.  0 or what @sink returned. */
static inline int gp_run(struct gp *g, u64 events, int (*sink)(void *ctx, const struct event *ev),
			 void *ctx)
{
	*g = (struct gp) {
		.sink = sink, .ctx = ctx, .now = GP_START, .random = 42, .counted_at = GP_START
	};
	for (u32 run = 0; run < 2 && !g->err; run++) {
		gp_process_begin(g, 4000 + 100 * (run / 2));
		while (g->truth.all < events * (run + 1) / 2 && !g->err) {
			gp_hold(g);
			if (g->now - g->counted_at > 1000000000)
				gp_count(g);
		}
		gp_emit(g, (struct event) { .kind = EVENT_LOST,
					    .ts_ns = g->now,
					    .ns = 7000000,
					    .count = 12,
					    .text = { "ring full <&>" } });
		gp_emit(g, (struct event) { .kind = EVENT_LOST,
					    .ts_ns = g->now + 1,
					    .ns = 3000000,
					    .count = 5,
					    .text = { "thread slots" } });
		g->now += 1000;
		if (run == 0)
			gp_emit(g, (struct event) { .kind = EVENT_PROCESS_EXIT,
						    .ts_ns = g->now,
						    .process = &g->process });
		g->now += 1000000;
	}
	gp_open(g);
	gp_emit(g, (struct event) { .kind = EVENT_END, .ts_ns = g->now, .text = { "asked" } });
	return g->err;
}

#endif
