/*
 * Which numbers a recording has given to functions and frames: each is told once, before it is
 * used; a flight recorder's snapshot begins with all of them.
 *
 * Names are known by where they are: the caller's stay where they are, each text once.
 */
#ifndef GS_USER_RECORD_STACK_NUMBERS_H
#define GS_USER_RECORD_STACK_NUMBERS_H

#include "user/model/event.h"
#include "user/model/fig_stacks.h"

/* Where a new one is told; 0 or a negative errno. */
typedef int stack_numbers_fn(void *ctx, const struct event *ev);

struct numbered_function;
struct numbered_frame;

/* Zeroed, it is empty. */
struct stack_numbers {
	struct numbered_function *functions; /* owned; the first has number 1 */
	struct numbered_frame *frames; /* owned; likewise */
	u32 nfunctions, functions_room, nframes, frames_room;
	u32 *function_slots, *frame_slots; /* owned; hash tables of numbers, twice the rooms */
};

/*
 * stack_numbers_of - the number of the stack @f: that of its newest frame
 * @at_ns: time of the events that tell of what is new
 *
 * Return: 0 or what @each returned, or -ENOMEM; *@ret_frame is 0 if there are too many.
 */
int stack_numbers_of(struct stack_numbers *n, const struct fig_frames *f, u64 at_ns,
		     stack_numbers_fn *each, void *ctx, u32 *ret_frame);

/* Tell @each of all, callers first, as of @at_ns.  0 or what @each returned. */
int stack_numbers_tell(const struct stack_numbers *n, u64 at_ns, stack_numbers_fn *each, void *ctx);

void stack_numbers_done(struct stack_numbers *n);

#endif
