/* Adding figures: two stretches of one measurement that were measured in different ways. */
#ifndef GS_USER_MODEL_FIGURES_SUM_H
#define GS_USER_MODEL_FIGURES_SUM_H

#include "user/model/figures.h"

/*
 * figures_sum - what happened in two stretches of time, one after the other
 * @a: the earlier one; NULL: a copy of @b
 * @b: the later one; values as of now are its
 *
 * The counterpart of figures_interval(), by the same columns: what only grows is added.  What one
 * of the two has not measured is null in the sum; so is a count of a row that both have.  Rows
 * that one of them has alone are taken as they are.  A thread that was there before @b began is
 * the one of @a that had not ended; a process likewise.
 *
 * held_source is "mixed" where the two differ; held_error_ratio is then weighted by the time that
 * each was measured: the errors are bounds, so their sum is one, too.
 *
 * Return: a new set, or NULL without memory.
 */
struct figures *figures_sum(const struct figures *a, const struct figures *b);

#endif
