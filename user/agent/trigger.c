/* Counting recordings and telling of them; see trigger.h. */
#include "user/agent/trigger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHERS "other"

const char *trigger_cause_name(enum trigger_cause cause)
{
	static const char *const names[TRIGGER_CAUSES] = {
		[TRIGGER_WAIT] = "wait",
		[TRIGGER_GC] = "gc",
		[TRIGGER_LOOP] = "loop",
	};

	return names[cause];
}

void trigger_made(struct trigger_counts *n, const char *service, enum trigger_cause cause)
{
	struct trigger_service *s = n->services;

	while (s < n->services + n->nservices && strcmp(s->name, service) != 0)
		s++;
	/* The last one is of all that have no room, and of those called so. */
	if (!strcmp(service, OTHERS))
		s = &n->services[TRIGGER_SERVICES];
	else if (s == n->services + n->nservices && n->nservices < TRIGGER_SERVICES)
		snprintf(n->services[n->nservices++].name, NAME_ROOM, "%s", service);
	s->made[cause]++;
}

enum trigger_failure trigger_failure_of(int err)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
		return TRIGGER_NO_SPACE;
	case ENOENT:
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOTDIR:
		return TRIGGER_DIRECTORY;
	case EFBIG:
		return TRIGGER_TOO_LARGE;
	case ENOMEM:
		return TRIGGER_MEMORY;
	default:
		return TRIGGER_WRITE;
	}
}

static void value(struct trace_metrics *m, const char *name, const char *const *pairs, u64 v)
{
	char *labels = trace_metric_labels("", pairs);

	if (labels)
		trace_metric_value(m, name, "_total", labels, v, false);
	free(labels);
}

static void expose_made(struct trace_metrics *m, const struct trigger_counts *n)
{
	static const char name[] = "gilscope_agent_recordings";

	trace_metric_begin(m, name, NULL, "", "Recordings made because a limit was exceeded.");
	for (size_t i = 0; i <= TRIGGER_SERVICES; i++) {
		const struct trigger_service *s = &n->services[i];
		const bool last = i == TRIGGER_SERVICES;

		for (int cause = 0; cause < TRIGGER_CAUSES; cause++) {
			const char *const pairs[] = { "service", last ? OTHERS : s->name, "cause",
						      trigger_cause_name(cause), NULL };

			/* All of a service's causes, so that the first of one is an increase. */
			if (last || i < n->nservices)
				value(m, name, pairs, s->made[cause]);
		}
	}
}

static void number(struct trace_metrics *m, const char *name, const char *type, const char *unit,
		   u64 v, const char *help)
{
	trace_metric_begin(m, name, type, unit, help);
	trace_metric_value(m, name, type ? "" : "_total", "", v, false);
}

void trigger_expose(struct trace_metrics *m, const struct trigger_counts *n)
{
	static const char *const whys[TRIGGER_FAILURES] = {
		[TRIGGER_DIRECTORY] = "directory", [TRIGGER_NO_SPACE] = "no_space",
		[TRIGGER_TOO_LARGE] = "too_large", [TRIGGER_WRITE] = "write",
		[TRIGGER_MEMORY] = "memory",
	};

	expose_made(m, n);
	trace_metric_begin(m, "gilscope_agent_recordings_failed", NULL, "",
			   "Recordings that could not be made, by cause.");
	for (int i = 0; i < TRIGGER_FAILURES; i++) {
		const char *const pairs[] = { "why", whys[i], NULL };

		value(m, "gilscope_agent_recordings_failed", pairs, n->failed[i]);
	}
	number(m, "gilscope_agent_recordings_skipped", NULL, "", n->skipped,
	       "Times a limit was exceeded without a recording of its own: within the pause behind "
	       "one.");
	number(m, "gilscope_agent_recordings_bytes", "gauge", "bytes", n->bytes,
	       "Bytes of the recordings in the directory.");
	number(m, "gilscope_agent_recordings_kept", "gauge", "", n->kept,
	       "Recordings in the directory.");
}
