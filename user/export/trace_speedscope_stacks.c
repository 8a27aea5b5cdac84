/*
 * speedscope, with Python stacks: a sampled profile for each thread and weight, whose samples are
 * its stacks and whose weights are ns (deallocations: their number).
 *
 * In a profile of time held, weights add up to what the thread held.  In which order its stacks
 * were is not in it: that is what the thread's evented profile is for.
 */
#include "user/export/trace_speedscope.h"

#include <errno.h>
#include <stdio.h>

#include "user/export/flame.h"
#include "user/model/event.h"
#include "user/model/fig_functions.h"

#define NAME_SIZE 512

/* Rows of one thread of a process; they lie next to each other. */
struct rows {
	const struct fig_process *p;
	const struct fig_stack *first;
	size_t n;
};

static struct rows next_rows(const struct fig_process *p, size_t from)
{
	struct rows r = { p, &p->stacks[from], 0 };

	while (from + r.n < p->nstacks && r.first[r.n].tid == r.first->tid)
		r.n++;
	return r;
}

static void put_name(struct out *o, const struct rows *r, enum fig_stack_weight by)
{
	char name[NAME_SIZE], thread[NAME_SIZE / 2];
	struct fig_label l = { .kind = FIG_LABEL_THREAD, .id = r->first->tid };

	for (size_t i = 0; i < r->p->nthreads && !l.text; i++)
		if (r->p->threads[i].tid == l.id)
			l.text = r->p->threads[i].name;
	snprintf(name, sizeof(name), "%s, by function: %s of %s (pid %u)", fig_weights[by].name,
		 flame_name(&l, thread, sizeof(thread)), r->p->command ? r->p->command : "?",
		 r->p->pid);
	out_json(o, name);
}

static int put_frame(struct out *o, struct fig_labels *labels, const struct fig_label *l,
		     bool comma)
{
	u32 number = fig_labels_add(labels, l);

	if (number == FIG_LABEL_NONE)
		return -ENOMEM;
	out_str(o, comma ? "," : "");
	out_u64(o, FRAME_PYTHON + (u64)number);
	return 0;
}

/* From the oldest frame to the newest. */
static int put_sample(struct out *o, struct fig_labels *labels, const struct fig_frames *f)
{
	struct fig_label l = { .kind = FIG_LABEL_NO_STACK };
	bool any = !f || f->truncated || f->torn;
	int err = 0;

	if (f)
		l.kind = f->truncated ? FIG_LABEL_CUT : FIG_LABEL_TORN;
	out_char(o, '[');
	if (any)
		err = put_frame(o, labels, &l, false);
	for (u32 i = f ? f->n : 0; i-- > 0 && !err; any = true) {
		l = fig_frame_label(&f->frame[i]);
		err = put_frame(o, labels, &l, any);
	}
	out_char(o, ']');
	return err;
}

static bool counts(const struct fig_stack *s, enum fig_stack_weight by)
{
	u64 v = fig_stack_weigh(s, by);

	return v && v != FIG_NULL;
}

static int put_profile(struct out *o, const struct rows *r, enum fig_stack_weight by,
		       struct fig_labels *labels, u64 sum)
{
	bool any = false;
	int err = 0;

	out_str(o, "\"type\":\"sampled\",\"unit\":");
	out_str(o, fig_weights[by].is_time ? "\"nanoseconds\"" : "\"none\"");
	out_str(o, ",\"name\":");
	put_name(o, r, by);
	out_str(o, ",\"startValue\":0,\"endValue\":");
	out_u64(o, sum);
	out_str(o, ",\"samples\":[");
	for (size_t i = 0; i < r->n && !err; i++) {
		if (!counts(&r->first[i], by))
			continue;
		out_str(o, any ? "," : "");
		err = put_sample(o, labels, r->first[i].frames);
		any = true;
	}
	out_str(o, "],\"weights\":[");
	any = false;
	for (size_t i = 0; i < r->n; i++) {
		if (!counts(&r->first[i], by))
			continue;
		out_str(o, any ? "," : "");
		out_u64(o, fig_stack_weigh(&r->first[i], by));
		any = true;
	}
	out_str(o, "]}");
	return err;
}

static int put_thread(struct out *o, const struct rows *r, struct fig_labels *labels, u64 *profiles)
{
	int err = 0;

	for (u32 by = 0; by < FIG_BY_COUNT && !err; by++) {
		u64 sum = 0;

		for (size_t i = 0; i < r->n; i++)
			if (counts(&r->first[i], by))
				sum += fig_stack_weigh(&r->first[i], by);
		if (!sum)
			continue;
		out_str(o, (*profiles)++ ? ",\n{" : "{");
		err = put_profile(o, r, by, labels, sum);
	}
	return err;
}

int speedscope_stacks(struct out *o, const struct figures *f, struct fig_labels *labels,
		      u64 *profiles)
{
	int err = 0;

	for (size_t i = 0; f && i < f->nprocs; i++) {
		const struct fig_process *p = &f->procs[i];

		for (size_t at = 0; at < p->nstacks && !err;) {
			struct rows r = next_rows(p, at);

			err = put_thread(o, &r, labels, profiles);
			at += r.n;
		}
	}
	return err;
}

static void put_functions(struct out *o, const struct fig_labels *labels)
{
	for (size_t i = 0; i < labels->n; i++) {
		const struct fig_label *l = &labels->list[i];
		char name[NAME_SIZE];

		out_str(o, ",\n{\"name\":");
		out_json(o, flame_name(l, name, sizeof(name)));
		if (l->kind == FIG_LABEL_FUNCTION && l->file) {
			out_str(o, ",\"file\":");
			out_json(o, l->file);
		}
		if (l->kind == FIG_LABEL_FUNCTION && l->first_line) {
			out_str(o, ",\"line\":");
			out_u64(o, l->first_line);
		}
		out_char(o, '}');
	}
}

void speedscope_frames(struct out *o, const struct fig_labels *labels)
{
	out_str(o, ",\"shared\":{\"frames\":[{\"name\":\"hold\"},{\"name\":\"wait\"},"
		   "{\"name\":\"events lost\"}");
	for (int i = 0; i < 3; i++)
		out_printf(o, ",{\"name\":\"gc generation %d\"}", i);
	out_str(o, ",{\"name\":\"gc\"}");
	for (u32 i = 0; i <= GS_IO_COUNT; i++)
		out_printf(o, ",{\"name\":\"io %s\"}", i < GS_IO_COUNT ? event_call_name(i) : "?");
	put_functions(o, labels);
	out_str(o, "]}");
}
