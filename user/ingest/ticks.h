/*
 * Watch mode, where the kernel side samples (bpf/sample.bpf.c): from ticks to time.
 *
 * A process's threads were on the CPU as long as the kernel says, to the nanosecond; its ticks
 * say only which part of that they held a GIL for.  So a tick is worth the CPU time that the
 * process took between two readings, divided by the ticks that met it there: what always holds is
 * told without an error, and nothing is told of time that there was not.
 */
#ifndef GS_USER_INGEST_TICKS_H
#define GS_USER_INGEST_TICKS_H

#include "user/ingest/measured.h"

struct ticks; /* of all slots */

/* For ticks of @tick_ns.  NULL without memory. */
struct ticks *ticks_new(const struct kmaps *maps, u64 tick_ns);
void ticks_free(struct ticks *t); /* NULL is fine */

/* The measurement of @m begins. */
void ticks_begin(struct measured *m);

/*
 * What a tick of @m has been worth since the last reading.
 * @reading: this is one: ticks_thread() and ticks_gil() will be asked for all of @m's; else only
 * for what has ended
 */
void ticks_weigh(const struct ticks *t, struct measured *m, bool reading);

/*
 * Time on the CPU that the thread of slot @t, one of @m's, held a GIL; never less than before.
 * To be asked once more when the thread has ended, before its slot is another's.
 */
u64 ticks_thread(struct ticks *t, const struct measured *m, const struct gs_thread *thread);

/* Likewise that GIL @which (as gs_thread.gil; not 0), one of @m's, was held. */
u64 ticks_gil(struct ticks *t, const struct measured *m, u32 which);

#endif
