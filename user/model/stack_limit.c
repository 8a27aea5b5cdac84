/*
 * What a row of stacks is in the middle of, against the thread's own figures: the two are read, or
 * told, at moments that are not the same.
 */
#include "user/model/stack_rows.h"

static u64 *at(struct stack_row *row, size_t offset)
{
	return (u64 *)((char *)row + offset);
}

/* The members at @open, in proportion, up to what those at @done leave of @total. */
static void limit(struct stack_row *rows, size_t n, size_t done, size_t open, u64 total)
{
	u64 left = total, more = 0, counted;

	for (size_t i = 1; i < n; i++) {
		counted = *at(&rows[i], done);
		left = left > counted ? left - counted : 0;
		more += *at(&rows[i], open);
	}
	for (size_t i = 1; i < n && more > left; i++)
		*at(&rows[i], open) =
			(u64)((double)*at(&rows[i], open) * ((double)left / (double)more));
}

void stack_rows_limit(struct stack_row *rows, size_t n, u64 wait_ns, u64 preempted_ns, u64 off_ns)
{
	if (wait_ns != FIG_NULL)
		limit(rows, n, offsetof(struct stack_row, cost.wait_ns),
		      offsetof(struct stack_row, open_wait_ns), wait_ns);
	if (preempted_ns == FIG_NULL || off_ns == FIG_NULL)
		return;
	limit(rows, n, offsetof(struct stack_row, cost.off_preempted_ns),
	      offsetof(struct stack_row, open_preempted_ns), preempted_ns);
	limit(rows, n, offsetof(struct stack_row, cost.off_blocked_ns),
	      offsetof(struct stack_row, open_blocked_ns),
	      off_ns > preempted_ns ? off_ns - preempted_ns : 0);
}
