/*
 * Which sites are probed in which bursts.
 *
 * While all are probed, a program that makes objects all the time gets next to nothing done: what
 * is counted then tells how its types stand to each other, not how often anything happens.  So the
 * sites are put on a ladder by how often they are hit:
 *
 *   LIGHT   the seldom ones: all of them together take a small part of the time
 *   MID     and some more: at least one that is hit often
 *   ALL     and the rest; also those where objects are created
 *
 * What is seen in LIGHT bursts is the program as it is; and what is seen there and in the bursts of
 * the kinds above it tells how much slower it was in those (user/model/fig_dilation.h).
 *
 * Once built, sites only move up: what was seen of them in bursts of a lower kind is then left out.
 */
#ifndef GS_USER_LOAD_LADDER_H
#define GS_USER_LOAD_LADDER_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/refs.h"

struct ladder {
	u8 *levels; /* by row: enum gs_burst_kind; owned */
	u64 *last; /* by row: all hits, when the burst began; owned */
	u64 *recent; /* by row: in the burst that has ended; owned */
	u64 *hits; /* by row: in bursts of all; owned */
	bool *sites, *deallocs; /* by row: is it one of ours, and of this kind; owned */
	size_t n; /* rows */
	double ns; /* of bursts of all */
	bool built;
	bool has[GS_BURST_KINDS]; /* kinds worth making bursts of */
	enum gs_burst_kind last_kind;
};

/* A ladder of @n rows, all at the top.  0 or -ENOMEM; ladder_free() either way. */
int ladder_init(struct ladder *l, size_t n);

/* Does it want to know the hits by site of a burst of @kind? */
bool ladder_wants(const struct ladder *l, enum gs_burst_kind kind);

/*
 * ladder_learn - a burst of @kind was ladder.recent hits in @ns, at @hit_ns each
 *
 * Builds the ladder, once there is enough to go by; and takes off the lowest rung what has become
 * too much for it.
 */
void ladder_learn(struct ladder *l, enum gs_burst_kind kind, u64 ns, u64 hit_ns);

/* The kind of the next burst: by turns. */
enum gs_burst_kind ladder_next(struct ladder *l);

void ladder_free(struct ladder *l);

#endif
