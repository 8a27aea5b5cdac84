/*
 * The BPF object: opened, sized, loaded, mapped.  skel.c is the only includer of the
 * generated skeleton.
 *
 *   skel_load -> (attach.h) -> skel_free
 */
#ifndef GS_USER_LOAD_SKEL_H
#define GS_USER_LOAD_SKEL_H

#include "bpf/config.h"
#include "user/base/err.h"
#include "user/load/kmaps.h"

struct bpf_program;
struct skel;

struct skel_opts {
	struct gs_config config;
	u32 max_types; /* entries of gs_types */
	u32 record_bytes; /* of gs_records, a power of two >= 4096; 0: nothing is recorded */
	bool bench; /* load gs_bench_records (bpf/bench.bpf.c) as well */
	bool sites_multi; /* load the uprobe_multi flavour of the site program, else the plain */
};

/*
 * skel_load - load the programs of the families in opts->config.families, and map the maps
 *
 * Return: 0, or a negative errno with @e set: exit code 3 when not permitted, 5 when the kernel
 * lacks BTF or something a program needs.
 */
int skel_load(const struct skel_opts *opts, struct skel **ret_s, struct err *e);

const struct kmaps *skel_maps(const struct skel *s);

/* The program on all sites, as loaded. */
struct bpf_program *skel_site_program(const struct skel *s);

/* Are the sites attached as uprobe_multi links? */
bool skel_sites_multi(const struct skel *s);

/* The program called @name, or NULL if it is not loaded. */
struct bpf_program *skel_program(const struct skel *s, const char *name);

/*
 * Events that the kernel did not hand to the programs, because one was running already
 * (bpf_prog_info.recursion_misses, Linux 5.12).
 */
u64 skel_skipped(const struct skel *s);

/* Unload.  Links must be gone.  NULL is fine.  Returns NULL. */
struct skel *skel_free(struct skel *s);

#endif
