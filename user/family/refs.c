/* refs: objects deallocated and created, a row per type. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/refs.h"
#include "user/base/str.h"
#include "user/family/family.h"
#include "user/load/burst.h"
#include "user/model/fig_rows.h"

#define COST_ERROR 0.2 /* of a hit: so well is it known */
#define LOST_MAX 0.6 /* of a burst: of what is left, next to nothing is certain */
#define OWN_SLOWER 0.5 /* so much of the probes' share the program's own part may be slower */

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

/* Length of the burst number @burst; the mean of all where that is not known. */
static u64 burst_us(const struct gs_burst *b, u32 burst)
{
	u32 us = b->id - burst < GS_BURSTS_KEPT ? b->us[burst % GS_BURSTS_KEPT] : 0;

	return us ? us : b->mean_us;
}

static int add_type(const struct kmaps *maps, const struct gs_type_key *key, void *arg)
{
	struct fig_process *out = arg;
	struct gs_type type;
	struct fig_type *row;

	if (bpf_map_lookup_elem(maps->types_fd, key, &type))
		return 0; /* deleted meanwhile */
	row = fig_row_add(FIG_TYPES, out);
	if (!row)
		return -1;
	type.name[sizeof(type.name) - 1] = 0;
	str_printable(type.name);
	row->type = strdup(type.name[0] ? type.name : "?");
	row->key = key->type;
	row->deallocs = row->deallocs_counted = type.deallocs;
	row->squares = type.squares + type.in_burst * type.in_burst;
	row->products = type.products + type.in_burst * burst_us(maps->burst, type.burst);
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

/*
 * While the probes count, the program runs the slower: what they take (all of it under one GIL, so
 * it adds up) is no time of the program's own, so far as it has no idle time to make up for it.
 *
 * What is left of its own time is not what it is without probes, either: each of them finds the
 * caches and branch predictors as the kernel left them.  A loop that only allocates was seen two to
 * four times as slow in it (CPython 3.11), with 94 % of the time the probes'.  So the bound has
 * OWN_SLOWER for the part that they take; and beyond LOST_MAX nothing is taken off any more: the
 * estimate is then the least it can be, without a bound.
 */
static void observed(const struct family_input *in, struct fig_process *out)
{
	double window, probes, lost, own;

	out->types_observed_ns = in->measured_ns;
	out->types_full_ns = out->types_unsure_ns = out->types_bursts = 0;
	out->types_bursts_us = out->types_bursts_us2 = 0;
	if (!in->seen)
		return;
	window = (double)in->seen->observed_ns;
	probes = (double)(in->proc->refs_counted * in->refs_hit_ns);
	lost = window > 0 ? in->busy + probes / window : 1;
	if (lost > 1)
		lost = 1;
	own = window - lost * probes;
	out->types_unsure_ns = (u64)(probes * (lost * COST_ERROR + (1 - lost) * lost +
					       OWN_SLOWER * own / (window + 1)));
	if (probes > window * LOST_MAX) {
		own = window;
		out->types_unsure_ns = (u64)window;
	}
	out->types_full_ns = in->seen->full_ns;
	out->types_observed_ns = in->seen->full_ns + (u64)own;
	out->types_bursts = in->seen->bursts;
	out->types_bursts_us = in->seen->observed_ns / 1000;
	out->types_bursts_us2 = in->seen->squares;
	if (!in->seen->whole)
		out->types_source = "sampled";
}

static int refs_process(const struct family_input *in, struct fig_process *out)
{
	int err;

	out->types_measured = true;
	out->types_source = "exact";
	observed(in, out);
	if (in->types_coverage)
		out->types_coverage = strdup(in->types_coverage);
	err = each_type(in->maps, in->pid, add_type, out);
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

const struct family_ops refs_family = {
	.id = GS_FAMILY_REFS,
	.process = refs_process,
	.forget = refs_forget,
};
