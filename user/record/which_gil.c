/*
 * Which GIL a thread's holds and waits are of, told where it changes: hardly ever, as nearly all
 * processes have one only.
 */
#include "user/record/recorder_private.h"

u64 recorder_gil(const struct recorder *r, u32 gil)
{
	/* Its slot may be free again: its process has ended. */
	return gil && gil <= GS_GILS ? r->o->maps->gils[gil - 1].address : 0;
}

int recorder_tell_gil(struct recorder *r, const struct gs_record *rec, struct event *ev)
{
	struct event which = {
		.kind = EVENT_WHICH_GIL,
		.ts_ns = ev->ts_ns,
		.tid = ev->tid,
		.gil = recorder_gil(r, rec->arg),
	};

	if (ev->kind == EVENT_CONTENDED && which.gil) {
		ev->kind = EVENT_CONTENDED_OTHER;
		ev->gil = which.gil;
		return 0;
	}
	if (ev->kind != EVENT_HOLD && ev->kind != EVENT_WAIT && ev->kind != EVENT_OFF_CPU)
		return 0;
	if (rec->arg && !which.gil)
		return 0;
	if (!known_gil_changes(&r->known, ev->tid, which.gil, r->packets))
		return 0;
	return recorder_emit(r, &which);
}
