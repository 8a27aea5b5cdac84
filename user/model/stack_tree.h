/*
 * The Python stacks that a recording tells of: functions and frames, each by its number.
 *
 * A frame hangs on the one that called it, so a frame's number stands for a whole stack.  A
 * recording may be damaged, or made to do harm: what is not known is no stack, numbers and depths
 * are bounded, and a frame's caller has a smaller number, so nothing goes round in circles.
 */
#ifndef GS_USER_MODEL_STACK_TREE_H
#define GS_USER_MODEL_STACK_TREE_H

#include "user/model/event.h"
#include "user/model/fig_stacks.h"

#define STACK_TREE_MAX (1U << 20) /* the largest number of a function and of a frame */
#define STACK_TREE_DEPTH 127 /* of a stack: GS_FRAMES_MAX of bpf/frames.h; older frames are cut */
#define STACK_TREE_BYTES \
	(64U << 20) /* of names, and of stacks asked for; beyond they are unknown */

/* Zeroed, it is empty. */
struct stack_tree {
	struct stack_tree_function *functions; /* owned, with their texts; by number */
	struct stack_tree_frame *frames; /* owned; by number */
	size_t functions_room, frames_room;
	size_t bytes;
};

/* Take in @ev; one that is no FUNCTION or FRAME, or tells again, says nothing.  0 or -ENOMEM. */
int stack_tree_event(struct stack_tree *t, const struct event *ev);

/*
 * stack_tree_frames - the stack whose newest frame is number @frame
 *
 * Return: it lives as long as the tree; NULL: not known, or no room for it.
 */
const struct fig_frames *stack_tree_frames(struct stack_tree *t, u32 frame);

/* One frame as it was told; false: it was not. */
struct stack_tree_at {
	u32 caller, function; /* numbers; 0: none */
	struct fig_frame frame;
};
bool stack_tree_at(const struct stack_tree *t, u32 frame, struct stack_tree_at *ret);

void stack_tree_done(struct stack_tree *t);

#endif
