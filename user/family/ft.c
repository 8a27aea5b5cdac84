/*
 * ft: free-threaded builds.  Rows of a process: what took time, for all its threads together; and
 * columns of its threads.  All of it is null in a build with a GIL.
 */
#include <errno.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"

static const struct {
	const char *name, *help;
} times[GS_FT_TIME_COUNT] = {
#define X(NAME, name, help) [GS_FT_##NAME] = { #name, help },
	GS_FT_TIMES(X)
#undef X
};

static void ft_thread(const struct family_input *in, const struct gs_thread *t,
		      struct fig_thread *row)
{
	if (!in->free_threaded)
		return;
	row->ft.stops = t->ft.count[GS_FT_STOPPED];
	row->ft.stopping_ns = t->ft.ns[GS_FT_STOPPING];
	row->ft.stopped_ns = t->ft.ns[GS_FT_STOPPED];
	row->ft.suspended_ns = t->ft.ns[GS_FT_SUSPENDED];
	row->ft.mutex_waits = t->ft.count[GS_FT_MUTEX];
	row->ft.mutex_wait_ns = t->ft.ns[GS_FT_MUTEX];
	row->ft.mutex_wait_max_ns = t->ft.mutex_max_ns;
	row->ft.mutex_holder_tid = t->ft.released_by ? t->ft.released_by : FIG_NULL;
	row->ft.critical_waits = t->ft.critical;
}

static int ft_process(const struct family_input *in, struct fig_process *out)
{
	out->ft_measured = in->free_threaded;
	for (u32 i = 0; i < GS_FT_TIME_COUNT && in->free_threaded; i++) {
		struct fig_ft *row = fig_row_add(FIG_FT, out);

		if (!row)
			return -ENOMEM;
		row->what = times[i].name;
		row->meaning = times[i].help;
		family_hist(&in->proc->ft.time[i], in->epoch, &row->time);
	}
	return 0;
}

const struct family_ops ft_family = {
	.id = GS_FAMILY_FT,
	.thread = ft_thread,
	.process = ft_process,
};
