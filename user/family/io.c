/*
 * io: epoll, poll and select; a row for each of the calls the process has made.  In watch mode a
 * call is seen when it sleeps, and each sleep that ended is a wake-up, whatever ended it.
 */
#include <errno.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"

static const char *const names[GS_IO_COUNT] = {
#define X(NAME, name) [GS_IO_##NAME] = #name,
	GS_IO_CALLS(X)
#undef X
};

static int io_process(const struct family_input *in, struct fig_process *out)
{
	out->io_measured = true;
	for (u32 i = 0; i < GS_IO_COUNT; i++) {
		const struct gs_io *io = &in->proc->io[i];
		struct fig_io *row;

		if (in->watch ? !io->wakeups : !io->calls)
			continue;
		row = fig_row_add(FIG_IO, out);
		if (!row)
			return -ENOMEM;
		row->call = names[i];
		row->wakeups = io->wakeups;
		if (!in->watch) {
			row->calls = io->calls;
			row->timeouts = io->timeouts;
			row->errors = io->errors;
			row->events = io->events;
		}
		family_hist(&io->blocked, in->epoch, &row->blocked);
		family_hist(&io->wake_to_run, in->epoch, &row->wake_to_run);
		if (out->gil_measured && !in->gil_off)
			family_hist(&io->wake_to_gil, in->epoch, &row->wake_to_gil);
		if (out->gil_measured && !in->gil_off)
			family_hist(&io->wake_gil_wait, in->epoch, &row->wake_gil_wait);
	}
	return 0;
}

const struct family_ops io_family = {
	.id = GS_FAMILY_IO,
	.process = io_process,
};
