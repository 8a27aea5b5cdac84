/*
 * Made-up stacks of a process, for tests of what shows them: times are known, some frames are not.
 *
 *   thread 1  main -> work -> parse        held 60, waited 5, caused 40, paused 7
 *             main -> work -> work         held 20   (a recursion)
 *             main                         held 10
 *             (no stack)                   held  4, waited 1
 *   thread 2  run -> parse                 held  6, truncated
 *             (unknown)                    waited 9, torn
 *   thread 3  frames no longer known       held  3
 *
 * in milliseconds; deallocs are not measured.
 */
#ifndef GS_TESTS_STACKS_SAMPLE_H
#define GS_TESTS_STACKS_SAMPLE_H

#include <stdlib.h>

#include "user/model/fig_rows.h"
#include "user/model/figures.h"

#define STACKS_MS 1000000ULL

/* @names: newest first, ended by NULL; "?" is a frame of which nothing is known. */
static inline struct fig_frames *stack_frames(const char *const *names, bool truncated, bool torn)
{
	struct fig_frames *f;
	u32 n = 0;

	while (names[n])
		n++;
	f = calloc(1, sizeof(*f) + n * sizeof(*f->frame));
	f->n = n;
	f->truncated = truncated;
	f->torn = torn;
	for (u32 i = 0; i < n; i++) {
		const char *name = names[i];

		if (*name == '?')
			continue;
		f->frame[i] = (struct fig_frame) {
			.function = name,
			.file = *name == 'p' ? "/srv/lib/parser.py" : "/srv/app.py",
			.line = 100 + i,
			.first_line = (u32)*name,
		};
	}
	return f;
}

/* One more stack of @p; the rest of its figures are 0. */
static inline struct fig_stack *sample_stack(struct fig_process *p, u32 tid, u64 id,
					     const struct fig_frames *frames, u64 held_ms)
{
	struct fig_stack *s = fig_row_add(FIG_STACKS, p);

	*s = (struct fig_stack) {
		.tid = tid,
		.id = id,
		.frames = frames,
		.samples = held_ms,
		.held_ns = held_ms * STACKS_MS,
		.deallocs = FIG_NULL,
	};
	return s;
}

/* One process, pid 77, of which nothing is known yet. */
static inline struct figures *stacks_figures(void)
{
	struct figures *f = figures_new();

	f->procs = calloc(1, sizeof(*f->procs));
	f->nprocs = 1;
	f->procs[0].pid = 77;
	return f;
}

#define STACKS_KEPT 5

/* Into @kept go what is to be freed after @p. */
static inline void sample_stacks(struct fig_process *p, struct fig_frames *kept[STACKS_KEPT])
{
	struct fig_stack *s;

	p->stacks_measured = true;
	kept[0] = stack_frames((const char *[]) { "parse", "work", "main", NULL }, false, false);
	kept[1] = stack_frames((const char *[]) { "work", "work", "main", NULL }, false, false);
	kept[2] = stack_frames((const char *[]) { "main", NULL }, false, false);
	kept[3] = stack_frames((const char *[]) { "parse", "run", NULL }, true, false);
	kept[4] = stack_frames((const char *[]) { "?", NULL }, false, true);
	s = sample_stack(p, 1, 11, kept[0], 60);
	s->wait_ns = 5 * STACKS_MS;
	s->caused_wait_ns = 40 * STACKS_MS;
	s->paused_ns = 7 * STACKS_MS;
	sample_stack(p, 1, 12, kept[1], 20);
	sample_stack(p, 1, 13, kept[2], 10);
	sample_stack(p, 1, 0, NULL, 4)->wait_ns = STACKS_MS;
	sample_stack(p, 2, 14, kept[3], 6);
	s = sample_stack(p, 2, 15, kept[4], 0);
	s->wait_ns = 9 * STACKS_MS;
	s->samples = 2;
	sample_stack(p, 3, 16, NULL, 3);
}

static inline void sample_stacks_done(struct fig_frames *kept[STACKS_KEPT])
{
	for (int i = 0; i < STACKS_KEPT; i++)
		free(kept[i]);
}

#endif
