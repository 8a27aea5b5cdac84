/* Growing and copying rows; see fig_rows.h. */
#include "user/model/fig_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void null_cell(const struct fig_column *c, char *cell)
{
	switch (c->kind) {
	case FIG_COUNT:
	case FIG_TIME:
	case FIG_LEVEL:
		*(u64 *)cell = FIG_NULL;
		break;
	case FIG_REAL:
		*(double *)cell = NAN;
		break;
	default:
		break; /* all zero is null, or an id */
	}
}

/* Room grows by doubling: it is full whenever the count is a power of two. */
static int grow(char **rows, size_t count, size_t row_size)
{
	size_t room = count ? count * 2 : 1;
	char *more;

	if (count & (count - 1))
		return 0;
	more = realloc(*rows, room * row_size);
	if (!more)
		return -1;
	*rows = more;
	return 0;
}

void *fig_row_add(enum fig_table t, struct fig_process *p)
{
	const struct fig_table_desc *d = &fig_tables[t];
	char **rows = (char **)((char *)p + d->array), *row;
	size_t *count = (size_t *)((char *)p + d->count);

	if (grow(rows, *count, d->row_size))
		return NULL;
	row = *rows + *count * d->row_size;
	memset(row, 0, d->row_size);
	for (const struct fig_column *c = d->columns; c->name; c++)
		null_cell(c, row + c->offset);
	(*count)++;
	return row;
}

static bool is_text(const struct fig_column *c)
{
	return c->kind == FIG_TEXT || c->kind == FIG_NAME;
}

void fig_row_copy(enum fig_table t, void *to, const void *from)
{
	const struct fig_table_desc *d = &fig_tables[t];

	memcpy(to, from, d->row_size);
	for (const struct fig_column *c = d->columns; c->name; c++) {
		char **text = (char **)((char *)to + c->offset);

		if (is_text(c) && *text)
			*text = strdup(*text);
	}
}

void fig_row_clear(enum fig_table t, void *row)
{
	const struct fig_table_desc *d = &fig_tables[t];

	for (const struct fig_column *c = d->columns; c->name; c++)
		if (is_text(c))
			free(*(char **)((char *)row + c->offset));
	memset(row, 0, d->row_size);
}

u64 fig_sum(u64 a, u64 b)
{
	if (a == FIG_NULL)
		return b;
	return b == FIG_NULL ? a : a + b;
}

void fig_thread_sum_init(struct fig_thread *sum)
{
	*sum = (struct fig_thread) { .exited = true };
	for (const struct fig_column *c = fig_tables[FIG_THREADS].columns; c->name; c++)
		null_cell(c, (char *)sum + c->offset);
}

void fig_thread_sum(struct fig_thread *sum, const struct fig_thread *t)
{
	fig_row_sum(FIG_THREADS, sum, t);
}

void fig_row_sum(enum fig_table t, void *sum, const void *row)
{
	for (const struct fig_column *c = fig_tables[t].columns; c->name; c++) {
		char *to = (char *)sum + c->offset;
		const char *from = (const char *)row + c->offset;

		if (c->kind == FIG_COUNT || c->kind == FIG_TIME)
			*(u64 *)to = fig_sum(*(u64 *)to, *(const u64 *)from);
		else if (c->kind == FIG_HIST)
			fig_hist_add((struct fig_hist *)to, (const struct fig_hist *)from);
	}
}

double fig_offcpu_share(const struct fig_process *p, const struct fig_thread *t)
{
	double error = 0;

	for (size_t i = 0; i < p->ngils; i++)
		if (p->gils[i].held_error_ratio > error) /* not if it is not known */
			error = p->gils[i].held_error_ratio;
	if (t->held_ns == FIG_NULL || t->held_offcpu_ns == FIG_NULL || !t->held_ns ||
	    (double)t->held_ns < error * (double)p->measured_ns)
		return NAN;
	return fmin((double)t->held_offcpu_ns / (double)t->held_ns, 1);
}

size_t fig_threads_shown(const struct fig_process *p, const void **list, struct fig_ended *ended)
{
	size_t count = 0, folded = 0;

	fig_thread_sum_init(&ended->sum);
	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		if (!t->exited || p->exited) {
			list[count++] = t;
			continue;
		}
		fig_thread_sum(&ended->sum, t);
		folded++;
	}
	snprintf(ended->name, sizeof(ended->name), "[%zu ended]", folded);
	ended->sum.name = ended->name;
	if (folded)
		list[count++] = &ended->sum;
	return count;
}

bool fig_same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool fig_row_same(const struct fig_column *columns, const char *a, const char *b)
{
	for (const struct fig_column *c = columns; c->name; c++) {
		const void *va = a + c->offset, *vb = b + c->offset;
		bool same = true;

		if (c->kind == FIG_ID)
			same = *(const u32 *)va == *(const u32 *)vb;
		else if (c->kind == FIG_KEY || c->kind == FIG_ADDRESS)
			same = *(const u64 *)va == *(const u64 *)vb;
		else if (c->kind == FIG_LABEL || c->kind == FIG_NAME)
			same = fig_same_text(*(const char *const *)va, *(const char *const *)vb);
		if (!same)
			return false;
	}
	return true;
}
