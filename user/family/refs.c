/* refs: objects deallocated and created, a row per type. */
#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/refs.h"
#include "user/base/str.h"
#include "user/family/family.h"
#include "user/load/burst.h"
#include "user/model/fig_dilation.h"
#include "user/model/fig_rows.h"

_Static_assert((int)GS_BURST_KINDS == FIG_BURST_KINDS, "one set of columns for each kind");
_Static_assert(sizeof(((struct gs_proc *)NULL)->refs_counted) == sizeof(u64) * GS_BURST_KINDS,
	       "one count for each kind");

struct rows {
	const struct family_input *in;
	struct fig_process *out;
};

/*
 * Call @each for the rows of @pid; it returns non-zero to stop.  A row may be deleted by @each:
 * the next key is asked for first.
 */
static int each_type(const struct kmaps *maps, u32 pid,
		     int (*each)(const struct kmaps *maps, const struct gs_type_key *key,
				 void *arg),
		     void *arg)
{
	struct gs_type_key key, next;
	int err = bpf_map_get_next_key(maps->types_fd, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(maps->types_fd, &key, &next);
		if (key.pid == pid && each(maps, &key, arg))
			return -1;
	}
	return 0;
}

/* The burst that it was last seen in is not among its kind's sums yet. */
static void add_last(const struct gs_burst *b, const struct gs_type *type,
		     struct fig_type_kind *kind)
{
	u32 slot = GS_BURST_NUMBER(type->burst) % GS_BURSTS_KEPT, k = GS_BURST_KIND(type->burst);
	u32 us = b->us[slot], in = b->in[slot];

	if (!us || GS_BURST_NUMBER(b->id) - GS_BURST_NUMBER(type->burst) >= GS_BURSTS_KEPT) {
		us = b->mean_us[k];
		in = b->mean_in[k];
	}
	kind->squares += type->in_burst * type->in_burst;
	kind->products += type->in_burst * us;
	kind->by_hits += type->in_burst * in;
}

/* What bursts saw of it, the last one included. */
static void add_kinds(const struct kmaps *maps, const struct gs_type *type, struct fig_type *row)
{
	u32 last = GS_BURST_KIND(type->burst);

	for (int k = 0; k < GS_BURST_KINDS; k++)
		row->kinds[k] = (struct fig_type_kind) {
			.deallocs = type->kinds[k].deallocs,
			.squares = type->kinds[k].squares,
			.products = type->kinds[k].products,
			.by_hits = type->kinds[k].by_hits,
		};
	if (last < GS_BURST_KINDS)
		add_last(maps->burst, type, &row->kinds[last]);
}

/* Up to the end of its page; the rest, if there is more, if that can be read. */
static void read_name(family_read read, pid_t pid, struct gs_type *type)
{
	const size_t all = sizeof(type->name), here = 4096 - type->unread % 4096;
	const size_t n = here < all ? here : all;

	memset(type->name, 0, all);
	if (!read(pid, type->unread, type->name, n) && n < all && !memchr(type->name, 0, n))
		(void)read(pid, type->unread + n, type->name + n, all - n);
}

static int add_type(const struct kmaps *maps, const struct gs_type_key *key, void *arg)
{
	const struct rows *to = arg;
	const struct burst_seen *seen = to->in->seen;
	struct gs_type type;
	struct fig_type *row;

	if (bpf_map_lookup_elem(maps->types_fd, key, &type))
		return 0; /* deleted meanwhile */
	if (type.unread)
		read_name(to->in->read, (pid_t)key->pid, &type);
	row = fig_row_add(FIG_TYPES, to->out);
	if (!row)
		return -1;
	type.name[sizeof(type.name) - 1] = 0;
	str_printable(type.name);
	row->type = strdup(type.name[0] ? type.name : "?");
	row->key = key->type;
	row->deallocs = row->deallocs_counted = type.deallocs;
	add_kinds(maps, &type, row);
	row->level = seen && type.site < seen->nlevels ? seen->levels[type.site] : 0;
	row->deallocs_full = type.full_deallocs;
	row->error_ratio = 0;
	/* Built-in types have allocators of their own: what is seen of them is a part, unknown
	 * which. */
	if (type.flags & GS_TYPE_HEAP) {
		row->allocs = row->allocs_counted = type.allocs;
		row->allocs_full = type.full_allocs;
	}
	return 0;
}

/* How long was counted, and in which way. */
static void observed(const struct family_input *in, struct fig_process *out)
{
	out->types_observed_ns = in->measured_ns;
	out->types_full_ns = out->types_bursts = 0;
	if (!in->seen)
		return;
	out->types_observed_ns = out->types_full_ns = in->seen->full_ns;
	for (int k = 0; k < GS_BURST_KINDS; k++) {
		const struct burst_span *span = &in->seen->kinds[k];

		out->types_kinds[k] = (struct fig_burst_kind) {
			.bursts = span->bursts,
			.us = span->ns / 1000,
			.us2 = span->squares,
			.hits = span->hits,
			.hits2 = span->hits2,
		};
		out->types_bursts += span->bursts;
		out->types_observed_ns += span->ns;
	}
	if (!in->seen->whole)
		out->types_source = "sampled";
}

static void dilate(const struct family_input *in, struct fig_process *out)
{
	struct fig_spent spent = { .hit_ns = (double)in->refs_hit_ns, .busy = in->busy };

	for (int k = 0; k < GS_BURST_KINDS; k++) {
		spent.hits[k] = in->proc->refs_counted[k];
		spent.cpu_ns[k] = in->seen->kinds[k].cpu_ns;
	}
	if (!isnan(in->seen->busy)) {
		spent.busy = fmin(in->seen->busy, 1);
		spent.delayed = fmin(in->seen->delayed, 1);
	}
	fig_types_dilate(out, &spent);
}

static int refs_process(const struct family_input *in, struct fig_process *out)
{
	struct rows to = { in, out };
	int err;

	out->types_measured = true;
	out->types_source = "exact";
	observed(in, out);
	if (in->types_coverage)
		out->types_coverage = strdup(in->types_coverage);
	err = each_type(in->maps, in->pid, add_type, &to);
	if (in->seen)
		dilate(in, out);
	fig_types_scale(out);
	return err;
}

static int drop_type(const struct kmaps *maps, const struct gs_type_key *key, void *arg)
{
	(void)arg;
	(void)bpf_map_delete_elem(maps->types_fd, key);
	return 0;
}

static void refs_forget(const struct kmaps *maps, u32 pid)
{
	each_type(maps, pid, drop_type, NULL);
}

/* Once it is mapped, the kernel side reads it at the type's next deallocation. */
static void map_names(const struct kmaps *maps, family_read read)
{
	struct gs_type_key key, next;
	struct gs_type type;
	int err = bpf_map_get_next_key(maps->types_fd, NULL, &next);

	while (!err) {
		key = next;
		if (!bpf_map_lookup_elem(maps->types_fd, &key, &type) && type.unread)
			read_name(read, (pid_t)key.pid, &type);
		err = bpf_map_get_next_key(maps->types_fd, &key, &next);
	}
}

static void refs_tend(const struct kmaps *maps, family_read read, u64 *seen)
{
	u64 unread = __atomic_load_n(&maps->burst->unread, __ATOMIC_RELAXED);

	if (unread == *seen)
		return;
	map_names(maps, read);
	*seen = unread;
}

const struct family_ops refs_family = {
	.id = GS_FAMILY_REFS,
	.process = refs_process,
	.tend = refs_tend,
	.forget = refs_forget,
};
