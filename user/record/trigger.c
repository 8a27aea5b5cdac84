/* Parsing and testing triggers; see trigger.h. */
#include "user/record/trigger.h"

#include <errno.h>
#include <string.h>

#include "user/base/str.h"

static const struct {
	const char *figure;
	enum event_kind kind;
} figures[] = {
#define X(figure, KIND, help) { figure, EVENT_##KIND },
	TRIGGERS(X)
#undef X
};

int trigger_parse(const char *text, struct trigger *ret_t, struct err *e)
{
	size_t len = strcspn(text, ">");

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		if (strlen(figures[i].figure) != len || strncmp(text, figures[i].figure, len))
			continue;
		if (!text[len] || str_to_duration(text + len + 1, &ret_t->above_ns))
			return errf(e, GS_EXIT_USAGE, -EINVAL,
				    "--trigger %s: no time after '>'; as in '%s>200ms'", text,
				    figures[i].figure);
		ret_t->text = text;
		ret_t->kind = figures[i].kind;
		return 0;
	}
	return errf(e, GS_EXIT_USAGE, -EINVAL,
		    "--trigger %s: unknown; use FIGURE>TIME with gil.hold, gil.wait, gc.pause, "
		    "io.to_gil, sched.off_cpu, asyncio.iteration or asyncio.step",
		    text);
}

const struct trigger *trigger_met(const struct trigger *t, size_t n, const struct event *ev)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].kind == ev->kind && ev->ns > t[i].above_ns)
			return &t[i];
	return NULL;
}
