/* Putting native and Python frames together; see native_merge.h. */
#include "user/target/native_merge.h"

static void put(struct native_merged *m, bool native, u32 at)
{
	if (m->n == NATIVE_MERGED_MAX)
		return;
	m->frame[m->n].native = native;
	m->frame[m->n++].at = at;
}

static u32 evaluations(const struct native_frames *native)
{
	u32 n = 0;

	for (u32 i = 0; i < native->n; i++)
		n += native->frame[i]->eval;
	return n;
}

/* How often C has called Python: each took an evaluation. */
static u32 calls(const struct gs_frames *python)
{
	u32 n = 0;

	for (u32 i = 0; i < python->n; i++)
		n += !!(python->frame[i].flags & GS_FRAME_FROM_C);
	return n;
}

/*
 * The newest evaluation has just begun, or is about to end: it has no frame, and nothing has been
 * called by it.
 */
static bool is_empty_evaluation(const struct native_frames *native, u32 evals, u32 ncalls)
{
	return native->whole && native->n && native->frame[0]->eval && evals == ncalls + 1;
}

static bool agree(const struct gs_frames *python, const struct native_frames *native, u32 evals,
		  u32 ncalls)
{
	switch (python->end) {
	case GS_FRAMES_WHOLE:
		return evals == ncalls || (evals < ncalls && !native->whole) ||
		       is_empty_evaluation(native, evals, ncalls);
	case GS_FRAMES_TRUNCATED:
		/* Of the older ones, which were not walked, there may be any number. */
		return evals > ncalls || !native->whole;
	default:
		return false;
	}
}

/* The Python frames from @at on that one evaluation has; returns where the next begin. */
static u32 put_group(struct native_merged *m, const struct gs_frames *python, u32 at)
{
	bool last = false;

	while (at < python->n && !last) {
		last = python->frame[at].flags & GS_FRAME_FROM_C;
		put(m, false, at++);
	}
	return at;
}

static void merge(const struct gs_frames *python, const struct native_frames *native, bool skip,
		  struct native_merged *m)
{
	u32 at = 0, i;

	for (i = 0; i < native->n && (at < python->n || !python->n); i++) {
		if (!native->frame[i]->eval)
			put(m, true, i);
		else if (skip)
			skip = false;
		else
			at = put_group(m, python, at);
	}
	if (at < python->n)
		m->how = NATIVE_CUT;
	while (at < python->n)
		put(m, false, at++);
}

void native_merge(const struct gs_frames *python, const struct native_frames *native,
		  struct native_merged *ret_m)
{
	u32 evals = evaluations(native), ncalls = calls(python);

	ret_m->n = 0;
	ret_m->how = NATIVE_MERGED;
	if (agree(python, native, evals, ncalls)) {
		merge(python, native, is_empty_evaluation(native, evals, ncalls), ret_m);
		return;
	}
	ret_m->how = NATIVE_UNMERGED;
	for (u32 i = 0; i < native->n && !native->frame[i]->eval; i++)
		put(ret_m, true, i);
	for (u32 i = 0; i < python->n; i++)
		put(ret_m, false, i);
}
