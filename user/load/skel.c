/* Opening, sizing and loading the BPF object; see skel.h. */
#include "bpf/config.h" /* the skeleton names its types */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/families.h"
#include "bpf/native.h"
#include "bpf/refs.h"
#include "bpf/stacks.h"
#include "bpf/blame.h"
#include "gilscope.skel.h"
#include "user/load/needs.h"
#include "user/load/skel.h"

struct skel {
	struct gs_bpf *bpf;
	struct kmaps maps;
	size_t threads_bytes, procs_bytes, loops_bytes, gils_bytes;
	bool multi;
};

static char libbpf_message[256];

/* libbpf tells the cause of a failure only through its log: keep the first line of it. */
static int on_libbpf(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (getenv("GILSCOPE_DEBUG"))
		return vfprintf(stderr, fmt, ap);
	if (level == LIBBPF_WARN && !libbpf_message[0]) {
		vsnprintf(libbpf_message, sizeof(libbpf_message), fmt, ap);
		libbpf_message[strcspn(libbpf_message, "\n")] = 0;
	}
	return 0;
}

static size_t page_round(size_t n)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

/* Which programs the families need.  The life of processes and threads is always watched. */
static void choose_programs(struct gs_bpf *b, const struct skel_opts *o)
{
	u32 on = o->config.families;
	bool io = on & GS_FAMILY_BIT(GS_FAMILY_IO), asyncio = on & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO);
	bool gil = on & GS_FAMILY_BIT(GS_FAMILY_GIL);
	bool sched = io || gil || (on & GS_FAMILY_BIT(GS_FAMILY_SCHED));

	bpf_program__set_autoload(b->progs.gs_process_exit, true);
	bpf_program__set_autoload(b->progs.gs_process_exec, true);
	bpf_program__set_autoload(b->progs.gs_process_fork, o->config.follow_children);
	bpf_program__set_autoload(b->progs.gs_sched_switch, sched);
	bpf_program__set_autoload(b->progs.gs_sched_waking, io || (gil && !o->config.watch));
	bpf_program__set_autoload(b->progs.gs_stack_tick, on & GS_FAMILY_BIT(GS_FAMILY_STACKS));
	bpf_program__set_autoload(b->progs.gs_cpu_clock, o->config.sample);
	bpf_program__set_autoload(b->progs.gs_io_exit, io && !o->config.watch);
	bpf_program__set_autoload(b->progs.gs_loop_enter, asyncio);
	bpf_program__set_autoload(b->progs.gs_loop_leave, asyncio);
	bpf_program__set_autoload(b->progs.gs_site_multi, o->sites_multi);
	bpf_program__set_autoload(b->progs.gs_bench_records, o->bench);
	bpf_program__set_autoload(b->progs.gs_site_plain, !o->sites_multi);
}

static void size_stacks(struct gs_bpf *b, const struct gs_config *c)
{
	bpf_map__set_autocreate(b->maps.gs_native_scratches, c->native);
	bpf_map__set_autocreate(b->maps.gs_native_codes, c->native);
	bpf_map__set_autocreate(b->maps.gs_native_ring, c->native);
	bpf_map__set_max_entries(b->maps.gs_native_codes, c->max_processes);
	if (!(c->families & GS_FAMILY_BIT(GS_FAMILY_STACKS))) {
		bpf_map__set_max_entries(b->maps.gs_stack_scratches, 1);
		return;
	}
	bpf_map__set_max_entries(b->maps.gs_stacks_known, GS_STACKS_KNOWN);
	bpf_map__set_max_entries(b->maps.gs_stack_costs, GS_STACK_COSTS);
	bpf_map__set_max_entries(b->maps.gs_tstates, c->max_threads);
	bpf_map__set_max_entries(b->maps.gs_stacks_ring, GS_STACKS_RING_BYTES);
}

