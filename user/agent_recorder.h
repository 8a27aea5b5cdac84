/*
 * The agent's flight recorder: when a span of a process exceeds a limit of [trigger], the last
 * seconds go to the folder that user/agent/trigger_place.h keeps.
 *
 *   agent_recorder_new -> agent_recorder_attach -> agent_recorder_start
 *                      -> { agent_recorder_figures, agent_recorder_look }* -> agent_recorder_free
 *
 * One recorder for the host, on the records of the session whose metrics the agent tells.  Without
 * a limit there is none, and the kernel side writes no records.  A recording is written by the
 * agent's own thread: memory bounds how long that takes.  Whatever fails is counted, told on stderr
 * once until it works again, and the measurement goes on.
 */
#ifndef GS_USER_AGENT_RECORDER_H
#define GS_USER_AGENT_RECORDER_H

#include "user/agent/config.h"
#include "user/agent/trigger.h"
#include "user/model/figures.h"
#include "user/opts.h"
#include "user/session.h"

struct agent_recorder;

/*
 * agent_recorder_new - the folder, before any process is touched
 * @c: lives until agent_recorder_free(); its keys of [trigger] stay
 *
 * *@ret_r is NULL if no limit is set.  Return: 0, or a negative errno with @e set, as
 * trigger_place_open().
 */
int agent_recorder_new(const struct agent_config *c, struct agent_recorder **ret_r, struct err *e);

/* The recorder of @s, which is opened with @o, and lives as long; before session_start().  0 or a
 * negative errno, @e set.  NULL is fine, as below. */
int agent_recorder_attach(struct agent_recorder *r, struct session *s, const struct opts *o,
			  struct err *e);

/* Begin, after session_start().  0 or a negative errno, @e set. */
int agent_recorder_start(struct agent_recorder *r, struct err *e);

/*
 * agent_recorder_figures - tell it of a reading: names of threads, losses
 * @before: the reading before; NULL: this is the first
 * @began_ns: CLOCK_MONOTONIC: when the reading began
 */
void agent_recorder_figures(struct agent_recorder *r, const struct figures *before,
			    const struct figures *now, u64 began_ns);

/* A new reading, told to the recorder; NULL without memory.  It lives until the next. */
typedef const struct figures *agent_recorder_read(void *ctx);

/*
 * agent_recorder_look - was a limit exceeded?  Then make a recording; tidy the folder now and then
 * @last: the last reading, or NULL; @read is called for one more where there is to be a recording
 */
void agent_recorder_look(struct agent_recorder *r, const struct figures *last,
			 agent_recorder_read *read, void *ctx);

/* For the metrics; NULL: no limit is set. */
const struct trigger_counts *agent_recorder_counts(const struct agent_recorder *r);

/* Returns NULL. */
struct agent_recorder *agent_recorder_free(struct agent_recorder *r);

#endif
