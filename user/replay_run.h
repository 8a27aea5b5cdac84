/*
 * Figures of a recording: the replay's two passes over a reader, for the commands that want them.
 */
#ifndef GS_USER_REPLAY_RUN_H
#define GS_USER_REPLAY_RUN_H

#include "user/base/err.h"
#include "user/trace/reader.h"
#include "user/trace/replay.h"

/* What has become of a reading. */
struct replay_run {
	struct trace_reader *reader; /* borrowed */
	struct replay *replay; /* owned; labels of the figures live here */
	struct figures *figures; /* owned; of all of it */
	struct fig_recording recording; /* figures->recording */
	const char **damage; /* owned */
};

/*
 * replay_run - read the recording of @r->reader
 * @o:       what of it; `marks` is set here
 * @moments: ascending; @n may be 0: then one pass does
 *
 * A reading that libbabeltrace2 gives up is told on stderr; what came before counts, and the
 * recording is not complete.
 * Return: 0, or a negative errno with @e set; of `at` failing, what it returned, without.
 */
int replay_run(struct replay_run *r, const struct replay_opts *o, const u64 *moments, size_t n,
	       struct err *e);

/* What @r->recording says as of now; during a second pass it is known whether it is complete. */
const struct fig_recording *replay_run_recording(struct replay_run *r);

/* Say on stderr what is wrong with a recording that was read, if anything is. */
void replay_run_warn(const struct replay_run *r);

/* Frees what is owned. */
void replay_run_done(struct replay_run *r);

#endif
