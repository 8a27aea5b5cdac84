/*
 * Putting the programs to work, and taking them off again.
 *
 * Links are closed in parallel by their own threads: each waits for a grace period or more of
 * the kernel's (30-120 ms), which must not add up.
 */
#ifndef GS_USER_LOAD_ATTACH_H
#define GS_USER_LOAD_ATTACH_H

#include <sys/types.h>

#include "user/base/err.h"
#include "user/load/skel.h"
#include "user/target/probe.h"

struct attached;

struct attached *attached_new(void); /* NULL without memory */

/*
 * attach_hooks - the tracepoints that the loaded programs are for
 * Return: 0, or a negative errno with @e set (3 not permitted, 5 not supported).
 */
int attach_hooks(struct attached *a, const struct skel *s, struct err *e);

/*
 * attach_sites - a binary's sites
 * @path:  opens the mapped file; as in struct py_process.open_path
 * @pid:   only this process's (all its threads); -1: everybody who maps the file, told apart by
 *         the program
 * @first: index into gs_sites of sites[0]; the rows are written here
 *
 * One uprobe_multi link, or one plain link each where that flavour was loaded.
 * Return: 0, or a negative errno with @e set; then none of them is attached.
 */
int attach_sites(struct attached *a, const struct skel *s, const char *path, pid_t pid,
		 const struct probe_site *sites, size_t nsites, u32 first, struct err *e);

/* The same for some of the sites: those for which @chosen says so. */
int attach_chosen(struct attached *a, const struct skel *s, const char *path, pid_t pid,
		  const struct probe_site *sites, size_t nsites, u32 first, const bool *chosen,
		  struct err *e);

/* The same, with the rows as they are.  0 or a negative errno. */
int attach_rows(struct attached *a, const struct skel *s, const char *path, pid_t pid,
		const struct probe_site *sites, size_t nsites, u32 first, const bool *chosen);

/*
 * Detach all that is not in the target's memory, in parallel, and wait for it; what is stays for
 * the exit of the program (user/session.h says why), which would do the rest one after the other.
 */
void attached_leave(struct attached *a);

/* Detach everything, and wait until it is off.  NULL is fine.  Returns NULL. */
struct attached *attached_free(struct attached *a);

/* What a hit costs, and whether uprobe_multi's pid filter works; measured on ourselves. */
struct selftest {
	bool multi; /* uprobe_multi can be used with a pid */
	u64 hit_ns; /* one hit of an emulated site, the program included; 0: not measured */
};

/*
 * attach_primer - put a breakpoint into ourselves, so that those in @a go without delay
 * @site: a row of gs_sites; it is left as it is
 *
 * Taking breakpoints off begins with a grace period of the kernel's, all of them still there, 5 to
 * 20 ms; unless others were put in or taken off in the last milliseconds (dup_mmap_sem, a percpu
 * rwsem, in kernel/events/uprobes.c, and kernel/rcu/sync.c; Linux 4.2 to 6.18).  This one pays for
 * it, at a time that the caller chooses.
 * Return: 0, or a negative errno; then they go as slowly as ever.
 */
int attach_primer(struct attached *a, const struct skel *s, u32 site);

/* Does this kernel know uprobe_multi links (6.6)?  Decides which flavour to load. */
bool attach_multi_supported(void);

/*
 * attach_selftest - hit a site of our own from two threads
 *
 * On some kernels from 6.6 to 6.9 the pid filter of uprobe_multi sees only the main thread
 * (46ba0e49b642 "bpf: fix multi-uprobe PID filtering logic", 6.10).
 * Return: 0, or a negative errno when no probe could be attached at all.
 */
int attach_selftest(struct attached *a, const struct skel *s, u32 site, struct selftest *ret_t);

#endif
