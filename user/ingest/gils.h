/*
 * The GILs of a process besides the main interpreter's, as the readings keep them.
 *
 * Whoever meets one first tells the other side: BPF at a take of a GIL it does not know, user space
 * when it walks the interpreters, which it does at the start, at every reading and, in watch mode,
 * at every sample.
 */
#ifndef GS_USER_INGEST_GILS_H
#define GS_USER_INGEST_GILS_H

#include "user/ingest/collect.h"

/* Look for GILs that are new, and tell BPF. */
void gils_note(const struct collector *c, struct measured *m);

/* The measurement begins: who holds one?  To be asked right after its start_ns is set. */
void gils_seed(const struct collector *c, struct measured *m);

/* Copy what BPF keeps, and what the samples say, into @m.  0 or -ENOMEM. */
int gils_copy(const struct collector *c, struct measured *m);

#endif
