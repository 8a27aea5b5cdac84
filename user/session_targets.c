/*
 * The targets of a session: given slots and probes, followed through forks, execs and exits.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/ingest/gils.h"
#include "user/session_private.h"
#include "user/target/breakpoint.h"
#include "user/target/proc_maps.h"

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

/* Is there a breakpoint in @pid at @site of its file @b? */
static bool has_breakpoint(pid_t pid, const struct py_binary *b, const struct probe_site *site)
{
	struct proc_maps maps;
	char bytes[BREAKPOINT_SIZE] = {};

	if (proc_maps_read(pid, &maps))
		return false;
	for (size_t i = 0; i < maps.n; i++) {
		const struct proc_map *m = &maps.list[i];

		if (m->exec && m->inode == b->ino && site->offset >= m->offset &&
		    site->offset - m->offset < m->end - m->start)
			(void)process_read(pid, m->start + (site->offset - m->offset), bytes,
					   sizeof(bytes));
	}
	proc_maps_free(&maps);
	return !memcmp(bytes, BREAKPOINT_OF_PROBE, sizeof(bytes));
}

static bool same_file(const struct py_binary *a, const struct py_binary *b)
{
	return a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns && a->build_id &&
	       b->build_id && !strcmp(a->build_id, b->build_id);
}

/*
 * Containers of one image have the interpreter's file each below an overlay of their own: other
 * devices, yet one inode below, which is what uprobes are on.  Attached twice each event would
 * count twice.  So where a file looks like one that has its probes, its memory is asked.
 */
static bool is_covered(const struct session *s, const struct py_binary *b, pid_t pid)
{
	const struct probe_site *site = NULL;

	for (size_t i = 0; i < b->nsites && !site; i++)
		if (session_wants(s->opts, &b->sites[i]) && !session_in_bursts(s, &b->sites[i]))
			site = &b->sites[i];
	for (size_t i = 0; site && i < s->nblocks; i++)
		if (s->blocks[i].for_all && !s->blocks[i].covered && s->blocks[i].binary != b &&
		    same_file(s->blocks[i].binary, b))
			return has_breakpoint(pid, b, site);
	return false;
}

int targets_attach_file(struct session *s, const struct py_binary *b, const char *path, pid_t pid,
			struct err *e)
{
	struct site_block *block = block_of(s, b);
	int err;

	if (!block)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	if (block->for_all)
		return 0;
	if (!s->by_pid && is_covered(s, b, pid)) {
		block->for_all = block->covered = true;
		if (s->next_site == block->first + b->nsites)
			s->next_site = block->first;
		return 0;
	}
	err = attach_wanted(s, block, path, s->by_pid ? pid : -1, e);
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
		.gc_rings = py->gc_rings_addr,
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
		.frames = layout_frames_walk(&l->frames),
	};
}

static bool can_tell_gils(const struct py_process *py)
{
	u64 list[PROCESS_GILS_MAX];

	return process_tells_gils(py->binary) || process_gils(py, list) < 2;
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
	if (!session_wants_watch(s) && !can_tell_gils(py)) {
		process_free(py);
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "pid %u: has subinterpreters with a GIL of their own, which the sites "
			    "found in its build cannot tell apart; use --mode watch",
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
	p->config.frames_known = session_stacks_of(s, py);
	p->gil.address = py->gil_addr;
	__atomic_store_n(&p->state, GS_SLOT_LIVE, __ATOMIC_RELEASE);
	m = measured_new(py, index);
	if (!m) {
		process_free(py);
		err = -ENOMEM;
	}
	if (!err)
		err = targets_attach_file(s, py->binary, py->open_path, py->pid, e);
	if (!err)
		err = modules_attach(s, m, e);
	if (!err && bpf_map_update_elem(k->targets_fd, &pid, &index, BPF_ANY))
		err = -errno;
	/* From here on the kernel side tells of its end, and of another program. */
	if (!err && !process_is_same(py))
		err = errf(e, GS_EXIT_TARGET, -ESRCH, "pid %u: has ended, or begun another program",
			   pid);
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

	gils_seed(&s->collector, m);
	if (process_gil(m->py, &now) || !now.locked || !now.holder_ns_tid)
		return;
	m->seed_tid = m->py->ns_pid == m->py->pid ? now.holder_ns_tid
						  : process_host_tid(m->py->pid, now.holder_ns_tid);
	skel_maps(s->skel)->procs[m->index].seed_tid = m->seed_tid;
}

/* Its slot says so before the next reading does. */
static bool ended(const struct session *s, const struct measured *m)
{
	const struct gs_proc *p = &skel_maps(s->skel)->procs[m->index];

	return m->exited || __atomic_load_n(&p->state, __ATOMIC_ACQUIRE) == GS_SLOT_EXITED;
}

/* One that ended may have had the same pid. */
struct measured *targets_find_pid(const struct session *s, pid_t pid)
{
	for (size_t i = s->collector.count; i-- > 0;)
		if (s->collector.list[i]->py->pid == pid)
			return ended(s, s->collector.list[i]) ? NULL : s->collector.list[i];
	return NULL;
}

/* It forked while it was one. */
static const struct measured *find_parent(const struct session *s, pid_t pid)
{
	for (size_t i = s->collector.count; i-- > 0;)
		if (s->collector.list[i]->py->pid == pid)
			return s->collector.list[i];
	return NULL;
}

static void on_fork(struct session *s, const struct gs_life *life)
{
	const struct measured *parent = find_parent(s, life->parent_pid);
	struct measured *m;

	if (!parent || collector_find(&s->collector, life->proc))
		return;
	m = measured_fork(parent, life->proc, life->pid);
	if (m)
		modules_follow(m, parent);
	if (m && collector_add(&s->collector, m))
		measured_free(m);
}

int targets_on_life(void *ctx, void *data, size_t size)
{
	const struct gs_life *life = data;
	struct session *s = ctx;

	if (size < sizeof(*life))
		return 0;
	if (life->kind == GS_LIFE_FORK)
		on_fork(s, life);
	else if (life->kind == GS_LIFE_EXEC || life->kind == GS_LIFE_START)
		sweep_forget(s, (pid_t)life->pid);
	if (life->kind == GS_LIFE_EXEC)
		starts_add(s, (pid_t)life->pid, true, life->named);
	else if (life->kind == GS_LIFE_START)
		starts_add(s, (pid_t)life->pid, life->named, life->named);
	/* The last one is told at once; slots are given back before they run out. */
	s->nended += life->kind == GS_LIFE_EXIT || life->kind == GS_LIFE_EXEC;
	s->hurry |= (life->kind == GS_LIFE_EXIT && !s->opts->all) ||
		    s->nended * 4 >= s->opts->max_processes;
	return 0;
}
