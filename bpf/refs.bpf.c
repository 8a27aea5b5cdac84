/*
 * refs: objects deallocated and created, by type.
 *
 * The sites are the types' own deallocation functions, reached through tp_dealloc and so never
 * inlined away, with the object in the first argument; and the allocators that take the type
 * as their first argument.  A type's name is read when the type is first seen, while it
 * surely lives.
 */
#include "bpf/core.bpf.h"
#include "bpf/refs.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* set before load */
	__type(key, struct gs_type_key);
	__type(value, struct gs_type);
} gs_types SEC(".maps");

/* Each TIMED-th counted hit is timed, for user space to know what one costs. */
#define TIMED 16

struct gs_burst gs_burst = {};

/*
 * Names are constants of a file: a forked child has not mapped theirs, and where memory is short
 * the page may be gone.  Here nothing can be mapped; user space does it (user/family/refs.c).
 */
static __always_inline void read_name(struct gs_type *row)
{
	if (bpf_probe_read_user_str(row->name, sizeof(row->name), (void *)row->unread) >= 0)
		row->unread = 0;
}

static __always_inline struct gs_type *type_row(const struct gs_type_key *key,
						const struct gs_proc_config *c)
{
	struct gs_type *row = bpf_map_lookup_elem(&gs_types, key);
	struct gs_type fresh = {};
	u64 name = key->type;
	bool failed = false;

	if (row) {
		if (row->unread)
			read_name(row);
		return row;
	}
	if (c->types_by_name)
		fresh.flags = GS_TYPE_HEAP; /* every creation is told */
	else
		failed = bpf_probe_read_user(&name, sizeof(name),
					     (void *)(key->type + c->tp_name)) ||
			 bpf_probe_read_user(&fresh.flags, sizeof(fresh.flags),
					     (void *)(key->type + c->tp_flags));
	if (failed) {
		gs_lose(GS_LOSS_READ_FAULT, 1);
		return NULL;
	}
	fresh.unread = name;
	read_name(&fresh);
	if (fresh.unread)
		__sync_fetch_and_add(&gs_burst.unread, 1);
	/* Another thread may have been first: then its row is the one. */
	bpf_map_update_elem(&gs_types, key, &fresh, BPF_NOEXIST);
	row = bpf_map_lookup_elem(&gs_types, key);
	if (!row)
		gs_lose(GS_LOSS_TYPES_FULL, 1);
	return row;
}

/*
 * The type of the object @object, if it is deallocated by this very site's function.  A
 * subclass's function goes on to call its base's, which has a site as well: that is the same
 * object, not another one.
 */
static __always_inline bool type_of(u64 object, u32 site, const struct gs_proc_config *c,
				    u64 *ret_type)
{
	struct gs_site *s = bpf_map_lookup_elem(&gs_sites, &site);
	u64 type, dealloc;

	if (!s)
		return false;
	if (bpf_probe_read_user(&type, sizeof(type), (void *)(object + c->ob_type)) ||
	    bpf_probe_read_user(&dealloc, sizeof(dealloc), (void *)(type + c->tp_dealloc))) {
		gs_lose(GS_LOSS_READ_FAULT, 1);
		return false;
	}
	*ret_type = type;
	return !s->function || dealloc == s->function + c->load_bias;
}

static __always_inline struct gs_type *count(struct pt_regs *ctx, u32 event, u32 site,
					     const struct gs_proc *p, u32 pid)
{
	struct gs_type_key key = { .pid = pid };
	struct gs_type *row;
	u64 arg;

	if (!gs_site_arg(ctx, site, 0, &arg))
		return NULL;
	key.type = arg;
	if (event == GS_EVENT_REFS_DEALLOC && !p->config.types_by_name &&
	    !type_of(arg, site, &p->config, &key.type))
		return NULL;
	row = type_row(&key, &p->config);
	if (row && event == GS_EVENT_REFS_DEALLOC && row->site != site)
		row->site = site;
	if (row)
		__sync_fetch_and_add(event == GS_EVENT_REFS_DEALLOC ? &row->deallocs : &row->allocs,
				     1);
	return row;
}

/* Burst @id has ended with @deallocs of the type. */
static __always_inline void add_burst(struct gs_type_kind *k, u32 id, u32 kind, u64 deallocs)
{
	u32 us = 0, in = 0;

	if (GS_BURST_NUMBER(gs_burst.id) - GS_BURST_NUMBER(id) < GS_BURSTS_KEPT) {
		us = gs_burst.us[GS_BURST_NUMBER(id) % GS_BURSTS_KEPT];
		in = gs_burst.in[GS_BURST_NUMBER(id) % GS_BURSTS_KEPT];
	}
	k->squares += deallocs * deallocs;
	k->products += deallocs * (us ? us : gs_burst.mean_us[kind]);
	k->by_hits += deallocs * (us ? in : gs_burst.mean_in[kind]);
}

/* How the counts differ from burst to burst: a type's objects die under one GIL, one at a time. */
static __always_inline void count_in_burst(struct gs_type *row, u32 burst, u32 kind)
{
	u32 last = GS_BURST_KIND(row->burst);

	if (row->burst != burst) {
		if (last < GS_BURST_KINDS)
			add_burst(&row->kinds[last], row->burst, last, row->in_burst);
		row->in_burst = 0;
		row->burst = burst;
	}
	row->in_burst++;
	row->kinds[kind].deallocs++;
}

/* The row it was counted in; NULL: it was not. */
static __always_inline struct gs_type *burst_site(struct pt_regs *ctx, u32 event, u32 site,
						  struct gs_proc *p, u32 pid)
{
	u32 active = *(volatile u32 *)&gs_burst.active;
	u32 id = *(volatile u32 *)&gs_burst.id, kind = GS_BURST_KIND(id);
	struct gs_type *row;
	u64 began = 0;

	if (__sync_fetch_and_add(&gs_burst.hits, 1) % TIMED == 0)
		began = bpf_ktime_get_ns();
	if (active == GS_BURST_OFF)
		return NULL;
	row = count(ctx, event, site, p, pid);
	if (active == GS_BURST_FULL) {
		if (row)
			__sync_fetch_and_add(event == GS_EVENT_REFS_DEALLOC ? &row->full_deallocs
									    : &row->full_allocs,
					     1);
	} else if (kind < GS_BURST_KINDS) {
		if (row && event == GS_EVENT_REFS_DEALLOC)
			count_in_burst(row, id, kind);
		__sync_fetch_and_add(&p->refs_counted[kind], 1);
	}
	if (began) {
		__sync_fetch_and_add(&gs_burst.timed_ns, bpf_ktime_get_ns() - began);
		__sync_fetch_and_add(&gs_burst.timed, 1);
	}
	return row;
}

__hidden int refs_site(struct pt_regs *ctx, u32 event, u32 site)
{
	u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct gs_type *row;
	struct gs_proc *p;
	s32 index;

	if (!gs_measures(GS_FAMILY_REFS))
		return 0;
	index = gs_target(pid);
	p = index < 0 ? NULL : gs_proc_at(index);
	if (!p)
		return 0;
	if (gs_config.bursts)
		row = burst_site(ctx, event, site, p, pid);
	else
		row = count(ctx, event, site, p, pid);
	return row && event == GS_EVENT_REFS_DEALLOC;
}
