/*
 * Rows of figures, a list of them for each table, told apart by a key: a process's as last read, a
 * group's as summed up.
 */
#ifndef GS_USER_AGENT_PARTS_H
#define GS_USER_AGENT_PARTS_H

#include "user/agent/counters.h"

/*
 * The tables of which there are series, the most important first: where there is no room for all,
 * that of a loop goes before that of a type.
 */
#define PART_TABLES 7
extern const enum fig_table part_tables[PART_TABLES];

/* The part of @key among those from @head on; NULL: there is none. */
struct part *part_find(struct part *head, const char *key);

/*
 * One more of table @t among those of a group, or of a process: the last of @lists[@t].  @labels is
 * taken over, also on failure, which NULL is.  Its figures are null.  NULL without memory.
 */
struct part *part_of_group(struct part **lists, enum fig_table t, const char *key, char *labels);
struct part *part_of_process(struct part **lists, enum fig_table t, const char *key);

/* What @p, a process's, has in `now` more than in `sum` is added to p->to; then it is in `sum`. */
void part_settle(struct part *p);

/* Make those of @lists, one for each table, that have one without a `now`: a reading begins anew.
 */
void parts_clear(struct part *const *lists);

/* The index among the histogram columns of @t of the one at @offset. */
size_t part_hist(enum fig_table t, size_t offset);

/* Free all in @lists, one for each table. */
void parts_free(struct part **lists);

#endif
