/*
 * What became of the limits of [trigger], as metrics.  Their series are bounded: one of each
 * cause for TRIGGER_SERVICES services, and of all others together.
 */
#ifndef GS_USER_AGENT_TRIGGER_H
#define GS_USER_AGENT_TRIGGER_H

#include "bpf/types.h"
#include "user/agent/names.h"
#include "user/export/trace_metrics.h"

#define TRIGGER_SERVICES 64

enum trigger_cause { TRIGGER_WAIT, TRIGGER_GC, TRIGGER_LOOP, TRIGGER_CAUSES };

/* Why a recording is not there. */
enum trigger_failure {
	TRIGGER_DIRECTORY, /* the folder is gone, or cannot be written */
	TRIGGER_NO_SPACE,
	TRIGGER_TOO_LARGE, /* for max_bytes */
	TRIGGER_WRITE, /* anything else */
	TRIGGER_MEMORY, /* there was none: until the agent starts again there are no recordings */
	TRIGGER_FAILURES
};

struct trigger_service {
	char name[NAME_ROOM];
	u64 made[TRIGGER_CAUSES];
};

struct trigger_counts {
	struct trigger_service services[TRIGGER_SERVICES + 1]; /* the last: others */
	size_t nservices; /* without that */
	u64 failed[TRIGGER_FAILURES];
	u64 skipped; /* spans beyond a limit for which there is no recording of its own */
	u64 bytes, kept; /* in the folder */
};

/* "wait", "gc" or "loop". */
const char *trigger_cause_name(enum trigger_cause cause);

/* A recording was made because of a process of @service. */
void trigger_made(struct trigger_counts *n, const char *service, enum trigger_cause cause);

/* Which failure it is that -errno @err says. */
enum trigger_failure trigger_failure_of(int err);

/* Write them. */
void trigger_expose(struct trace_metrics *m, const struct trigger_counts *n);

#endif
