/*
 * gilscope dump --native: the C functions that a thread is in, between its Python ones.
 *
 * Where a thread is, is read at the moment of its Python frames, which counts if it stood still
 * meanwhile; it is walked afterwards, over the copy.  Of a sleeping thread the kernel tells the
 * program counter and the stack pointer; functions that need another register to be walked, which
 * nothing they called has saved, end the walk (libffi's ffi_call is one; so is all of code that is
 * built with frame pointers, as CPython is from 3.15 on).
 */
#include "user/dump.h"

#include <errno.h>
#include <stdlib.h>

#include "user/target/native_merge.h"

struct dump_native {
	pid_t pid;
	struct native_names *names;
	struct native *native;
	int err; /* of the last look */
	struct native_now now;
	struct native_frames frames;
	struct native_merged merged;
	struct dump_native_counts counts;
};

struct dump_native *dump_native_new(const struct py_process *p, int *ret_err)
{
	struct dump_native *d = calloc(1, sizeof(*d));

	*ret_err = -ENOMEM;
	if (!d)
		return NULL;
	d->pid = p->pid;
	d->names = native_names_new();
	if (d->names)
		*ret_err = native_new(p, d->names, &d->native);
	if (!*ret_err)
		return d;
	dump_native_free(d);
	return NULL;
}

void dump_native_free(struct dump_native *d)
{
	if (!d)
		return;
	native_free(d->native);
	native_names_free(d->names);
	free(d);
}

void dump_native_look(struct dump_native *d, const struct py_thread *t)
{
	d->err = t->tid ? native_now_read(d->pid, t->tid, &d->now) : -ESRCH;
}

/* The Python frames of @s as they were walked: those that are not shown count as well. */
static void python_of(const struct py_stack *s, struct gs_frames *to)
{
	to->n = s->walked;
	to->end = s->end;
	for (u32 i = 0; i < s->walked; i++)
		to->frame[i] = (struct gs_frame) { .flags = s->walked_flags[i] };
}

static enum dump_native_how merge(struct dump_native *d, const struct py_stack *s)
{
	static struct gs_frames python; /* one thread; large */

	if (d->err == -EBUSY || !s->steady)
		return DUMP_NATIVE_RUNS;
	if (d->err || !native_unwind(d->native, &d->now.state, &d->frames))
		return DUMP_NATIVE_UNREAD;
	python_of(s, &python);
	native_merge(&python, &d->frames, &d->merged);
	return d->merged.how == NATIVE_MERGED ? DUMP_NATIVE_MERGED
	       : d->merged.how == NATIVE_CUT  ? DUMP_NATIVE_CUT
					      : DUMP_NATIVE_UNMERGED;
}

/* The frame of @s that was number @at of the walk; NULL: it is not shown. */
static const struct py_frame *frame_at(const struct py_stack *s, u32 at)
{
	for (size_t i = 0; i < s->n && s->frame[i].walked <= at; i++)
		if (s->frame[i].walked == at)
			return &s->frame[i];
	return NULL;
}

enum dump_native_how dump_native_take(struct dump_native *d, const struct py_stack *s)
{
	enum dump_native_how how = merge(d, s);

	d->counts.n[how]++;
	if (how == DUMP_NATIVE_RUNS || how == DUMP_NATIVE_UNREAD)
		d->merged.n = 0;
	return how;
}

const struct dump_native_counts *dump_native_counts(const struct dump_native *d)
{
	return &d->counts;
}

bool dump_native_next(const struct dump_native *d, const struct py_stack *s, u32 *at,
		      struct dump_frame *ret_f)
{
	if (!d || !d->merged.n) {
		*ret_f = (struct dump_frame) { .python = *at < s->n ? &s->frame[*at] : NULL };
		return (*at)++ < s->n;
	}
	while (*at < d->merged.n) {
		u32 of = d->merged.frame[*at].at;

		*ret_f = (struct dump_frame) {};
		if (d->merged.frame[(*at)++].native)
			ret_f->native = d->frames.frame[of];
		else
			ret_f->python = frame_at(s, of);
		if (ret_f->native || ret_f->python)
			return true;
	}
	return false;
}
