/* What _Py_DebugOffsets say of frames and code objects. */
#ifndef GS_USER_TARGET_DEBUG_OFFSETS_FRAMES_H
#define GS_USER_TARGET_DEBUG_OFFSETS_FRAMES_H

#include "user/target/debug_offsets.h"

/*
 * debug_offsets_frames - complete @l, the table's row, with what @from says
 * @thread_size: of a PyThreadState, as they say it, bytes
 *
 * The header has been checked.  Return: 0; -ENOTSUP with @e naming what cannot be; then @l is as
 * before.
 */
int debug_offsets_frames(const struct debug_offsets_from *from, u64 thread_size,
			 struct py_frame_layout *l, struct err *e);

#endif
