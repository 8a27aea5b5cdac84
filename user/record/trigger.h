/* Conditions that make a flight recorder write a snapshot: 'gc.pause>200ms'. */
#ifndef GS_USER_RECORD_TRIGGER_H
#define GS_USER_RECORD_TRIGGER_H

#include "user/base/err.h"
#include "user/model/event.h"

/* What can be asked for, one line each: X("figure", event kind, "help"). */
#define TRIGGERS(X) \
	X("gil.hold", HOLD, "a thread held the GIL that long") \
	X("gil.wait", WAIT, "a thread waited for the GIL that long") \
	X("gc.pause", COLLECTION, "a collection took that long") \
	X("io.to_gil", IO_TO_GIL, "a wake-up took that long to own the GIL") \
	X("sched.off_cpu", OFF_CPU, "a holder was off the CPU that long") \
	X("asyncio.iteration", ITERATION, "an event loop was blocked that long") \
	X("asyncio.step", STEP, "a task's step took that long")

struct trigger {
	const char *text; /* as the user wrote it; not owned */
	enum event_kind kind;
	u64 above_ns; /* spans longer than this */
};

/* Parse "FIGURE>TIME".  0, or -EINVAL with @e set (exit code 2). */
int trigger_parse(const char *text, struct trigger *ret_t, struct err *e);

/* The first of @n triggers that @ev meets, or NULL. */
const struct trigger *trigger_met(const struct trigger *t, size_t n, const struct event *ev);

#endif
