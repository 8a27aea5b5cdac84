/*
 * The sites that come and go with the bursts, binary by binary, and what the processes that they
 * are attached to took of the CPUs meanwhile.  Not thread-safe: burst.c holds its lock.
 */
#ifndef GS_USER_LOAD_BURST_SETS_H
#define GS_USER_LOAD_BURST_SETS_H

#include <time.h>

#include "user/load/attach.h"
#include "user/load/burst.h"
#include "user/load/ladder.h"

struct burst_set {
	char *path; /* owned */
	pid_t pid; /* -1: everybody's */
	struct probe_site *sites; /* owned */
	size_t nsites;
	u32 first; /* row of the first one */
	bool has_clock; /* of the process's CPU time */
	clockid_t clock;
	u64 began_ns, began_delay_ns; /* that time when the burst began, and its threads' waiting */
	u64 cpu_ns[GS_BURST_KINDS]; /* and how much of it there was in bursts */
	struct burst_use {
		u64 at_ns; /* CLOCK_MONOTONIC; 0: not known */
		u64 cpu_ns; /* of the process */
		u64 delay_ns; /* its threads waited for a CPU */
	} first_use, last_use; /* when it was added, and after the last burst */
};

struct burst_sets {
	struct burst_set *at; /* owned */
	size_t count;
	size_t nsites; /* of them all */
};

/* Arguments as for attach_sites(), copied.  0 or -ENOMEM. */
int burst_sets_add(struct burst_sets *s, const char *path, pid_t pid,
		   const struct probe_site *sites, size_t nsites, u32 first, struct ladder *l);

/* Forget the last one added. */
void burst_sets_drop_last(struct burst_sets *s);

/* Attach @set's sites of @kind.  0, or a negative errno with @e set. */
int burst_set_attach(const struct burst_set *set, struct attached *a, const struct skel *s,
		     const struct ladder *l, enum gs_burst_kind kind, struct err *e);

/* The same for all; what cannot be attached any more has ended, and is forgotten. */
void burst_sets_attach(struct burst_sets *b, struct attached *a, const struct skel *s,
		       const struct ladder *l, enum gs_burst_kind kind);

/* How many sites bursts of @kind have. */
size_t burst_sets_sites(const struct burst_sets *b, const struct ladder *l,
			enum gs_burst_kind kind);

/* A burst begins. */
void burst_sets_begin(struct burst_sets *b);

/*
 * One of @kind has ended, after @ns.
 * Return: how much of that the target was not waiting for a CPU, if it is a single process.
 */
u64 burst_sets_end(struct burst_sets *b, enum gs_burst_kind kind, u64 ns);

/* Set what @seen has of the CPUs that process @pid had: cpu_ns of all kinds, busy, delayed. */
void burst_sets_use(const struct burst_sets *b, u32 pid, struct burst_seen *seen);

/* How often each site was hit, for @l: up to now when a burst begins, in it when it has ended. */
void burst_sets_hits(struct ladder *l, const struct kmaps *k, bool begin);

void burst_sets_free(struct burst_sets *b);

#endif
