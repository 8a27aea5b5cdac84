/* proc: the lives of processes and threads.  Names and starts are told by the reading itself. */
#include "user/family/family.h"

static void proc_thread(const struct family_input *in, const struct gs_thread *t,
			struct fig_thread *row)
{
	/* A tid may come back: then as another thread, born later.  Those there at the start are
	 * 0, with and without a slot. */
	row->start_ns = t->born_ns > in->proc->start_ns ? t->born_ns : 0;
	if (t->state == GS_SLOT_EXITED)
		row->exited = true;
}

const struct family_ops proc_family = {
	.id = GS_FAMILY_PROC,
	.thread = proc_thread,
};
