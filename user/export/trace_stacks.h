/* For the folded exporter: distinct stacks with their sums, and names of live threads. */
#ifndef GS_USER_EXPORT_TRACE_STACKS_H
#define GS_USER_EXPORT_TRACE_STACKS_H

#include <stddef.h>

#include "bpf/types.h"

#define TRACE_STACK_MAX 1024 /* bytes of a stack's text */
#define TRACE_FRAME_MAX 250 /* bytes of one text in it; longer ones are cut */
#define TRACE_STACKS_MAX 32768 /* distinct ones kept at a time */

struct trace_stack {
	u64 hash, sum;
	size_t len; /* 0: the place is free */
	char *text; /* owned; not terminated */
};

/* Zeroed, it is empty. */
struct trace_stacks {
	struct trace_stack *at; /* owned; a hash table, `room` is a power of two */
	size_t room, used;
	char text[TRACE_STACK_MAX]; /* the stack being made */
	size_t len;
};

/* Begin a stack; begin its next frame with @text; go on with the frame; with a number. */
void trace_stack_begin(struct trace_stacks *s);
void trace_stack_frame(struct trace_stacks *s, const char *text);
void trace_stack_text(struct trace_stacks *s, const char *text);
void trace_stack_number(struct trace_stacks *s, const char *before, u64 n, const char *after);

/*
 * trace_stack_add - add @weight to the sum of the stack made
 *
 * Return: 0, -ENOMEM, or -ENOSPC when TRACE_STACKS_MAX are there: write them, clear, add again.
 */
int trace_stack_add(struct trace_stacks *s, u64 weight);

/* Forget all of them, and free what they needed; usable as new. */
void trace_stacks_clear(struct trace_stacks *s);

/* Names by tid.  Zeroed, there are none. */
#define TRACE_NAMES_HEADS 1024

struct trace_name {
	struct trace_name *next;
	u32 tid, pid;
	char *name; /* owned */
};

struct trace_names {
	struct trace_name *heads[TRACE_NAMES_HEADS];
};

/* It is called @name from now on.  0 or -ENOMEM. */
int trace_names_set(struct trace_names *n, u32 pid, u32 tid, const char *name);
/* NULL if it is not known. */
const char *trace_names_find(const struct trace_names *n, u32 tid);
void trace_names_forget(struct trace_names *n, u32 tid);
/* Forget all of a process; @pid 0: of all processes. */
void trace_names_forget_process(struct trace_names *n, u32 pid);

#endif
