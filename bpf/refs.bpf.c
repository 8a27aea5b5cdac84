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

static __always_inline struct gs_type *type_row(const struct gs_type_key *key, u32 tp_name)
{
	struct gs_type *row = bpf_map_lookup_elem(&gs_types, key);
	struct gs_type fresh = {};
	u64 name;

	if (row)
		return row;
	if (bpf_probe_read_user(&name, sizeof(name), (void *)(key->type + tp_name)) ||
	    bpf_probe_read_user_str(fresh.name, sizeof(fresh.name), (void *)name) < 0) {
		gs_lose(GS_LOSS_READ_FAULT, 1);
		return NULL;
	}
	/* Another thread may have been first: then its row is the one. */
	bpf_map_update_elem(&gs_types, key, &fresh, BPF_NOEXIST);
	row = bpf_map_lookup_elem(&gs_types, key);
	if (!row)
		gs_lose(GS_LOSS_TYPES_FULL, 1);
	return row;
}

__hidden int refs_site(struct pt_regs *ctx, u32 event, u32 site)
{
	struct gs_type_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct gs_type *row;
	struct gs_proc *p;
	s32 index;
	u64 arg;

	if (!gs_measures(GS_FAMILY_REFS))
		return 0;
	index = gs_target(key.pid);
	p = index < 0 ? NULL : gs_proc_at(index);
	if (!p || !gs_site_arg(ctx, site, &arg))
		return 0;
	key.type = arg;
	if (event == GS_EVENT_REFS_DEALLOC &&
	    bpf_probe_read_user(&key.type, sizeof(key.type), (void *)(arg + p->config.ob_type))) {
		gs_lose(GS_LOSS_READ_FAULT, 1);
		return 0;
	}
	row = type_row(&key, p->config.tp_name);
	if (row)
		__sync_fetch_and_add(event == GS_EVENT_REFS_DEALLOC ? &row->deallocs : &row->allocs,
				     1);
	return 0;
}
