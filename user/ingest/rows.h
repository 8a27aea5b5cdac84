/* The rows of one process at one reading; called by collect.c. */
#ifndef GS_USER_INGEST_ROWS_H
#define GS_USER_INGEST_ROWS_H

#include "user/ingest/collect.h"

/*
 * Turn slot @t of thread @tid of @m into a row of its own, as of @now_ns.  The row owns its
 * name.  0 or -ENOMEM.
 */
int rows_thread(const struct collector *c, struct measured *m, const struct gs_thread *t, pid_t tid,
		u64 now_ns, u32 epoch, struct fig_thread *ret_row);

/* Thread @name of @m has ended: let the families keep what they want of its slot @t.  0 or -ENOMEM.
 */
int rows_ended(const struct collector *c, struct measured *m, const struct gs_thread *t,
	       const char *name, u64 now_ns, u32 epoch);

/* Everything about @m into @out, which is zeroed.  0 or -ENOMEM. */
int rows_process(const struct collector *c, struct measured *m, u32 epoch, struct fig_process *out);

/* @m is dropped: let the families drop what they keep of it. */
void rows_forget(const struct collector *c, const struct measured *m);

#endif
