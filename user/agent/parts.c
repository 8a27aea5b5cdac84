/*
 * Adding up figures by differences; see parts.h.
 *
 * What is null in a reading was not measured and adds nothing, not even a 0.  A figure that went
 * back, as an estimate can, adds nothing until it is beyond where it was.
 */
#include "user/agent/parts.h"

#include <stdlib.h>
#include <string.h>

#include "user/model/fig_rows.h"

static size_t count_hists(enum fig_table t)
{
	size_t n = 0;

	for (const struct fig_column *c = fig_tables[t].columns; c->name; c++)
		n += c->kind == FIG_HIST;
	return n;
}

size_t part_hist(enum fig_table t, size_t offset)
{
	size_t n = 0;

	for (const struct fig_column *c = fig_tables[t].columns; c->name && c->offset != offset;
	     c++)
		n += c->kind == FIG_HIST;
	return n;
}

const enum fig_table part_tables[PART_TABLES] = {
	FIG_THREADS, FIG_GILS, FIG_GC, FIG_IO, FIG_ASYNCIO, FIG_FT, FIG_TYPES,
};

struct part *part_find(struct part *head, const char *key)
{
	while (head && strcmp(head->key, key) != 0)
		head = head->next;
	return head;
}

static void part_free(struct part *p)
{
	free(p->key);
	free(p->labels);
	free(p->sum);
	free(p->now);
	free(p->below);
	free(p);
}

/* A row of nothing: fig_row_add() makes one, of a process made for it. */
static void *null_row(enum fig_table t)
{
	struct fig_process p = {};

	return fig_row_add(t, &p);
}

static struct part *part_new(enum fig_table t, const char *key)
{
	struct part *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->table = t;
	p->key = strdup(key);
	p->sum = null_row(t);
	if (p->key && p->sum)
		return p;
	part_free(p);
	return NULL;
}

/* Last, so that those who have room below a limit keep it. */
static struct part *append(struct part **at, struct part *p)
{
	while (*at)
		at = &(*at)->next;
	return *at = p;
}

struct part *part_of_group(struct part **lists, enum fig_table t, const char *key, char *labels)
{
	struct part *p = labels ? part_new(t, key) : NULL;

	if (!p) {
		free(labels);
		return NULL;
	}
	p->labels = labels;
	p->below = calloc(count_hists(t) + 1, sizeof(*p->below));
	if (p->below)
		return append(&lists[t], p);
	part_free(p);
	return NULL;
}

struct part *part_of_process(struct part **lists, enum fig_table t, const char *key)
{
	struct part *p = part_new(t, key);

	if (!p)
		return NULL;
	p->now = null_row(t);
	if (p->now)
		return append(&lists[t], p);
	part_free(p);
	return NULL;
}

/* @now into *@last, and what it is more into *@sum. */
static void add_number(u64 *sum, u64 *last, u64 now)
{
	u64 before = *last == FIG_NULL ? 0 : *last;

	if (now == FIG_NULL)
		return;
	*sum = fig_sum(*sum, now > before ? now - before : 0);
	*last = now > before ? now : before;
}

static void add_hist(struct fig_hist *sum, u64 below[TRACE_METRIC_BOUNDS], struct fig_hist *last,
		     const struct fig_hist *now)
{
	u64 more[TRACE_METRIC_BOUNDS];
	struct fig_hist part = *now;

	if (!now->valid || (last->valid && now->count < last->count))
		return;
	if (last->valid)
		fig_hist_subtract(&part, last);
	trace_metric_below(&part, more);
	for (size_t i = 0; i < TRACE_METRIC_BOUNDS; i++)
		below[i] += more[i];
	sum->valid = true;
	sum->count += part.count;
	sum->sum_ns += part.sum_ns;
	*last = *now;
}

/* No figures in p->now. */
static void clear(struct part *p)
{
	for (const struct fig_column *c = fig_tables[p->table].columns; c->name; c++) {
		char *now = (char *)p->now + c->offset;

		if (c->kind == FIG_COUNT || c->kind == FIG_TIME)
			*(u64 *)now = FIG_NULL;
		else if (c->kind == FIG_HIST)
			((struct fig_hist *)now)->valid = false;
	}
	p->touched = false;
}

void parts_clear(struct part *const *lists)
{
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
		for (struct part *p = lists[t]; p; p = p->next)
			if (p->touched)
				clear(p);
}

void part_settle(struct part *p)
{
	size_t hist = 0;

	for (const struct fig_column *c = fig_tables[p->table].columns; c->name; c++) {
		char *last = (char *)p->sum + c->offset, *now = (char *)p->now + c->offset;
		char *sum = (char *)p->to->sum + c->offset;

		if (c->kind == FIG_COUNT || c->kind == FIG_TIME) {
			add_number((u64 *)sum, (u64 *)last, *(u64 *)now);
		} else if (c->kind == FIG_HIST) {
			add_hist((struct fig_hist *)sum, p->to->below[hist++],
				 (struct fig_hist *)last, (const struct fig_hist *)now);
		}
	}
	clear(p);
}

void parts_free(struct part **lists)
{
	for (size_t t = 0; t < FIG_TABLE_COUNT; t++) {
		while (lists[t]) {
			struct part *next = lists[t]->next;

			part_free(lists[t]);
			lists[t] = next;
		}
	}
}
