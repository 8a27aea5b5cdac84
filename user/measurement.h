/*
 * A measurement: one session, or in exact mode under a budget (--mode exact --budget SHARE) one
 * after the other, each in the mode that the budget allows.
 *
 *   measurement_open -> measurement_start -> { measurement_wait, measurement_read }*
 *                    -> measurement_leave
 *
 * fallback.h says when the mode changes.  At a change the next session is attached and started
 * before the last reading of the one before it, so nothing is missed; what happens while that
 * reading is made, a millisecond, is in both.
 *
 * GILSCOPE_BUDGET_RETRY=SECONDS in the environment, 0.1 to 300: the shortest time until exact mode
 * is tried again; 10 s otherwise.
 */
#ifndef GS_USER_MEASUREMENT_H
#define GS_USER_MEASUREMENT_H

#include "user/session.h"

struct measurement;

/* As session_open(). */
int measurement_open(const struct opts *o, struct measurement **ret_m, struct err *e);

/* As session_start(). */
int measurement_start(struct measurement *m, struct err *e);

/* As session_wait(); changes the mode meanwhile where the budget asks for it. */
int measurement_wait(struct measurement *m, u64 until_ns, int input_fd);

/*
 * measurement_read - what was measured
 * @ret_total:    since the start, whatever the modes
 * @ret_interval: since the last call, or the start
 *
 * Both are the caller's, to be freed.  Return: 0, or -ENOMEM: then there is neither.
 */
int measurement_read(struct measurement *m, struct figures **ret_total,
		     struct figures **ret_interval);

/* When it started: CLOCK_MONOTONIC. */
u64 measurement_started_ns(const struct measurement *m);

/* As session_leave(): the program is about to exit. */
void measurement_leave(struct measurement *m);

#endif
