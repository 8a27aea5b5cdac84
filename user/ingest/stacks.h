/*
 * The stacks family's kernel side, read: new stacks get names, costs become rows of processes.
 *
 * The kernel tells each stack once and counts what it costs.  Names are read soon after (code may
 * go), and again before a reading counts on them.  The kernel's tables are of fixed size: when they
 * fill, user space takes out what is not used; what it keeps itself is bounded as well:
 *
 *   names           STACK_STORE_MAX, of a session and those that follow it
 *   stacks          what the kernel's table holds, twice, at 16 bytes a frame
 *   rows            STACKS_ROWS_MAX of a process; what has none is in the rows of no stack
 *
 * One thread.
 */
#ifndef GS_USER_INGEST_STACKS_H
#define GS_USER_INGEST_STACKS_H

#include "user/ingest/collect.h"

#define STACKS_ROWS_MAX 8192

struct stack_rows;
struct stacks;
struct stacks_of; /* one process in it; in struct measured */

/* @period_ns: of the kernel's samples.  NULL without memory. */
struct stacks *stacks_new(const struct kmaps *k, u64 period_ns);

/* @s follows @before on the same targets: it keeps that one's names, which outlive it. */
void stacks_follow(struct stacks *s, const struct stacks *before);

struct stacks *stacks_free(struct stacks *s); /* NULL is fine; returns NULL */

/* Can the stacks of @py be walked?  Then config.frames_known says so to the kernel. */
bool stacks_can(const struct py_process *py);

/* Measure @m, if it can be, from now on: m->stacks.  0 or -ENOMEM. */
int stacks_add(struct stacks *s, struct measured *m);

/* What is new, often enough that the kernel's tables do not fill.  0 or -ENOMEM. */
int stacks_look(const struct collector *c);

/* All that was counted up to now, for the rows of a reading.  0 or -ENOMEM. */
int stacks_read(const struct collector *c);

/* A thread of @m has ended, @t is its slot's last value.  0 or -ENOMEM. */
int stacks_ended(const struct collector *c, struct measured *m, const struct gs_thread *t);

/* The rows of @m; NULL: it has none. */
struct stack_rows *stacks_rows(const struct measured *m);

/* Stacks and rows for which there was no room here. */
u64 stacks_lost(const struct stacks *s);

/* Native stacks by what became of them here, as in bpf/losses.h. */
struct stacks_native_lost {
	u64 full, unread, cut, unmerged;
};
struct stacks_native_lost stacks_native_lost(const struct stacks *s);

struct stacks_of *stacks_of_free(struct stacks_of *o); /* NULL is fine; returns NULL */

#endif
