/* Within the speedscope exporter: the frames, and profiles of Python stacks. */
#ifndef GS_USER_EXPORT_TRACE_SPEEDSCOPE_H
#define GS_USER_EXPORT_TRACE_SPEEDSCOPE_H

#include "bpf/state.h"
#include "user/base/out.h"
#include "user/model/fig_labels.h"
#include "user/model/figures.h"

/* Positions in shared.frames; those of functions are the last. */
enum {
	FRAME_HOLD,
	FRAME_WAIT,
	FRAME_LOST,
	FRAME_GC,
	FRAME_IO = FRAME_GC + 4,
	FRAME_PYTHON = FRAME_IO + GS_IO_COUNT + 1
};

/*
 * speedscope_stacks - profiles of the stacks of @f, of each thread and what it did
 * @labels:   functions are added: labels->list[0] is frame FRAME_PYTHON
 * @profiles: how many were written so far; counted on
 *
 * Return: 0 or -ENOMEM.
 */
int speedscope_stacks(struct out *o, const struct figures *f, struct fig_labels *labels,
		      u64 *profiles);

/* The member "shared", with a comma before it: all frames. */
void speedscope_frames(struct out *o, const struct fig_labels *labels);

#endif
