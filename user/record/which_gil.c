/*
 * Which GIL a thread's holds and waits are of, and its collections under, told where it changes:
 * hardly ever, as nearly all processes have one only.
 */
#include "user/record/recorder_private.h"

u64 recorder_gil(const struct recorder *r, u32 gil)
{
	/* Its slot may be free again: its process has ended. */
	return gil && gil <= GS_GILS ? r->o->maps->gils[gil - 1].address : 0;
}

/* The GIL that @rec, which became @ev, is of, as gs_thread.gil; false: it is of none. */
static bool is_of_gil(const struct gs_record *rec, const struct event *ev, u32 *ret_gil)
{
	switch (ev->kind) {
	case EVENT_HOLD:
	case EVENT_WAIT:
	case EVENT_OFF_CPU:
	case EVENT_CONTENDED:
		*ret_gil = rec->arg;
		return true;
	case EVENT_GC_START:
	case EVENT_COLLECTION:
		*ret_gil = GS_REC_GC_GIL(rec->arg);
		return true;
	default:
		return false;
	}
}

int recorder_tell_gil(struct recorder *r, const struct gs_record *rec, struct event *ev)
{
	struct event which = {
		.kind = EVENT_WHICH_GIL,
		.ts_ns = ev->ts_ns,
		.tid = ev->tid,
	};
	u32 gil;

	if (!is_of_gil(rec, ev, &gil))
		return 0;
	which.gil = recorder_gil(r, gil);

	if (ev->kind == EVENT_CONTENDED && which.gil) {
		ev->kind = EVENT_CONTENDED_OTHER;
		ev->gil = which.gil;
		return 0;
	}
	if (ev->kind == EVENT_CONTENDED || (gil && !which.gil))
		return 0;
	if (!known_gil_changes(&r->known, ev->tid, which.gil, r->packets))
		return 0;
	return recorder_emit(r, &which);
}
