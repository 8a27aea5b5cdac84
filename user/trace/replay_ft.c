/*
 * Free-threaded builds, replayed: who stopped the world, who slept for a mutex; as in
 * user/family/ft.c.  Recordings before version 4 of the format have nothing of it.
 */
#include "user/trace/replay_ft.h"

#include "user/model/fig_rows.h"

#define FIRST_FORMAT 4

static const struct {
	const char *name, *help;
} times[GS_FT_TIME_COUNT] = {
#define X(NAME, name, help) [GS_FT_##NAME] = { #name, help },
	GS_FT_TIMES(X)
#undef X
};

static void add_mutex_wait(struct fig_ft_thread *t, const struct event *ev)
{
	t->mutex_waits++;
	t->mutex_wait_ns += ev->ns;
	if (ev->ns <= t->mutex_wait_max_ns)
		return;
	t->mutex_wait_max_ns = ev->ns;
	t->mutex_holder_tid = ev->holder;
}

int rp_ft_time(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);

	if (!t || ev->ft_time >= GS_FT_TIME_COUNT)
		return 0;
	rp_hist_add(&t->p->ft[ev->ft_time], ev->ns);
	switch ((enum gs_ft_time)ev->ft_time) {
	case GS_FT_STOPPING:
		t->row.ft.stopping_ns += ev->ns;
		break;
	case GS_FT_STOPPED:
		t->row.ft.stops++;
		t->row.ft.stopped_ns += ev->ns;
		break;
	case GS_FT_SUSPENDED:
		t->row.ft.suspended_ns += ev->ns;
		break;
	case GS_FT_MUTEX:
		add_mutex_wait(&t->row.ft, ev);
		break;
	case GS_FT_TIME_COUNT:
		break;
	}
	return 0;
}

int rp_ft_critical(struct replay *r, const struct event *ev)
{
	struct rp_thread *t = rp_thread_of(r, ev);

	if (t)
		t->row.ft.critical_waits++;
	return 0;
}

bool rp_has_ft(const struct replay *r, const struct rp_process *p)
{
	return p->known & EVENT_KNOWN_FREE_THREADED && r->info->format >= FIRST_FORMAT &&
	       rp_measures(r, GS_FAMILY_FT);
}

void rp_ft_thread(bool has_ft, struct fig_ft_thread *row)
{
	if (!has_ft)
		*row = (struct fig_ft_thread) {
			.stops = FIG_NULL,
			.stopping_ns = FIG_NULL,
			.stopped_ns = FIG_NULL,
			.suspended_ns = FIG_NULL,
			.mutex_waits = FIG_NULL,
			.mutex_wait_ns = FIG_NULL,
			.mutex_wait_max_ns = FIG_NULL,
			.mutex_holder_tid = FIG_NULL,
			.critical_waits = FIG_NULL,
		};
	else if (!row->mutex_holder_tid)
		row->mutex_holder_tid = FIG_NULL; /* nobody knows */
}

bool rp_ft_rows(const struct rp_process *p, struct fig_process *out)
{
	out->ft_measured = true;
	for (u32 i = 0; i < GS_FT_TIME_COUNT; i++) {
		struct fig_ft *row = fig_row_add(FIG_FT, out);

		if (!row)
			return false;
		row->what = times[i].name;
		row->meaning = times[i].help;
		row->time = p->ft[i];
		row->time.valid = true;
	}
	return true;
}
