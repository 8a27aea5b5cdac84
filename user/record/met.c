/* Which events met a trigger: for the recorder itself, or handed out to who decides. */
#include <string.h>

#include "user/record/recorder_private.h"

void recorder_note_met(struct recorder *r, const struct trigger *t, const struct event *ev)
{
	const struct event *thread = ev->pid ? NULL : known_thread(&r->known, ev->tid);
	u32 pid = thread ? thread->pid : ev->pid;
	size_t i = 0;

	if (!r->o->hand_out) {
		r->met = t;
		return;
	}
	while (i < r->nmets && (r->mets[i].trigger != t || r->mets[i].pid != pid))
		i++;
	if (i == RECORDER_MET_MAX) {
		r->mets_missed++;
		return;
	}
	if (i == r->nmets)
		r->mets[r->nmets++] = (struct recorder_met) { .trigger = t, .pid = pid };
	r->mets[i].times++;
	if (ev->ns > r->mets[i].ns)
		r->mets[i].ns = ev->ns;
}

size_t recorder_met(struct recorder *r, struct recorder_met *list, u64 *ret_missed)
{
	size_t n;

	pthread_mutex_lock(&r->lock);
	n = r->nmets;
	memcpy(list, r->mets, n * sizeof(*list));
	*ret_missed = r->mets_missed;
	r->nmets = 0;
	r->mets_missed = 0;
	pthread_mutex_unlock(&r->lock);
	return n;
}
