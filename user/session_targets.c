/*
 * The targets of a session: given slots and probes, followed through forks, execs and exits.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/session_private.h"

#define MAX_TRIES 8

static struct site_block *block_of(struct session *s, const struct py_binary *b)
{
	struct site_block *more;

	for (size_t i = 0; i < s->nblocks; i++)
		if (s->blocks[i].binary == b)
			return &s->blocks[i];
	more = realloc(s->blocks, (s->nblocks + 1) * sizeof(*more));
	if (!more)
		return NULL;
	s->blocks = more;
	more[s->nblocks] = (struct site_block) { .binary = b, .first = s->next_site };
	s->next_site += b->nsites;
	return &more[s->nblocks++];
}

/* Sites that only repeat what the scheduler's view tells are left out unless asked for. */
bool session_wants(const struct opts *o, const struct probe_site *site)
{
	if (!(o->families & GS_FAMILY_BIT(site->family)))
		return false;
	if (opts_watch(o) && site->family == GS_FAMILY_GIL && !site->optional)
		return false;
	return !site->optional || o->contended_sites;
}

bool session_in_bursts(const struct session *s, const struct probe_site *site)
{
	return s->burst && site->family == GS_FAMILY_REFS;
}

/* Sites that come and go have links of their own: run by run, each all of one kind. */
static int attach_runs(struct session *s, const char *path, pid_t pid,
		       const struct probe_site *sites, size_t n, u32 first, struct err *e)
{
	int err = 0;

	for (size_t i = 0, end; i < n && !err; i = end) {
		bool bursts = session_in_bursts(s, &sites[i]);

		end = i + 1;
		while (end < n && session_in_bursts(s, &sites[end]) == bursts)
			end++;
		err = bursts ? burst_add(s->burst, path, pid, sites + i, end - i, first + i, e)
			     : attach_sites(s->attached, s->skel, path, pid, sites + i, end - i,
					    first + i, e);
	}
	return err;
}

/*
 * The rows of wanted sites, and so their cookies, are numbered through, those in bursts last: two
 * links then, not one for each run of them.  Links are closed one after the other, 40 ms each.
 */
static int attach_wanted(struct session *s, const struct site_block *block, const char *path,
			 pid_t pid, struct err *e)
{
	const struct py_binary *b = block->binary;
	struct probe_site *wanted = calloc(b->nsites ? b->nsites : 1, sizeof(*wanted));
	size_t n = 0;
	int err;

	if (!wanted)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	for (int bursts = 0; bursts < 2; bursts++)
		for (size_t i = 0; i < b->nsites; i++)
			if (session_wants(s->opts, &b->sites[i]) &&
			    session_in_bursts(s, &b->sites[i]) == bursts)
				wanted[n++] = b->sites[i];
	err = attach_runs(s, path, pid, wanted, n, block->first, e);
	free(wanted);
	return err;
}

static int attach_binary(struct session *s, const struct py_process *py, struct err *e)
{
	struct site_block *block = block_of(s, py->binary);
	int err;

	if (!block)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	if (block->for_all)
		return 0;
	err = attach_wanted(s, block, py->open_path, s->by_pid ? py->pid : -1, e);
	if (!err && !s->by_pid)
		block->for_all = true;
	return err;
}

/* What BPF needs to know about @py. */
static struct gs_proc_config config_of(const struct py_process *py)
{
	const struct py_layout *l = &py->binary->layout;

	const u32 *newest = l->gc_ring_newest, rings = l->gc_ring_row != GS_NO_FIELD;

	return (struct gs_proc_config) {
		.gil_cond = py->gil_addr ? py->gil_addr + l->gil_cond : 0,
		.gil_cond_size = py->gil_addr ? l->gil_cond_size : 0,
		.gc_stats = py->gc_stats_addr,
		.gc_stats_stride = l->gc_stats_stride,
		.gc_ring_items = { l->gc_ring_items[0], l->gc_ring_items[1], l->gc_ring_items[2] },
		.gc_ring_newest = { rings ? newest[0] : 0, rings ? newest[1] : 0,
				    rings ? newest[2] : 0 },
		.gc_ring_row = l->gc_ring_row,
		.ob_type = l->ob_type,
		.tp_name = l->tp_name,
		.tp_dealloc = l->tp_dealloc,
		.tp_flags = l->tp_flags,
		.load_bias = py->load_bias,
		.types_by_name = py->binary->by_notes,
		.gil_state = py->gil_addr && l->gil_locked == l->gil_last_holder + 8
				     ? py->gil_addr + l->gil_last_holder
				     : 0,
		.gil_mutex = py->gil_addr ? py->gil_addr + l->gil_mutex : 0,
		.tstate_thread_id = l->tstate_thread_id,
		.tstate_native_id = l->tstate_native_thread_id,
		.foreign_tids = py->pid != py->ns_pid,
	};
}

