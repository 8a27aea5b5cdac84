/* gc: collections and pauses, a row per generation. */
#include <errno.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"

static int gc_process(const struct family_input *in, struct fig_process *out)
{
	out->gc_measured = true;
	for (u32 i = 0; i < GS_GC_GENERATIONS; i++) {
		const struct gs_gc *gc = &in->proc->gc[i];
		struct fig_gc *row = fig_row_add(FIG_GC, out);

		if (!row)
			return -ENOMEM;
		row->generation = i;
		row->collections = gc->collections;
		if (in->gc_found_known) {
			row->collected = gc->collected;
			row->uncollectable = gc->uncollectable;
		}
		if (out->gil_measured && !in->gil_off)
			row->stalled_ns = gc->stalled_ns;
		family_hist(&gc->pause, in->epoch, &row->pause);
	}
	return 0;
}

const struct family_ops gc_family = {
	.id = GS_FAMILY_GC,
	.process = gc_process,
};
