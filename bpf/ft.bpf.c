/*
 * ft: free-threaded builds.  Who stops the world, who waits for a mutex.
 *
 *   who stops it:    RUNS --stop--> STOPPING --stopped--> STOPPED --start--> RUNS
 *   everybody else:  RUNS --suspend--> SUSPENDED --resumed--> RUNS
 *   mutex:           RUNS --park--> ASLEEP --woken--> RUNS
 *
 * A PyMutex does not say who has it.  Who released it last, waking the thread that waited, is told
 * by the release, where it wakes somebody; that thread had the mutex when the wait ended.
 */
#include "bpf/core.bpf.h"
#include "bpf/record.bpf.h"

/* Who released it last.  The oldest go when it is full: then a wait's end is nobody's. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GS_FT_RELEASES);
	__type(key, struct gs_ft_mutex);
	__type(value, u32); /* tid */
} gs_ft_releases SEC(".maps");

static __always_inline void begins(struct gs_thread *t, u32 what, u64 now)
{
	if (what < GS_FT_TIME_COUNT)
		t->ft.since_ns[what] = now;
}

static __always_inline void tell(const struct gs_thread *t, u32 what, u64 now, u64 ns, u32 by)
{
	struct gs_record_2 r = {
		.r = { .end_ns = now,
		       .ns = ns,
		       .tid = t->tid,
		       .kind = GS_REC_FT_TIME,
		       .arg = what },
		.a = by,
	};

	if (gs_config.record && ns)
		gs_tell(&r, sizeof(r));
}

/* 0: it had begun before the measurement. */
static __always_inline u64 ends(struct gs_thread *t, u32 what, u64 now)
{
	struct gs_proc *p = gs_proc_at(t->proc);
	u64 since, ns;

	if (what >= GS_FT_TIME_COUNT)
		return 0;
	since = t->ft.since_ns[what];
	t->ft.since_ns[what] = 0;
	if (!since || !gs_elapsed(since, now, &ns))
		return 0;
	t->ft.count[what]++;
	t->ft.ns[what] += ns;
	if (p)
		gs_hist_add_shared(&p->ft.time[what], ns);
	return ns;
}

static __always_inline void parks(struct pt_regs *ctx, struct gs_thread *t, u32 site, u64 now)
{
	if (!gs_site_arg(ctx, site, 0, &t->ft.address))
		t->ft.address = 0;
	begins(t, GS_FT_MUTEX, now);
}

static __always_inline void wakes(struct gs_thread *t, u64 now)
{
	struct gs_ft_mutex key = { .address = t->ft.address, .tgid = t->pid };
	u64 ns = ends(t, GS_FT_MUTEX, now);
	u32 *by;

	if (ns <= t->ft.mutex_max_ns && !gs_config.record)
		return;
	by = bpf_map_lookup_elem(&gs_ft_releases, &key);
	tell(t, GS_FT_MUTEX, now, ns, by ? *by : 0);
	if (ns <= t->ft.mutex_max_ns)
		return;
	t->ft.mutex_max_ns = ns;
	t->ft.released_by = by ? *by : 0;
}

/* The one that wakes a waiter; the address is that of its mutex. */
static __always_inline void releases(struct pt_regs *ctx, const struct gs_thread *t, u32 site)
{
	struct gs_ft_mutex key = { .tgid = t->pid };
	u32 tid = t->tid;

	if (gs_site_arg(ctx, site, 0, &key.address))
		bpf_map_update_elem(&gs_ft_releases, &key, &tid, BPF_ANY);
}

__hidden int ft_site(struct pt_regs *ctx, u32 event, u32 site, u64 now)
{
	struct gs_thread *t;
	u32 seq;

	if (!gs_measures(GS_FAMILY_FT))
		return 0;
	t = gs_thread_get(bpf_get_current_task_btf(), now);
	if (!t)
		return 0;
	seq = gs_write_begin(t);
	switch (event) {
	case GS_EVENT_FT_STOP:
		begins(t, GS_FT_STOPPING, now);
		break;
	case GS_EVENT_FT_STOPPED:
		tell(t, GS_FT_STOPPING, now, ends(t, GS_FT_STOPPING, now), 0);
		begins(t, GS_FT_STOPPED, now);
		break;
	case GS_EVENT_FT_START:
		tell(t, GS_FT_STOPPED, now, ends(t, GS_FT_STOPPED, now), 0);
		break;
	case GS_EVENT_FT_SUSPEND:
		begins(t, GS_FT_SUSPENDED, now);
		break;
	case GS_EVENT_FT_RESUMED:
		tell(t, GS_FT_SUSPENDED, now, ends(t, GS_FT_SUSPENDED, now), 0);
		break;
	case GS_EVENT_FT_PARK:
		parks(ctx, t, site, now);
		break;
	case GS_EVENT_FT_WOKEN:
		wakes(t, now);
		break;
	case GS_EVENT_FT_RELEASE:
		releases(ctx, t, site);
		break;
	case GS_EVENT_FT_CRITICAL:
		t->ft.critical++;
		gs_record(GS_REC_FT_CRITICAL, t->tid, now, 0, 0, 0);
		break;
	}
	gs_write_end(t, seq);
	return 0;
}
