/* GILs of subinterpreters in the replay; a part of replay_private.h. */
#ifndef GS_USER_TRACE_REPLAY_GILS_H
#define GS_USER_TRACE_REPLAY_GILS_H

#include <stdbool.h>

#include "bpf/state.h"
#include "user/model/event.h"
#include "user/model/figures.h"
#include "user/trace/replay_blame.h"

struct replay;
struct rp_process;

#define RP_MAX_GILS 1024 /* of a process, besides the main interpreter's */

/* Who has it, in the order of the beginnings. */
struct rp_owners {
	u64 handovers;
	u64 last_owner, owner_before; /* serials; 0: none */
	u64 last_begin_ns; /* of last_owner's hold */
};

/* A collection that has ended. */
struct rp_collection {
	u64 begin_ns, end_ns;
	u32 generation;
	u64 sum_ns[GS_GC_GENERATIONS]; /* of all up to this one */
};

/* Those under one GIL.  They do not overlap. */
struct rp_collections {
	u64 since_ns; /* going on; 0: none */
	u32 generation; /* of that one */
	u32 room; /* of the ring: REPLAY_MAX_COLLECTIONS at most */
	struct rp_collection *ring; /* owned */
	u64 n; /* ever */
};

/* The part that a GIL of a subinterpreter has in its threads' figures. */
struct rp_gil {
	u64 address;
	u64 takes, contended_takes, forced_releases, held_ns, wait_ns, contended_ns;
	u64 wait_runnable_ns;
	u64 held_offcpu_ns, held_preempted_ns;
	struct rp_owners owners;
	struct rp_passes passes;
	struct rp_collections collections;
};

/* 0 or a negative errno. */
int rp_which_gil(struct replay *r, const struct event *ev);
int rp_contended_other(struct replay *r, const struct event *ev);

/* The GIL of @p at @address, as rp_thread.gil; made when it is new, as long as there is room. */
u32 rp_gil_index(struct rp_process *p, u64 address);

/* That of @gil; NULL: the main interpreter's. */
struct rp_gil *rp_gil_at(struct rp_process *p, u32 gil);

/* The collections under @gil, as rp_thread.gil. */
struct rp_collections *rp_collections_of(struct rp_process *p, u32 gil);

/* A hold of @me has begun. */
void rp_own(struct rp_owners *o, u64 me, u64 begin_ns);

/*
 * Rows of the GILs of subinterpreters, as of @now_ns, into @out behind the main interpreter's,
 * which has the sums of all and is given the rest.  What is null there is null in all.
 */
bool rp_gil_rows(const struct rp_process *p, u64 now_ns, struct fig_process *out);

#endif
