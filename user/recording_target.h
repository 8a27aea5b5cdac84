/* What a recording says of a session and its targets: of `record`, and of the agent. */
#ifndef GS_USER_RECORDING_TARGET_H
#define GS_USER_RECORDING_TARGET_H

#include <sys/utsname.h>

#include "user/model/event.h"
#include "user/opts.h"
#include "user/session.h"
#include "user/model/trace.h"

/*
 * recording_target - what a session_target_fn is told of, as an event
 *
 * Its texts are @py's.
 */
struct event recording_target(const struct session *s, const struct py_process *py, u64 since_ns,
			      u32 seed_tid);

/*
 * recording_info - the head of a recording of @s, which was opened with @o and has started
 * @directory: what messages about it name
 * @ret_host: its texts are the result's; those of @o and @directory as well
 */
struct trace_info recording_info(const struct session *s, const struct opts *o,
				 const char *directory, struct utsname *ret_host);

#endif