static void size_maps(struct gs_bpf *b, const struct skel_opts *o)
{
	const struct gs_config *c = &o->config;
	bool refs = c->families & GS_FAMILY_BIT(GS_FAMILY_REFS);
	bool asyncio = c->families & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO);
	bool gil = c->families & GS_FAMILY_BIT(GS_FAMILY_GIL);

	bpf_map__set_max_entries(b->maps.gs_targets, c->max_processes);
	bpf_map__set_max_entries(b->maps.gs_procs, c->max_processes);
	bpf_map__set_max_entries(b->maps.gs_free_procs, c->max_processes);
	bpf_map__set_max_entries(b->maps.gs_threads, c->max_threads);
	bpf_map__set_max_entries(b->maps.gs_free_threads, c->max_threads);
	bpf_map__set_max_entries(b->maps.gs_free_gils, GS_GILS);
	bpf_map__set_max_entries(b->maps.gs_loops, asyncio ? c->max_threads : 1);
	bpf_map__set_max_entries(b->maps.gs_sites, c->max_sites);
	bpf_map__set_max_entries(b->maps.gs_hits, GS_HOOK_COUNT + c->max_sites);
	bpf_map__set_max_entries(b->maps.gs_types, refs ? o->max_types : 1);
	bpf_map__set_max_entries(b->maps.gs_blame, gil && !c->no_blame ? GS_BLAME_PAIRS : 1);
	bpf_map__set_max_entries(b->maps.gs_records, c->record ? o->record_bytes : 4096);
	size_stacks(b, c);
}

static void *map_array(struct bpf_map *map, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

/* All slots are free: push the highest first, so that the lowest is taken first. */
static int fill_free(int fd, u32 n)
{
	for (u32 i = n; i-- > 0;)
		if (bpf_map_update_elem(fd, NULL, &i, BPF_ANY))
			return -errno;
	return 0;
}

static int map_maps(struct skel *s, const struct gs_config *c)
{
	struct gs_bpf *b = s->bpf;
	struct kmaps *k = &s->maps;
	int err;

	/* Elements of an array are 8-byte aligned; the structs' sizes are multiples of 8. */
	s->threads_bytes = page_round((size_t)c->max_threads * sizeof(struct gs_thread));
	s->procs_bytes = page_round((size_t)c->max_processes * sizeof(struct gs_proc));
	k->max_threads = c->max_threads;
	k->max_processes = c->max_processes;
	k->max_sites = c->max_sites;
	k->threads = map_array(b->maps.gs_threads, s->threads_bytes);
	k->procs = map_array(b->maps.gs_procs, s->procs_bytes);
	s->gils_bytes = page_round(GS_GILS * sizeof(struct gs_gil));
	k->gils = map_array(b->maps.gs_gils, s->gils_bytes);
	if (c->families & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO)) {
		s->loops_bytes = page_round((size_t)c->max_threads * sizeof(struct gs_loop));
		k->loops = map_array(b->maps.gs_loops, s->loops_bytes);
		if (!k->loops)
			return -ENOMEM;
	}
	if (!k->threads || !k->procs || !k->gils)
		return -ENOMEM;
	k->epoch = &b->data->gs_epoch;
	k->threads_used = &b->bss->gs_threads_used;
	k->burst = &b->bss->gs_burst;
	k->stacks = &b->bss->gs_stacks;
	k->targets_fd = bpf_map__fd(b->maps.gs_targets);
	k->losses_fd = bpf_map__fd(b->maps.gs_losses);
	k->hits_fd = bpf_map__fd(b->maps.gs_hits);
	k->sites_fd = bpf_map__fd(b->maps.gs_sites);
	k->types_fd = bpf_map__fd(b->maps.gs_types);
	k->life_fd = bpf_map__fd(b->maps.gs_life_ring);
	k->records_fd = bpf_map__fd(b->maps.gs_records);
	k->blame_fd = bpf_map__fd(b->maps.gs_blame);
	k->kin_fd = bpf_map__fd(b->maps.gs_kin);
	k->stacks_known_fd = bpf_map__fd(b->maps.gs_stacks_known);
	k->stack_costs_fd = bpf_map__fd(b->maps.gs_stack_costs);
	k->stacks_ring_fd = bpf_map__fd(b->maps.gs_stacks_ring);
	k->tstates_fd = bpf_map__fd(b->maps.gs_tstates);
	k->native = c->native;
	k->native_ring_fd = bpf_map__fd(b->maps.gs_native_ring);
	k->native_codes_fd = bpf_map__fd(b->maps.gs_native_codes);
	k->free_threads_fd = bpf_map__fd(b->maps.gs_free_threads);
	k->free_procs_fd = bpf_map__fd(b->maps.gs_free_procs);
	k->free_gils_fd = bpf_map__fd(b->maps.gs_free_gils);
	k->ncpus = libbpf_num_possible_cpus();
	if (k->ncpus < 0)
		return k->ncpus;
	err = fill_free(k->free_threads_fd, c->max_threads);
	if (!err)
		err = fill_free(k->free_procs_fd, c->max_processes);
	return err ? err : fill_free(k->free_gils_fd, GS_GILS);
}

