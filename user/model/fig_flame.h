/*
 * The tree of calls that a flame graph shows, of one weight: stacks with the same oldest frames
 * share their nodes.
 *
 *   all -> [process ->] [thread ->] oldest frame -> ... -> newest frame
 *
 * Invariant: a node's total is its self plus the totals of its children; that of the first node,
 * "all", is what all stacks weigh.  A node's number is larger than its parent's.
 */
#ifndef GS_USER_MODEL_FIG_FLAME_H
#define GS_USER_MODEL_FIG_FLAME_H

#include "user/model/fig_functions.h"

#define FIG_FLAME_NONE UINT32_MAX

struct fig_flame_node {
	u32 label; /* which of the tree's labels */
	u32 parent, child, next; /* nodes: it hangs below; its first; its parent's next one */
	u32 depth; /* 0: all */
	u64 self, total;
};

/* Zeroed but for `by`, it is empty. */
struct fig_flame {
	enum fig_stack_weight by;
	struct fig_labels labels;
	struct fig_flame_node *list; /* owned */
	u32 n, room;
	u32 *slots; /* owned; a hash table of node numbers, one more each; 0: free */
	u32 nslots; /* a power of two */
	bool measured; /* a stack had this weight */
	u32 depth; /* the largest one */
};

/* Which stacks of a process, and below what. */
struct fig_flame_part {
	const struct fig_process *process;
	u32 tid; /* of this thread only; 0: of all, a node for each */
	bool with_process; /* it gets a node */
};

/*
 * fig_flame_add - hang the stacks of @part into the tree
 *
 * The labels' texts are the figures', which must outlive the tree.
 * Return: 0 or -ENOMEM: then the tree is not complete, and only to be given to fig_flame_done().
 */
int fig_flame_add(struct fig_flame *f, const struct fig_flame_part *part);

/* All stacks of @nprocs processes, a node for each if there are several; sorted.  As above. */
int fig_flame_of(struct fig_flame *f, const struct fig_process *procs, size_t nprocs);

/* Order each node's children: the largest first, equal ones by their names.  0 or -ENOMEM. */
int fig_flame_sort(struct fig_flame *f);

/* The node behind @at when each is followed by what hangs below it; FIG_FLAME_NONE: there is none.
 * @below false: leaves out what hangs below @at. */
u32 fig_flame_next(const struct fig_flame *f, u32 at, bool below);

const struct fig_label *fig_flame_label(const struct fig_flame *f, u32 node);

void fig_flame_done(struct fig_flame *f);

#endif
