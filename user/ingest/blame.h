/*
 * Who made whom wait: the kernel's table (bpf/blame.h) as rows, and the waits going on.
 *
 * The kernel's table has room for so many pairs: those of ended threads are taken out of it and
 * kept here, the oldest of them folded into the row of holder 0 and waiter 0.
 */
#ifndef GS_USER_INGEST_BLAME_H
#define GS_USER_INGEST_BLAME_H

#include <stddef.h>

#include "user/ingest/measured.h"

struct collector;

/* Is it known of @m? */
bool blame_is_kept(const struct collector *c, const struct measured *m);

/* Rows of @m into @out, whose threads are complete.  0 or -ENOMEM. */
int blame_rows(const struct collector *c, const struct measured *m, u64 now_ns,
	       struct fig_process *out);

/*
 * blame_retire - take the pairs of ended threads out of the kernel's table
 * @tids: of @m's threads that have ended, host's; NULL: @m itself has ended, all of its pairs go
 * Return: 0 or -ENOMEM.
 */
int blame_retire(const struct collector *c, struct measured *m, const pid_t *tids, size_t ntids);

/* Keep what thread @t, which has ended, waited for holders that its table had no room for.  0 or
 * -ENOMEM. */
int blame_ended(struct measured *m, const struct gs_thread *t);

#endif
