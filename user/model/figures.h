/*
 * The waist: everything gilscope knows to say, as plain data.
 *
 * Families fill a `struct figures`; views and exporters read it; neither knows the
 * other.  `figures.c` describes every row type in a table of columns (name, kind,
 * offset), from which the JSON and CSV writers, the interval arithmetic and the tests
 * work, so that a new figure is one struct member and one table line.
 *
 * A figure that was not measured is FIG_NULL (u64), NAN (double), NULL (text) or a
 * histogram with `valid` false; it is shown as null or "-", never as 0.
 */
#ifndef GS_USER_MODEL_FIGURES_H
#define GS_USER_MODEL_FIGURES_H

#include <stddef.h>

#include "bpf/types.h"
#include "user/model/fig_ft.h"
#include "user/model/fig_hist.h"
#include "user/model/fig_io.h"
#include "user/model/fig_mode.h"
#include "user/model/fig_sched.h"
#include "user/model/fig_stacks.h"
#include "user/model/fig_trace.h"
#include "user/model/fig_types.h"

struct fig_gil {
	u64 address;
	u64 held_ns; /* time it was held, open holds included up to now */
	double held_ratio; /* of the duration */
	const char *held_source; /* "exact", "sampled" or, of parts, "mixed"; static */
	double held_error_ratio; /* 0 when exact */
	u64 takes;
	u64 contended_takes;
	u64 handovers;
	u64 forced_releases;
	u64 wait_ns; /* sum over the threads, open waits included up to now */
	u64 contended_ns; /* time in which at least one thread waited */
	u64 held_offcpu_ns;
	u64 held_preempted_ns; /* part of held_offcpu_ns: runnable, not running */
	u64 wait_runnable_ns; /* part of wait_ns: likewise */
	u64 hold_floor_ns; /* each hold is lengthened by about this much: the probe's cost */
	u64 holder_tid; /* who holds it now; 0: nobody; FIG_NULL: unknown */
	u64 samples; /* behind held_ns when it is sampled */
	u64 ambiguous_waits; /* watch mode: sleeps of the wait before, or of a new one? */
};

struct fig_thread {
	u32 tid;
	u32 ns_tid;
	char *name; /* owned; Python's name where known, else comm; printable */
	bool exited;
	u64 start_ns; /* CLOCK_MONOTONIC; 0: before the measurement.  With tid, its identity */
	u64 takes;
	u64 contended_takes;
	u64 forced_releases;
	u64 held_ns;
	u64 held_offcpu_ns;
	u64 held_preempted_ns;
	u64 wait_ns;
	u64 wait_runnable_ns; /* part of it: woken, or preempted, but not running */
	struct fig_hist hold; /* of finished holds */
	struct fig_hist wait; /* of finished waits */
	struct fig_ft_thread ft; /* free-threaded builds only */
};

struct fig_gc {
	u32 generation;
	u64 collections;
	u64 collected;
	u64 uncollectable;
	struct fig_hist pause;
	u64 stalled_ns;
};

/* Arrays are owned; a NULL array with its *_measured false is written as null. */
struct fig_process {
	u32 pid, ns_pid;
	bool exited, execed; /* the latter: by executing another program; not told */
	u64 start_ns; /* CLOCK_MONOTONIC: measured from then on; with pid, its identity */
	char *command, *cgroup; /* owned, printable; cut to 256 bytes; control group or NULL */
	u64 measured_ns; /* how long it was measured within the duration */
	struct {
		char *version; /* owned; "3.11.2" */
		char *path; /* owned; as the target sees it */
		char *build_id; /* owned; hex; NULL when it has none */
		bool free_threaded;
		bool debug;
	} python;
	struct fig_gil *gils;
	size_t ngils;
	struct fig_thread *threads;
	size_t nthreads;
	struct fig_blame *blame;
	size_t nblame;
	struct fig_gc *gc;
	size_t ngc;
	struct fig_io *io;
	size_t nio;
	struct fig_type *types;
	size_t ntypes;
	struct fig_loop *loops;
	struct fig_ft *ft;
	struct fig_stack *stacks;
	struct fig_blocked *blocked;
	size_t nloops, nft, nstacks, nblocked;
	struct fig_cpu cpu;
	char *types_coverage; /* owned */
	const char *types_source; /* "exact" or "sampled"; static; NULL: not measured */
	u64 types_observed_ns, types_full_ns; /* counted in; of it in full */
	u64 types_bursts;
	struct fig_burst_kind types_kinds[FIG_BURST_KINDS]; /* types_bursts, by kind */
	struct fig_own types_own[FIG_BURST_KINDS]; /* as of now */
	bool gil_measured, blame_measured, gc_measured, io_measured, types_measured;
	bool asyncio_measured, ft_measured, stacks_measured, blocked_measured;
	bool gil_enabled; /* as of now; false: threads run beside each other */
};

