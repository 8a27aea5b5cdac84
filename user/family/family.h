/*
 * A family turns what BPF keeps into figures.
 *
 * Called on the main thread, once for every slot and process of a reading.  A family only
 * writes the columns that are its own; what no family writes stays null.
 */
#ifndef GS_USER_FAMILY_FAMILY_H
#define GS_USER_FAMILY_FAMILY_H

#include <sys/types.h>

#include "bpf/families.h"
#include "bpf/state.h"
#include "user/load/kmaps.h"
#include "user/model/figures.h"

/* A GIL of it besides the main interpreter's. */
struct family_gil {
	struct gs_gil gil; /* its slot, a copy */
	u32 which; /* as gs_thread.gil */
	u32 seed_tid; /* held it at the attach; 0: nobody */
	u64 holder_tid; /* holds it now; 0: nobody; FIG_NULL: unknown */
	u64 samples, held_ns, handovers; /* watch mode: as of struct family_input */
	double held_error_ratio; /* watch mode */
};

struct stack_rows;

/* Reads @len bytes of @pid's memory: 0, or a negative errno. */
typedef int (*family_read)(pid_t pid, u64 addr, void *buf, size_t len);

/* One process at one reading. */
struct family_input {
	const struct kmaps *maps;
	const struct gs_proc *proc; /* its slot, a copy */
	u32 index; /* of the slot */
	u32 pid;
	family_read read; /* process_read() */
	u64 now_ns; /* of the reading, or of its end if that came first */
	bool ended; /* the process has */
	bool closed; /* and its slot is another's by now: what it did is in `kept` */
	u64 measured_ns; /* how long it has been measured */
	u32 epoch; /* the epoch whose maxima are the interval's */
	u64 hit_ns; /* measured cost of a probe hit; 0: not known */
	u32 seed_tid; /* held the GIL at the attach and has had no event since; 0: nobody */
	bool gc_found_known; /* what collections find can be told */
	bool forced_known; /* the binary has sites for forced releases */
	bool free_threaded; /* the binary is */
	bool gil_off; /* and its GIL has not been on since the start */
	u64 holder_tid; /* holds the GIL now; 0: nobody; FIG_NULL: unknown */
	bool watch; /* watch mode: no event of the GIL is seen, calls of the io family neither */
	u64 samples; /* watch mode: of the GIL; 0: nothing is known of who held it */
	bool ticks; /* watch mode: the kernel side takes them; held_ns is of time on the CPU */
	u64 ticks_seen, ticks_cpu_ns; /* that met it on a CPU; the CPU time they stand for */
	u64 held_ns; /* watch mode: by the samples: of the GIL, in thread() of the thread */
	u64 handovers; /* watch mode: by the interpreter's count */
	double held_error_ratio; /* watch mode */
	const char *types_coverage; /* of the binary; may be NULL */
	const struct burst_seen *seen; /* refs in bursts: what was observed; NULL: all */
	u64 refs_hit_ns; /* refs in bursts: what a hit costs */
	bool delay_known; /* the kernel tells how long threads were runnable and not running */
	bool wakeups_seen; /* from calls of the io family */
	u64 slow_ns; /* asyncio: what takes longer is told apart */
	const struct fig_process *kept; /* rows that `ended` has made of ended threads */
	const struct family_gil *gils; /* of subinterpreters */
	size_t ngils;
	struct stack_rows *stacks; /* user/model/stack_rows.h; NULL: not measured, or cannot be */
	struct fig_gil *main_gil; /* the main interpreter's as of the last reading, kept for it */
	double busy; /* refs in bursts: CPU time the process takes, of one CPU; at most 1 */
};

struct family_ops {
	enum gs_family id;
	/* A thread's slot into its row.  @t is zeroed for a thread that had no event yet. */
	void (*thread)(const struct family_input *in, const struct gs_thread *t,
		       struct fig_thread *row);
	/* Thread @name has ended, its slot @t is read for the last time: what the family wants to
	 * keep of it becomes rows of @kept.  0 or -ENOMEM. */
	int (*ended)(const struct family_input *in, const struct gs_thread *t, const char *name,
		     struct fig_process *kept);
	/* The process's own rows; the threads' are complete.  0 or -ENOMEM. */
	int (*process)(const struct family_input *in, struct fig_process *out);
	/*
	 * Between readings, some times a second: what cannot wait for one.  NULL: nothing.
	 * @read: process_read(); @state: the family's own, 0 at first
	 */
	void (*tend)(const struct kmaps *maps, family_read read, u64 *state);
	/* The process is gone and has been read: drop what the family keeps of it. */
	void (*forget)(const struct kmaps *maps, u32 pid);
};

#define X(NAME, name, id, on, help) extern const struct family_ops name##_family;
GS_FAMILIES(X)
#undef X

/* All families, by id; NULL where there is none. */
extern const struct family_ops *const families[GS_FAMILY_END];

/*
 * @h as figures.  Its interval maximum is that of @epoch, which must be gs_epoch or the one
 * before it.
 */
void family_hist(const struct gs_hist *h, u32 epoch, struct fig_hist *ret_h);

#endif
