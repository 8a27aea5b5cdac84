/* Growing and copying the rows of a process's figures, from the column tables. */
#ifndef GS_USER_MODEL_FIG_ROWS_H
#define GS_USER_MODEL_FIG_ROWS_H

#include "user/model/figures.h"

/*
 * fig_row_add - one more row in table @t of @p
 *
 * Every figure of it is null (not measured), every id 0, every text NULL.
 * Return: the row, valid until the next call for the same table; NULL without memory.
 */
void *fig_row_add(enum fig_table t, struct fig_process *p);

/* Copy a row of table @t, texts included; without memory the texts may be NULL. */
void fig_row_copy(enum fig_table t, void *to, const void *from);

/* Free what a row of table @t owns; the row itself stays, zeroed. */
void fig_row_clear(enum fig_table t, void *row);

/* Make @sum a row of nothing, to which fig_thread_sum() adds the figures of others. */
void fig_thread_sum_init(struct fig_thread *sum);
void fig_thread_sum(struct fig_thread *sum, const struct fig_thread *t);

/* Add what only grows, and the histograms, of @row of table @t to @sum; null counts as nothing. */
void fig_row_sum(enum fig_table t, void *sum, const void *row);

/* The ended threads of a process, as one row. */
struct fig_ended {
	struct fig_thread sum; /* its name is `name` */
	char name[32];
};

/*
 * fig_threads_shown - the threads of @p that are worth a row each
 * @list:  room for p->nthreads + 1
 * @ended: what list's last entry may point to
 *
 * A server that starts a thread for each request would fill the screen with threads that are no
 * more: while the process goes on they are one row, the sum.
 * Return: number of rows in @list.
 */
size_t fig_threads_shown(const struct fig_process *p, const void **list, struct fig_ended *ended);

/*
 * fig_offcpu_share - the part of the holds of @t, a thread of @p, in which it was not running
 *
 * At most 1.  NAN: not known; also where the holds are sampled and shorter than what chance does to
 * samples: time off the CPU is measured, and of a thread that no sample met it would be all.
 */
double fig_offcpu_share(const struct fig_process *p, const struct fig_thread *t);

/* A sum in which null counts as nothing: null only if both are. */
u64 fig_sum(u64 a, u64 b);

/* Are the texts the same?  NULL is like NULL only. */
bool fig_same_text(const char *a, const char *b);

/* Are rows @a and @b of the same thing: equal in all columns that identify a row? */
bool fig_row_same(const struct fig_column *columns, const char *a, const char *b);

#endif
