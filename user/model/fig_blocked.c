/* Rows of what holders slept in; see fig_blocked.h. */
#include "user/model/fig_blocked.h"

#include <errno.h>
#include <string.h>

#include "bpf/state.h"
#include "user/base/syscall_name.h"
#include "user/model/fig_rows.h"

const char *fig_blocked_name(u32 call)
{
	const char *name;

	if (call == GS_BLOCKED_FAULT)
		return "page_fault";
	name = call >= GS_BLOCKED_CALL ? syscall_name(call - GS_BLOCKED_CALL) : NULL;
	return name ? name : "other";
}

/* The row of @tid and @call; made if there is none. */
static struct fig_blocked *row_of(struct fig_process *out, u32 tid, const char *call)
{
	struct fig_blocked *row;

	for (size_t i = out->nblocked; i-- > 0;)
		if (out->blocked[i].tid == tid && !strcmp(out->blocked[i].call, call))
			return &out->blocked[i];
	row = fig_row_add(FIG_BLOCKED, out);
	if (row)
		*row = (struct fig_blocked) { .tid = tid, .call = call };
	return row;
}

int fig_blocked_add(struct fig_process *out, const struct fig_blocked *b)
{
	struct fig_blocked *row = row_of(out, b->tid, b->call);

	if (!row)
		return -ENOMEM;
	row->count += b->count;
	row->ns += b->ns;
	if (b->max_ns > row->max_ns)
		row->max_ns = b->max_ns;
	return 0;
}

/* The oldest row of a thread. */
static int fold_one(struct fig_process *kept)
{
	struct fig_blocked b;
	size_t i = 0;

	while (!kept->blocked[i].tid)
		i++;
	b = kept->blocked[i];
	memmove(&kept->blocked[i], &kept->blocked[i + 1], (--kept->nblocked - i) * sizeof(b));
	b.tid = 0;
	return fig_blocked_add(kept, &b);
}

int fig_blocked_fold(struct fig_process *kept, size_t max)
{
	size_t n = 0;
	int err = 0;

	for (size_t i = 0; i < kept->nblocked && kept->nblocked > max; i++)
		n += kept->blocked[i].tid != 0;
	for (; n > max && !err; n--)
		err = fold_one(kept);
	return err;
}