struct figures {
	const char *mode; /* "exact" or "watch"; static */
	u64 started_unix_ns;
	u64 started_ns; /* CLOCK_MONOTONIC */
	u64 duration_ns;
	struct fig_process *procs;
	size_t nprocs;
	struct fig_probe *probes;
	size_t nprobes;
	struct fig_lost *lost; /* causes with a count, only */
	size_t nlost;
	struct fig_longest *longest; /* kind by kind, the longest first */
	size_t nlongest;
	struct fig_lost_range *lost_ranges; /* in the order they were told */
	size_t nlost_ranges;
	bool longest_measured, lost_ranges_measured; /* false: measured live, or an interval */
	const struct fig_recording *recording; /* not owned; NULL: measured live */
	bool with_findings; /* exporters are to say what they show, too: user/model/findings.h */
	double budget_share; /* of one core; NAN or 0: none */
	struct fig_budget budget; /* of the refs family; with budget_share only */
	struct fig_fallback fallback; /* of the gil family */
	struct {
		u64 tracer_cpu_ns;
		u64 probe_hits;
		u64 target_cpu_ns_estimate; /* hits x measured cost; FIG_NULL: not measured */
		u64 hit_ns; /* measured cost of a hit of a site; FIG_NULL: not measured */
		double hits_per_s;
		u64 stack_walks; /* stacks taken; live only */
	} overhead;
};

/* How a column's values behave. */
enum fig_kind {
	FIG_ID, /* u32, part of the row's identity */
	FIG_KEY, /* u64, part of the row's identity */
	FIG_ADDRESS, /* u64 identity, written as a "0x…" string */
	FIG_LABEL, /* const char *, not owned, part of the row's identity */
	FIG_NAME, /* char *, owned, part of the row's identity */
	FIG_NUMBER, /* u32 as of now */
	FIG_COUNT, /* u64 that only grows; intervals subtract */
	FIG_TIME, /* u64 ns that only grows; intervals subtract */
	FIG_LEVEL, /* u64 as of now; intervals take the newer one */
	FIG_REAL, /* double as of now */
	FIG_FLAG, /* bool as of now */
	FIG_STATIC, /* const char *, not owned */
	FIG_TEXT, /* char *, owned */
	FIG_HIST, /* struct fig_hist; intervals subtract */
	FIG_FRAMES, /* const struct fig_frames *, not owned; NULL: not known */
};

struct fig_column {
	const char *name; /* as in JSON; NULL ends the table */
	enum fig_kind kind;
	size_t offset; /* in the row struct */
	bool hidden; /* identity or helper, not written to JSON */
};

/* The arrays of a process, in the order of the JSON contract. */
enum fig_table {
	FIG_GILS,
	FIG_THREADS,
	FIG_BLAME,
	FIG_GC,
	FIG_IO,
	FIG_TYPES,
	FIG_ASYNCIO,
	FIG_FT,
	FIG_STACKS,
	FIG_BLOCKED,
	FIG_TABLE_COUNT
};

/* An array in a struct.  Offsets are in the struct that holds it: fig_process or figures. */
struct fig_table_desc {
	const char *name; /* key in JSON */
	size_t row_size;
	size_t array, count; /* offsets of the pointer to the rows and of their number */
	size_t measured; /* offset of the bool; FIG_ALWAYS: there is none, it always is */
	const struct fig_column *columns;
};

#define FIG_ALWAYS SIZE_MAX

extern const struct fig_table_desc fig_tables[FIG_TABLE_COUNT];

/* The tables of struct figures itself; processes are described by the columns below. */
enum fig_top_table { FIG_PROBES, FIG_LOST, FIG_LONGEST, FIG_LOST_RANGES, FIG_TOP_TABLE_COUNT };
extern const struct fig_table_desc fig_top_tables[FIG_TOP_TABLE_COUNT];

/* Plain members: of struct fig_process, of its `python`, of struct figures, of `overhead`.
 * Offsets are in fig_process, fig_process, figures and figures. */
extern const struct fig_column fig_process_columns[], fig_python_columns[];
extern const struct fig_column fig_figures_columns[], fig_overhead_columns[];
extern const struct fig_column fig_budget_columns[], fig_fallback_columns[]; /* of theirs */

/* The rows of table @t in @base, a struct fig_process or figures. */
struct fig_rows {
	char *row; /* the first one; NULL if there are none */
	size_t count;
	bool measured;
};

struct fig_rows fig_rows(const struct fig_table_desc *t, const void *base);

/* A new, empty, zeroed set of figures; NULL without memory.  Free with figures_free(). */
struct figures *figures_new(void);

/* Free @f and all it owns.  NULL is fine.  Returns NULL. */
struct figures *figures_free(struct figures *f);

/*
 * With 95 % probability the true share is within this of @ratio, estimated from @n samples at
 * random moments (Wilson's interval, its farther end).  NAN without samples.
 */
double fig_sampling_error(double ratio, u64 n);

/*
 * figures_interval - what happened between two cumulative sets of figures
 * @from: older; NULL means since the start: then a copy of @to, as it is
 * @to:   newer; its FIG_HIST maxima are those of the whole time
 *
 * Rows are matched by identity columns; a row missing in @from counts from 0.  Ratios and
 * the duration are worked out anew.  An interval's histograms have @to's interval_max_ns as
 * their maximum, so @from must be the reading just before @to.  Values that were counted
 * while the kernel was being read may miss in that maximum; then it is raised to their
 * bucket's upper edge, so that it is never below a value counted.
 *
 * Return: a new set, or NULL without memory.
 */
struct figures *figures_interval(const struct figures *from, const struct figures *to);

#endif
