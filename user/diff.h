/*
 * Two recordings side by side: what grew and what shrank, and whether that is more than noise.
 *
 * Each recording is cut into windows of the same length.  A figure's value is that of the whole
 * recording; how much it varies from window to window is its noise: the standard error of the mean
 * over the windows.  A difference counts if it exceeds so many (`threshold`) of the standard
 * errors of both, taken together.
 *
 *   diff_side_read(A), diff_side_read(B) -> diff_compare -> diff_table or diff_json
 */
#ifndef GS_USER_DIFF_H
#define GS_USER_DIFF_H

#include <stdio.h>

#include "user/replay_run.h"

#define DIFF_MAX_WINDOWS 60
#define DIFF_MIN_WINDOWS 10 /* with fewer the noise is not known */
#define DIFF_MIN_WINDOW_NS 50000000ULL
#define DIFF_MAX_NAMES 100 /* of threads, and of loops, of a process; the others are "[others]" */
#define DIFF_FIGURES 11 /* of a group, at most */

/* What a figure belongs to. */
enum diff_group { DIFF_GIL, DIFF_THREAD, DIFF_GC, DIFF_IO, DIFF_LOOP, DIFF_FT, DIFF_GROUP_COUNT };

enum diff_unit {
	DIFF_SHARE, /* of the time */
	DIFF_RATE, /* per second */
	DIFF_MEAN_NS, /* of those there were */
};

/* A figure: one member of a row, over time, or over another one. */
struct diff_figure {
	const char *name; /* NULL ends the list */
	enum diff_unit unit;
	size_t part, of; /* offsets of u64 members; `of`: MEAN_NS only */
};

extern const struct diff_figure *const diff_figures[DIFF_GROUP_COUNT];
extern const char *const diff_group_names[DIFF_GROUP_COUNT];

/* One figure over the windows. */
struct diff_series {
	double sum, squares;
	u64 n; /* windows with a value */
	double whole; /* NAN: not measured, or there were none */
};

/* A GIL, the threads of one name, a generation, a call, the event loops of threads of one name,
 * what takes the time of a free-threaded build's threads. */
struct diff_item {
	enum diff_group group;
	char *name; /* owned */
	struct diff_series series[DIFF_FIGURES];
};

struct diff_process {
	u32 pid; /* 0: all processes together */
	size_t nth; /* of those with this pid */
	char *command, *version; /* owned */
	u64 windows; /* in which it was measured */
	struct diff_item *items; /* owned */
	size_t nitems;
	struct diff_process *partner; /* the same one in the other recording; NULL: none */
};

struct diff_side {
	struct replay_run run;
	u64 duration_ns;
	size_t windows;
	struct diff_process *procs; /* owned; the first one stands for all */
	size_t nprocs;
	struct figures *last; /* while it is read */
	int err;
};

enum diff_verdict {
	DIFF_GREW,
	DIFF_SHRANK,
	DIFF_NOISE, /* within the noise */
	DIFF_UNKNOWN, /* too few windows to know the noise */
	DIFF_ONE_SIDED, /* measured in one of them only */
	DIFF_VERDICT_COUNT
};

/* As in JSON. */
extern const char *const diff_verdict_names[DIFF_VERDICT_COUNT];

struct diff_row {
	const struct diff_process *a, *b; /* NULL: not in that one */
	enum diff_group group;
	const char *item; /* "" if there is but one */
	const struct diff_figure *figure;
	double value[2], se[2]; /* NAN: not measured, not known */
	u64 windows[2];
	double difference; /* B less A */
	double relative; /* of A; NAN if A is 0 */
	double noise; /* what |difference| must exceed */
	enum diff_verdict verdict;
};

struct diff {
	const struct diff_side *side[2];
	double threshold;
	struct diff_row *rows; /* owned; grew and shrank first, the largest effect on top */
	size_t nrows, room;
};

/* Read the recording of @s->run.reader.  0 or a negative errno, @e set. */
int diff_side_read(struct diff_side *s, struct err *e);
void diff_side_done(struct diff_side *s);

/* Compare; pairs the processes of both.  0 or -ENOMEM. */
int diff_compare(struct diff_side *a, struct diff_side *b, double threshold, struct diff *ret_d);
void diff_done(struct diff *d);

/* Standard error of the mean of @s over @n windows; NAN if @n is below 2. */
double diff_se(const struct diff_series *s, u64 n);

/* How many windows a figure of @p has values in: all, if having none there means 0. */
u64 diff_windows(const struct diff_process *p, const struct diff_series *s, enum diff_unit unit);

/* Write it: 0 or a negative errno. */
int diff_table(FILE *out, const struct diff *d);
int diff_json(FILE *out, const struct diff *d); /* gilscope.diff/1 */

#endif
