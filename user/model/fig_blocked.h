/* Rows of what holders of the GIL slept in: how they are made, live and of a recording. */
#ifndef GS_USER_MODEL_FIG_BLOCKED_H
#define GS_USER_MODEL_FIG_BLOCKED_H

#include "user/model/figures.h"

/* What it was, by gs_blocked.call (bpf/offcpu.h): a system call's name, "page_fault", "other";
 * static. */
const char *fig_blocked_name(u32 call);

/* Add @b to the row of its thread and call in @out, made if there is none.  0 or -ENOMEM. */
int fig_blocked_add(struct fig_process *out, const struct fig_blocked *b);

/* Of the rows of threads in @kept the oldest go into those of tid 0, until there are @max.  0 or
 * -ENOMEM. */
int fig_blocked_fold(struct fig_process *kept, size_t max);

#endif
