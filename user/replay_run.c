/* Reading a recording for its figures; see replay_run.h. */
#include "user/replay_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
}

const struct fig_recording *replay_run_recording(struct replay_run *r)
{
	const struct trace_info *info = trace_info(r->reader);
	size_t n = 0;

	while (trace_damage(r->reader, n))
		n++;
	free(r->damage);
	r->damage = calloc(n + 1, sizeof(*r->damage));
	for (size_t i = 0; r->damage && i < n; i++)
		r->damage[i] = trace_damage(r->reader, i);
	r->recording = (struct fig_recording) {
		.directory = info->directory,
		.gilscope = info->gilscope,
		.kernel = info->kernel,
		.started_unix_ns = info->started_unix_ns,
		.format = info->format,
		.complete = trace_complete(r->reader),
		.damage = r->damage,
		.ndamage = r->damage ? n : 0,
	};
	return &r->recording;
}

void replay_run_warn(const struct replay_run *r)
{
	const struct fig_recording *rec = &r->recording;

	if (!rec->complete)
		fprintf(stderr,
			"gilscope: %s: broken off; everything up to its last event counts\n",
			rec->directory);
	if (rec->ndamage)
		fprintf(stderr, "gilscope: %s: damaged in %zu %s; %s%s\n", rec->directory,
			rec->ndamage, rec->ndamage > 1 ? "places" : "place", rec->damage[0],
			rec->ndamage > 1 ? " …" : "");
}

/* One pass; libbabeltrace2 giving up is the end of the recording, not of the program. */
static int pass(struct replay_run *r, struct trace_sink sink, struct err *e)
{
	struct err gave_up = {};
	int err = trace_read(r->reader, &sink, &gave_up);

	if (!err || !gave_up.code)
		return err;
	if (err == -EINTR)
		return errf(e, gave_up.code, err, "%s", gave_up.text);
	if (err == -ENOMEM)
		return no_memory(e);
	fprintf(stderr, "gilscope: %s\n", gave_up.text);
	return 0;
}

int replay_run(struct replay_run *r, const struct replay_opts *o, const u64 *moments, size_t n,
	       struct err *e)
{
	struct replay_marks *marks = n ? replay_marks_new(moments, n) : NULL;
	struct replay_opts with_marks = *o;
	int err = n && !marks ? no_memory(e) : 0;

	if (marks)
		err = pass(r, replay_marks_sink(marks), e);
	with_marks.marks = marks;
	r->replay = err ? NULL : replay_new(&with_marks);
	if (!err && !r->replay)
		err = no_memory(e);
	if (!err)
		err = pass(r, replay_sink(r->replay), e);
	if (!err) {
		r->figures = replay_figures(r->replay);
		if (!r->figures)
			err = e->code ? -EIO : no_memory(e);
	}
	replay_marks_free(marks);
	(void)replay_run_recording(r);
	if (r->figures)
		r->figures->recording = &r->recording;
	return err == -ENOMEM ? no_memory(e) : err;
}

void replay_run_done(struct replay_run *r)
{
	figures_free(r->figures);
	replay_free(r->replay);
	free(r->damage);
	*r = (struct replay_run) { .reader = r->reader };
}
