/* Attaching and detaching; see attach.h. */
#include "user/load/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/load/links.h"
#include "user/load/tracefs.h"

#define MAX_LINK_SITES 4096

static int hook_error(int err, const char *what, struct err *e)
{
	if (err == -EPERM || err == -EACCES)
		return errf(e, GS_EXIT_PERM, err,
			    "%s: not permitted to attach; run as root; see gilscope doctor", what);
	return errf(e, GS_EXIT_UNSUPPORTED, err, "%s: cannot attach (%s); see gilscope doctor",
		    what, strerror(-err));
}

/* The programs that attach by their section name alone. */
static int attach_btf_hooks(struct attached *a, const struct skel *s, struct err *e)
{
	static const char *const names[] = { "gs_process_exit", "gs_process_exec",
					     "gs_process_fork", "gs_sched_switch",
					     "gs_sched_waking" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bpf_program *p = skel_program(s, names[i]);
		struct bpf_link *link;
		int err;

		if (!p)
			continue;
		link = bpf_program__attach(p);
		err = link ? links_add(a, link, LINK_HOOK) : -errno;
		if (err)
			return hook_error(err, names[i] + strlen("gs_"), e);
	}
	return 0;
}

static int attach_tracepoint(struct attached *a, struct bpf_program *p, int id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.sample_period = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	struct bpf_link *link;
	int err;

	if (fd < 0)
		return -errno;
	link = bpf_program__attach_perf_event(p, fd);
	if (!link) {
		err = -errno;
		close(fd);
		return err;
	}
	return links_add(a, link, LINK_HOOK); /* the link owns fd */
}

#define MAX_TRACEPOINTS GS_IO_COUNT

/* The program called @name, on each of the @n tracepoints. */
static int attach_tracepoints(struct attached *a, const struct skel *s, const char *name,
			      const char *const *tracepoints, size_t n, struct err *e)
{
	struct bpf_program *p = skel_program(s, name);
	int ids[MAX_TRACEPOINTS], err;

	if (!p)
		return 0;
	err = tracefs_ids(tracepoints, ids, n);
	if (err)
		return hook_error(err, "tracefs", e);
	for (size_t i = 0; i < n; i++) {
		if (ids[i] == -ENOENT)
			continue; /* this kernel has no such call: nobody makes it */
		err = ids[i] < 0 ? ids[i] : attach_tracepoint(a, p, ids[i]);
		if (err)
			return hook_error(err, tracepoints[i], e);
	}
	return 0;
}

static int attach_syscalls(struct attached *a, const struct skel *s, struct err *e)
{
#define X(NAME, name) "syscalls/sys_exit_" #name,
	static const char *const leave[] = { GS_IO_CALLS(X) };
#undef X
	/* Event loops, asyncio's and uvloop's, wait for an epoll. */
	static const char *const wait[] = { "syscalls/sys_enter_epoll_wait",
					    "syscalls/sys_enter_epoll_pwait",
					    "syscalls/sys_enter_epoll_pwait2",
					    "syscalls/sys_enter_epoll_create1" };
	static const char *const waited[] = { "syscalls/sys_exit_epoll_wait",
					      "syscalls/sys_exit_epoll_pwait",
					      "syscalls/sys_exit_epoll_pwait2" };
	int err = attach_tracepoints(a, s, "gs_io_exit", leave, GS_IO_COUNT, e);

	if (!err)
		err = attach_tracepoints(a, s, "gs_loop_enter", wait, 4, e);
	return err ? err : attach_tracepoints(a, s, "gs_loop_leave", waited, 3, e);
}

int attach_hooks(struct attached *a, const struct skel *s, struct err *e)
{
	int err = attach_btf_hooks(a, s, e);

	return err ? err : attach_syscalls(a, s, e);
}

struct site_arrays {
	unsigned long *offsets, *semaphores;
	__u64 *cookies; /* as libbpf spells it */
};

static void arrays_free(struct site_arrays *v)
{
	free(v->offsets);
	free(v->semaphores);
	free(v->cookies);
}

static u64 gil_cookie(const struct probe_site *s)
{
	const struct gs_arg *arg = &s->args[0];

	return s->family == GS_FAMILY_GIL && arg->kind == GS_ARG_SUM
		       ? GS_COOKIE_GIL(arg->reg, arg->disp)
		       : 0;
}

