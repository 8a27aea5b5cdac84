/* A target as the event that a recording tells of it by. */
#ifndef GS_USER_RECORDING_TARGET_H
#define GS_USER_RECORDING_TARGET_H

#include "user/model/event.h"
#include "user/session.h"

/*
 * recording_target - what a session_target_fn is told of, as an event
 *
 * Its texts are @py's.
 */
struct event recording_target(const struct session *s, const struct py_process *py, u64 since_ns,
			      u32 seed_tid);

#endif