static int load_error(int err, struct err *e)
{
	const char *said = libbpf_message[0] ? libbpf_message : strerror(-err);
	char missing[256];

	/* The verifier refuses with EACCES as well. */
	if (err == -EPERM || (err == -EACCES && !needs_may_load()))
		return errf(e, GS_EXIT_PERM, err,
			    "BPF: not permitted; run as root, or with CAP_BPF, CAP_PERFMON and "
			    "CAP_SYS_PTRACE; see gilscope doctor");
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return errf(e, GS_EXIT_UNSUPPORTED, err,
			    "kernel: no BTF in /sys/kernel/btf/vmlinux; use a kernel built with "
			    "CONFIG_DEBUG_INFO_BTF");
	if (needs_missing(missing, sizeof(missing)))
		return errf(e, GS_EXIT_UNSUPPORTED, err,
			    "kernel: it lacks %s; boot Linux 5.15 or later; see gilscope doctor",
			    missing);
	return errf(e, GS_EXIT_UNSUPPORTED, err,
		    "kernel: BPF programs not accepted (%s); see gilscope doctor", said);
}

int skel_load(const struct skel_opts *opts, struct skel **ret_s, struct err *e)
{
	struct skel *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (!s)
		return errf(e, GS_EXIT_FAILED, err, "memory: none left");
	libbpf_message[0] = 0;
	libbpf_set_print(on_libbpf);
	s->multi = opts->sites_multi;
	s->bpf = gs_bpf__open();
	if (!s->bpf) {
		err = load_error(-errno, e);
		goto out;
	}
	*(struct gs_config *)&s->bpf->rodata->gs_config = opts->config;
	choose_programs(s->bpf, opts);
	size_maps(s->bpf, opts);
	err = gs_bpf__load(s->bpf);
	if (err) {
		err = load_error(err, e);
		goto out;
	}
	err = map_maps(s, &opts->config);
	if (err) {
		errf(e, GS_EXIT_FAILED, err, "BPF maps: %s; lower --max-threads", strerror(-err));
		goto out;
	}
	*ret_s = s;
	return 0;
out:
	skel_free(s);
	return err;
}

const struct kmaps *skel_maps(const struct skel *s)
{
	return &s->maps;
}

struct bpf_program *skel_site_program(const struct skel *s)
{
	return s->multi ? s->bpf->progs.gs_site_multi : s->bpf->progs.gs_site_plain;
}

bool skel_sites_multi(const struct skel *s)
{
	return s->multi;
}

struct bpf_program *skel_program(const struct skel *s, const char *name)
{
	struct bpf_program *p = bpf_object__find_program_by_name(s->bpf->obj, name);

	return p && bpf_program__autoload(p) ? p : NULL;
}

u64 skel_skipped(const struct skel *s)
{
	struct bpf_program *p;
	u64 n = 0;

	bpf_object__for_each_program(p, s->bpf->obj)
	{
		struct bpf_prog_info info = {};
		u32 len = sizeof(info);

		if (bpf_program__autoload(p) &&
		    !bpf_prog_get_info_by_fd(bpf_program__fd(p), &info, &len))
			n += info.recursion_misses;
	}
	return n;
}

struct skel *skel_free(struct skel *s)
{
	if (!s)
		return NULL;
	if (s->maps.threads)
		munmap(s->maps.threads, s->threads_bytes);
	if (s->maps.procs)
		munmap(s->maps.procs, s->procs_bytes);
	if (s->maps.gils)
		munmap(s->maps.gils, s->gils_bytes);
	if (s->maps.loops)
		munmap(s->maps.loops, s->loops_bytes);
	if (s->bpf)
		gs_bpf__destroy(s->bpf);
	free(s);
	return NULL;
}