int targets_attach(struct session *s, struct py_process *py, struct err *e)
{
	const struct kmaps *k = skel_maps(s->skel);
	struct measured *m = NULL;
	u32 index, pid = py->pid;
	struct gs_proc *p;
	int err;

	if (session_wants_watch(s) && !session_can_watch(py)) {
		process_free(py);
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "pid %u: where its GIL is cannot be told, as watch mode needs; use "
			    "--mode exact",
			    pid);
	}
	err = kmaps_proc_take(k, &index);
	if (err) {
		process_free(py);
		return errf(e, GS_EXIT_FAILED, err, "pid %u: no slot; raise --max-processes", pid);
	}
	p = &k->procs[index];
	p->pid = pid;
	p->config = config_of(py);
	p->gil.address = py->gil_addr;
	__atomic_store_n(&p->state, GS_SLOT_LIVE, __ATOMIC_RELEASE);
	m = measured_new(py, index);
	if (!m) {
		process_free(py);
		err = -ENOMEM;
	}
	if (!err)
		err = attach_binary(s, py, e);
	if (!err && bpf_map_update_elem(k->targets_fd, &pid, &index, BPF_ANY))
		err = -errno;
	if (!err)
		err = collector_add(&s->collector, m);
	if (!err)
		return 0;
	measured_free(m);
	(void)bpf_map_delete_elem(k->targets_fd, &pid);
	kmaps_proc_free(k, index);
	return errf(e, GS_EXIT_FAILED, err, "pid %u: cannot be measured (%s); is it still there?",
		    pid, strerror(-err));
}

void targets_seed(struct session *s, struct measured *m)
{
	struct gil_now now;

	if (process_gil(m->py, &now) || !now.locked || !now.holder_ns_tid)
		return;
	m->seed_tid = m->py->ns_pid == m->py->pid ? now.holder_ns_tid
						  : process_host_tid(m->py->pid, now.holder_ns_tid);
	skel_maps(s->skel)->procs[m->index].seed_tid = m->seed_tid;
}

static struct measured *find_pid(struct session *s, pid_t pid)
{
	for (size_t i = s->collector.count; i-- > 0;)
		if (s->collector.list[i]->py->pid == pid)
			return s->collector.list[i];
	return NULL;
}

static void on_fork(struct session *s, const struct gs_life *life)
{
	const struct measured *parent = find_pid(s, life->parent_pid);
	struct measured *m;

	if (!parent || collector_find(&s->collector, life->proc))
		return;
	m = measured_fork(parent, life->proc, life->pid);
	if (m && collector_add(&s->collector, m))
		measured_free(m);
}

static void on_exec(struct session *s, pid_t pid)
{
	if (s->npending < SESSION_MAX_PENDING)
		s->pending[s->npending++] = (struct pending) { .pid = pid };
}

int targets_on_life(void *ctx, void *data, size_t size)
{
	const struct gs_life *life = data;

	if (size < sizeof(*life))
		return 0;
	if (life->kind == GS_LIFE_FORK)
		on_fork(ctx, life);
	else if (life->kind == GS_LIFE_EXEC)
		on_exec(ctx, life->pid);
	return 0;
}

/* The image it executed may not have mapped its interpreter yet: 0 then, to try again. */
static bool try_again(struct session *s, pid_t pid)
{
	struct py_process *py;
	struct err e = {};
	struct measured *m;

	if (!process_looks_like_python(pid))
		return true;
	if (process_identify(pid, session_site_families(s), s->binaries, &py, &e))
		return e.code == GS_EXIT_TARGET;
	if (targets_attach(s, py, &e))
		return false;
	m = find_pid(s, pid);
	skel_maps(s->skel)->procs[m->index].start_ns = clock_mono_ns();
	targets_seed(s, m);
	collector_begin(m);
	if (s->on_target)
		s->on_target(s->on_target_ctx, m->py, skel_maps(s->skel)->procs[m->index].start_ns,
			     m->seed_tid);
	return false;
}

void targets_retry(struct session *s)
{
	u64 now = clock_mono_ns();
	size_t kept = 0;

	for (size_t i = 0; i < s->npending; i++) {
		struct pending p = s->pending[i];

		if (p.try_at_ns > now) {
			s->pending[kept++] = p;
		} else if (try_again(s, p.pid) && ++p.tries < MAX_TRIES) {
			p.try_at_ns = now + (5000000ULL << p.tries);
			s->pending[kept++] = p;
		}
	}
	s->npending = kept;
}
