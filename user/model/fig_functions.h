/*
 * Python functions: what the stacks add up to, function by function.
 *
 * self: in the function itself, of the stacks whose newest frame it is.  total: in it or in what it
 * called, of the stacks it is in anywhere; once each, however often a recursion has it in there.
 * python: of the stacks whose newest frame of Python it is; with no native frames that is self.
 *
 * Invariant: of each weight the self values of all functions, "no stack" included, add up to that
 * of all stacks.
 */
#ifndef GS_USER_MODEL_FIG_FUNCTIONS_H
#define GS_USER_MODEL_FIG_FUNCTIONS_H

#include "user/model/fig_labels.h"
#include "user/model/figures.h"

/* FIG_NULL: not measured. */
struct fig_function {
	struct fig_label label; /* a function, or that there is no stack */
	u64 self[FIG_BY_COUNT];
	u64 total[FIG_BY_COUNT];
	u64 python[FIG_BY_COUNT]; /* self, and in native ones that it called; never null */
	size_t last; /* while they are added up: which stack counted it last */
};

struct fig_functions {
	struct fig_function *list; /* owned */
	size_t n;
	u64 all[FIG_BY_COUNT]; /* sums over all stacks; FIG_NULL: not measured */
	u64 stacks; /* different ones, of each thread */
	u64 truncated, torn; /* of them: older frames left out; not readable */
	u64 samples; /* looks at threads that held the GIL on the CPU */
};

/* As the command line calls it, and its help; static. */
struct fig_weight {
	const char *name, *help;
	bool is_time; /* nanoseconds; else a number of objects */
};
extern const struct fig_weight fig_weights[FIG_BY_COUNT];

/* The weight called @name; FIG_BY_COUNT: there is none. */
enum fig_stack_weight fig_weight_find(const char *name);

/* The function that @f is in. */
struct fig_label fig_frame_label(const struct fig_frame *f);

/* What @s weighs; FIG_NULL: not measured. */
u64 fig_stack_weigh(const struct fig_stack *s, enum fig_stack_weight by);

/*
 * fig_functions_of - add up the stacks of @nprocs processes by function
 * @tid: of this thread only; 0: of all
 * @ret: to be given to fig_functions_done(); its texts are the stacks'
 *
 * Return: 0, or -ENOMEM: then @ret is empty.
 */
int fig_functions_of(const struct fig_process *procs, size_t nprocs, u32 tid,
		     struct fig_functions *ret);
void fig_functions_done(struct fig_functions *f);

/* The largest first, by self (or @total) of weight @by; equal ones by their names.  Null is last.
 */
void fig_functions_sort(struct fig_functions *f, enum fig_stack_weight by, bool total);

#endif
