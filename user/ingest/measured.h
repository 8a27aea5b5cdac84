/*
 * A process that is being measured, or was: what the readings keep about it.
 *
 *   measured_new -> (readings) -> exited -> last reading of its slots -> closed
 *
 * While open it has a slot in gs_procs.  Closed, its slot is given back and `last` has its final
 * values.  Its ended threads are kept as rows, the oldest of them folded into one, so that
 * sums never shrink while memory stays bounded.
 */
#ifndef GS_USER_INGEST_MEASURED_H
#define GS_USER_INGEST_MEASURED_H

#include "user/ingest/thread_list.h"
#include "user/load/kmaps.h"
#include "user/model/figures.h"
#include "user/target/cgroup_cpu.h"
#include "user/target/process.h"

#define MEASURED_MAX_RETIRED 512
#define MEASURED_MAX_BLAME 4096
#define MEASURED_MAX_ENDED 256

struct family_gil;
struct sampled;
struct stacks_of;

/* Watch mode, sampled by the kernel side (ticks.h). */
struct measured_ticks {
	u64 cpu_begin_ns; /* its CPU time when it began to be measured; 0: not to be read */
	u64 cpu_ns; /* and when it was weighed last */
	u64 seen; /* ticks that had met it until then */
	double tick_ns; /* what one is worth; 0: not weighed yet */
};

struct measured {
	struct py_process *py; /* owned */
	u32 index; /* in gs_procs, while open */
	bool exited;
	bool execed; /* ended by executing another program */
	bool closed;
	bool told; /* its final values were, in a reading */
	u64 start_ns;
	u64 exit_ns;
	pid_t seed_tid; /* held the GIL at the attach; 0: nobody did */
	struct gs_proc last; /* as last read */
	struct thread_list threads;
	struct fig_thread *retired; /* of ended threads, oldest first; owned */
	size_t nretired, retired_room;
	struct fig_thread folded; /* those that were too many, as one */
	size_t nfolded;
	struct fig_process kept; /* what families keep of ended threads: rows; owned */
	struct fig_blame *blame; /* pairs with an ended thread (blame.h); owned */
	size_t nblame;
	struct stacks_of
		*stacks; /* its stacks (stacks.h); NULL: not measured, or cannot be; owned */
	struct sampled *sampled; /* watch mode: its GIL's samples (sampler.h); owned */
	pid_t ended[MEASURED_MAX_ENDED]; /* threads whose pairs are in the kernel's table */
	size_t nended;
	u64 cpu_begin_ns, cpu_ns; /* refs in bursts: its CPU time at the begin, and last read */
	struct family_gil *gils; /* those of subinterpreters, as last read (gils.h); owned */
	size_t ngils;
	u64 gils_lost; /* at one time, of them: without a slot, or not told apart */
	struct fig_gil main_gil; /* as last shown: never less */
	struct measured_ticks ticks;
	u64 rest_held_ns; /* watch mode: of holders that ended unnoticed */
	struct cgroup_cpu cpu_group; /* as last read */
	u64 throttled, throttled_ns; /* of it, since the start */
	u64 interval_ns; /* its switch interval, as last read; 0: not known */
	bool gil_enabled, gil_used; /* of a free-threaded build: in use now; it has been */
	u64 module_at_ns, module_wait_ns; /* asyncio: its library is looked for then; 0: not */
};

/* Takes over @py on success.  NULL without memory. */
struct measured *measured_new(struct py_process *py, u32 index);

/* The same interpreter in a forked child; NULL without memory. */
struct measured *measured_fork(const struct measured *parent, u32 index, pid_t pid);

/* Keep @row, of a thread that has ended; takes over what it owns. */
int measured_retire(struct measured *m, struct fig_thread *row);

/* Read what the kernel tells of its CPU quota, and its switch interval. */
void measured_read_cpu(struct measured *m);

/* The interval ended: maxima of ended threads belong to the past. */
void measured_new_interval(struct measured *m);

struct measured *measured_free(struct measured *m); /* NULL is fine; returns NULL */

#endif