/* Of the sites for which @chosen says so; NULL: all.  How many is in *@ret_n. */
static int arrays_fill(struct site_arrays *v, const struct probe_site *sites, size_t n, u32 first,
		       const bool *chosen, size_t *ret_n)
{
	size_t filled = 0;

	v->offsets = calloc(n, sizeof(*v->offsets));
	v->semaphores = calloc(n, sizeof(*v->semaphores));
	v->cookies = calloc(n, sizeof(*v->cookies));
	if (!v->offsets || !v->semaphores || !v->cookies)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		/* Backwards: the kernel waits when the first one goes, with all others still
		 * there; of the refs sites, the last is hit least. */
		size_t k = n - 1 - i;

		if (chosen && !chosen[k])
			continue;
		v->offsets[filled] = sites[k].offset;
		v->semaphores[filled] = sites[k].semaphore;
		v->cookies[filled++] = GS_COOKIE(sites[k].event, first + k) | gil_cookie(&sites[k]);
	}
	*ret_n = filled;
	return 0;
}

static int attach_multi(struct attached *a, struct bpf_program *p, const char *path, pid_t pid,
			const struct site_arrays *v, size_t n)
{
	LIBBPF_OPTS(bpf_uprobe_multi_opts, o, .offsets = v->offsets, .cookies = v->cookies,
		    .ref_ctr_offsets = v->semaphores, .cnt = n);
	struct bpf_link *link = bpf_program__attach_uprobe_multi(p, pid, path, NULL, &o);

	return link ? links_add(a, link, LINK_BREAKPOINTS) : -errno;
}

static int attach_plain(struct attached *a, struct bpf_program *p, const char *path, pid_t pid,
			const struct site_arrays *v, size_t n)
{
	size_t before = links_count(a);

	for (size_t i = 0; i < n; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, o, .bpf_cookie = v->cookies[i],
			    .ref_ctr_offset = v->semaphores[i]);
		struct bpf_link *link =
			bpf_program__attach_uprobe_opts(p, pid, path, v->offsets[i], &o);
		int err = link ? links_add(a, link, LINK_BREAKPOINTS) : -errno;

		if (err) {
			links_drop(a, before);
			return err;
		}
	}
	return 0;
}

/* What the program finds at each site. */
static int write_rows(const struct kmaps *k, const struct probe_site *sites, size_t n, u32 first)
{
	for (size_t i = 0; i < n; i++) {
		struct gs_site row = {
			.event = sites[i].event,
			.function = sites[i].function,
		};
		u32 key = first + i;

		memcpy(row.args, sites[i].args, sizeof(row.args));
		if (bpf_map_update_elem(k->sites_fd, &key, &row, BPF_ANY))
			return -errno;
	}
	return 0;
}

int attach_rows(struct attached *a, const struct skel *s, const char *path, pid_t pid,
		const struct probe_site *sites, size_t nsites, u32 first, const bool *chosen)
{
	struct bpf_program *p = skel_site_program(s);
	struct site_arrays v = {};
	size_t n = 0;
	int err = arrays_fill(&v, sites, nsites, first, chosen, &n);

	if (!err && n)
		err = bpf_program__expected_attach_type(p) == BPF_TRACE_UPROBE_MULTI
			      ? attach_multi(a, p, path, pid, &v, n)
			      : attach_plain(a, p, path, pid, &v, n);
	arrays_free(&v);
	return err;
}

int attach_chosen(struct attached *a, const struct skel *s, const char *path, pid_t pid,
		  const struct probe_site *sites, size_t nsites, u32 first, const bool *chosen,
		  struct err *e)
{
	const struct kmaps *k = skel_maps(s);
	int err;

	if (!nsites)
		return 0;
	if (nsites > MAX_LINK_SITES || first + nsites > k->max_sites)
		return errf(e, GS_EXIT_FAILED, -ENOSPC, "%s: too many probe sites (%zu)", path,
			    nsites);
	err = write_rows(k, sites, nsites, first);
	if (!err)
		err = attach_rows(a, s, path, pid, sites, nsites, first, chosen);
	if (err == -EPERM || err == -EACCES)
		return errf(e, GS_EXIT_PERM, err,
			    "%s: not permitted to probe it; run as root; see gilscope doctor",
			    path);
	if (err == -ENOENT || err == -ESRCH)
		return errf(e, GS_EXIT_TARGET, err,
			    "%s: gone while its probes were attached; try another", path);
	if (err)
		return errf(e, GS_EXIT_FAILED, err, "%s: cannot attach %zu probes (%s)", path,
			    nsites, strerror(-err));
	return 0;
}

int attach_sites(struct attached *a, const struct skel *s, const char *path, pid_t pid,
		 const struct probe_site *sites, size_t nsites, u32 first, struct err *e)
{
	return attach_chosen(a, s, path, pid, sites, nsites, first, NULL, e);
}
