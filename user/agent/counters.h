/*
 * The agent's counters: from readings, which know processes, to label sets, which outlive them.
 *
 *   reading ──► process (pid, start): what it had counted when last read
 *                  │ what is more now
 *                  ▼
 *               group (service, process, python): sums of all its processes, ended ones included
 *
 * Invariants.  A group's figures never go back: only what a process has more than at the last
 * reading is added, each time to one group.  Every count of every process is in exactly one group:
 * what finds no room below the limit is in the group "other".  Rows of types, of which a program
 * may have any number, get half of the room at most: those of the GIL and the like find some.  A
 * group goes, with its counters, when none of its processes has run for the time configured;
 * nothing else makes a series of a group disappear.  A process is forgotten once a reading has it
 * no more, which is after one that had its final values (collect.h, drop_told).
 */
#ifndef GS_USER_AGENT_COUNTERS_H
#define GS_USER_AGENT_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/types.h"
#include "user/agent/config.h"
#include "user/export/trace_metrics.h"
#include "user/model/figures.h"

/* One row of a table of figures, of a process or summed over a group. */
struct part {
	struct part *next; /* of the same table */
	enum fig_table table;
	char *key; /* owned; what tells it apart from others of the table; "" */
	char *labels; /* owned; all of them; of a process's NULL until running.c has made them */
	void *sum; /* owned; a row of the table */
	u64 (*below)[TRACE_METRIC_BOUNDS]; /* owned; of a group's: one for each histogram column */
	/* of a process's: */
	void *now; /* owned; the row of the reading that is being made */
	bool touched; /* there was one */
	bool shown; /* there is room for its series: running.c */
	struct part *to; /* of the group; NULL: to be found */
};

/* A label set. */
struct group {
	char *labels; /* owned */
	struct part *parts[FIG_TABLE_COUNT]; /* owned; in the order in which they came */
	size_t members; /* processes that are in it, some of which may have ended */
	u32 running, threads; /* as of the last reading */
	u64 starts; /* processes there were */
	u64 measured_ns; /* of all of them */
	u64 idle_ns; /* CLOCK_MONOTONIC: without members since then */
};

/* A process of the last reading. */
struct member {
	u32 pid;
	u64 start_ns;
	struct group *group; /* NULL: to be found */
	struct part *parts[FIG_TABLE_COUNT]; /* owned; likewise */
	u64 measured_ns;
	bool seen, exited;
	bool counted; /* in the group's starts */
	size_t row; /* of the reading's processes */
};

struct counters {
	const struct agent_config *config; /* not owned */
	struct group **groups; /* owned; the first is "other" */
	size_t ngroups;
	struct member **members; /* owned; in the order of the last reading */
	size_t nmembers;
	struct figures *last; /* owned; the last reading; NULL: none yet */
	size_t series; /* that the groups have */
	size_t type_series; /* of them, of types */
	u64 folded_processes, folded_rows; /* of a process or row each, when there was no room */
	u64 forgotten; /* groups */
};

/* Set up @c; @config is to stay.  0 or -ENOMEM. */
int counters_init(struct counters *c, const struct agent_config *config);

/* Go by another configuration from now on: every process's group is found anew. */
void counters_configure(struct counters *c, const struct agent_config *config, u64 now_ns);

/*
 * counters_take - add what is new in @f, a reading of everything since the start
 * @now_ns: CLOCK_MONOTONIC
 *
 * Takes @f over.  Return: 0, or -ENOMEM: then some of it is not in yet, but comes with the next,
 * and c->last is NULL.
 */
int counters_take(struct counters *c, struct figures *f, u64 now_ns);

/* Series of one row of table @t at most. */
size_t counters_cost(enum fig_table t);

/* Free what @c owns. */
void counters_done(struct counters *c);

#endif
