/* Rows of figures by table and key: a process's as last read, a group's as summed up. */
#ifndef GS_USER_AGENT_PARTS_H
#define GS_USER_AGENT_PARTS_H

#include "user/agent/counters.h"

/* The part of @t and @key among those at @head; NULL: there is none. */
struct part *part_find(struct part *head, enum fig_table t, const char *key);

/*
 * part_add - one more among those at *@head
 * @labels: of a group's, taken over, also on failure; NULL: it is a process's
 *
 * Its figures are null.  NULL without memory.
 */
struct part *part_add(struct part **head, enum fig_table t, const char *key, char *labels);

/* What @p, a process's, has in `now` more than in `sum` is added to p->to; then it is in `sum`. */
void part_settle(struct part *p);

/* Make those of @head that have one without a `now`: a reading begins anew. */
void parts_clear(struct part *head);

/* The index among the histogram columns of @t of the one at @offset. */
size_t part_hist(enum fig_table t, size_t offset);

/* Free all at *@head. */
void parts_free(struct part **head);

#endif
