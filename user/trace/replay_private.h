/*
 * What the parts of the replay share: replay.c (events), replay_who.c (who is who), replay_gil.c,
 * replay_sched.c, replay_rest.c, replay_loops.c, replay_ft.c, replay_stacks.c, replay_figures.c,
 * replay_marks.c, replay_lists.c.
 *
 * A thread or process of the replay is found by the reader's index, and is the one meant only if
 * its identity is the same: the reader uses an index again.
 *
 *   thread:   seen -> alive -> ended: its row is kept (retired), later folded
 *   process:  seen -> alive -> ended: kept, the oldest dropped
 */
#ifndef GS_USER_TRACE_REPLAY_PRIVATE_H
#define GS_USER_TRACE_REPLAY_PRIVATE_H

#include "bpf/families.h"
#include "bpf/losses.h"
#include "bpf/state.h"
#include "user/trace/replay.h"
#include "user/trace/replay_blame.h"
#include "user/trace/replay_events.h"
#include "user/trace/replay_gils.h"
#include "user/trace/replay_sched.h"
#include "user/trace/replay_stacks.h"

/* What can be open at a moment, and is told only when it ends. */
enum rp_open { RP_HOLD, RP_WAIT, RP_OFF_CPU, RP_OPEN_COUNT };

/* Who says that something is open: a mark, for as long as its figures are made; an OPEN event. */
enum rp_told { RP_NOT_OPEN, RP_BY_MARK, RP_BY_EVENT };

/* One thing that is open at a moment, as the first pass found it. */
struct rp_mark_span {
	u64 begin_ns;
	u64 identity; /* of thread: start_ns; of process (contended): since_ns */
	u32 index; /* the reader's, of the thread; contended: of the process */
	u32 tid; /* contended: pid */
	u8 what; /* enum rp_open; RP_OPEN_COUNT: contended */
	bool mid; /* HOLD */
	bool preempted; /* OFF_CPU */
	u32 blocked_in; /* OFF_CPU */
	u64 gil; /* address; 0: the main interpreter's */
};

struct rp_mark {
	u64 moment_ns;
	struct rp_mark_span *spans; /* owned */
	u32 count, room;
	struct rp_mark_costs costs;
};

#define RP_MAX_STRANGERS 256
#define RP_MAX_RETIRED 65536 /* of all processes together; with more, those of one are folded */

struct rp_thread {
	struct fig_thread row; /* cumulative; its name owned */
	struct rp_process *p;
	u64 serial; /* no two threads of a replay have the same */
	u32 index; /* the reader's */
	size_t place; /* in p->threads */
	size_t loop; /* index into p->loops + 1; 0: it runs no event loop */
	bool touched; /* it had an event */
	bool gil_seen; /* it took or released the GIL */
	u32 gil; /* its holds, waits and collections are of: index into p->gils + 1; 0: the main
		  * interpreter's */
	/* Open at the moment figures are made for. */
	u64 open_ns[RP_OPEN_COUNT]; /* since; valid where `open` is set */
	u8 open[RP_OPEN_COUNT]; /* enum rp_told */
	u32 open_gil[RP_OPEN_COUNT]; /* as `gil` */
	bool open_mid, open_preempted;
	struct rp_parts parts;
	struct rp_thread_sched sched;
};

struct rp_process {
	u32 pid, ns_pid;
	u32 index; /* the reader's */
	u64 since_ns, exit_ns;
	bool exited;
	u32 known; /* enum event_known */
	u32 seed_tid;
	u64 gil;
	char *version, *path, *build_id, *command, *coverage; /* owned; NULL: unknown */
	struct rp_thread **threads; /* alive; owned */
	size_t nthreads, room;
	struct rp_thread *strangers[RP_MAX_STRANGERS]; /* of them, those known by tid only */
	size_t nstrangers;
	struct fig_thread *retired; /* oldest first; owned, with their names */
	size_t nretired, retired_room, nfolded;
	struct fig_thread folded;
	/* gil */
	u64 holds; /* finished, that began within the measurement */
	u64 first_owned_ns; /* the first of them began; 0: none */
	struct rp_owners owners;
	struct rp_blame blame;
	u64 contended_ns; /* finished stretches */
	u64 contended_end_ns; /* of the last one */
	u64 stretch_ns; /* the one going on began by then; 0: not known of one */
	u64 open_contended_ns; /* since; told by OPEN events; 0: not */
	u64 mark_contended_ns; /* since; told by a mark; 0: not */
	struct rp_gil *gils; /* of subinterpreters; owned */
	u32 ngils;
	struct rp_sched sched;
	struct stack_rows *stacks; /* owned; NULL: none were told */
	/* gc */
	struct fig_gc gc[GS_GC_GENERATIONS];
	struct rp_collections collections; /* under the main interpreter's GIL */
	struct fig_io io[GS_IO_COUNT];
	struct fig_loop *loops; /* owned, with the names of those whose thread has ended */
	size_t nloops, loops_room;
	struct fig_hist ft[GS_FT_TIME_COUNT];
	struct fig_type *types; /* refs; owned, with their names */
	u32 ntypes, types_room;
	u32 *type_slot; /* open addressing, index + 1; twice as many as types_room */
};

struct rp_range {
	u32 cause; /* enum gs_loss; others: see replay.c */
	u64 count, from_ns, to_ns;
	bool merged;
};

/* Causes of loss besides those of bpf/losses.h. */
enum { RP_LOSS_THREAD = GS_LOSS_COUNT, RP_LOSS_OTHER, RP_LOSS_COUNT };

/* The longest of one kind: a heap, the shortest of them on top. */
struct rp_longest {
	struct fig_longest *rows; /* room for opts.top; owned */
	size_t count;
};

enum rp_kind { RP_LONGEST_HOLD, RP_LONGEST_WAIT, RP_LONGEST_GC, RP_LONGEST_WAKE, RP_KIND_COUNT };

struct replay {
	struct replay_opts o;
	const struct trace_info *info;
	u64 now_ns; /* of the last event */
	u64 serial;
	size_t next_mark;
	int at_err; /* what `at` returned */
	struct rp_process **procs; /* in the order they were seen; owned */
	size_t nprocs, procs_room;
	size_t nalive;
	size_t nretired; /* rows of ended threads, of all processes */
	struct rp_process **by_index; /* borrowed; alive */
	size_t by_index_room;
	struct rp_thread **threads; /* by the reader's index; borrowed; alive */
	size_t threads_room;
	struct fig_probe *probes; /* its label texts are owned, too */
	size_t nprobes, next_probe;
	u64 lost[RP_LOSS_COUNT];
	struct rp_range *ranges;
	size_t nranges;
	struct rp_longest longest[RP_KIND_COUNT];
	struct stack_tree stacks;
	bool all_read; /* there are no more events */
	bool complete; /* it has its END */
	u64 tracer_cpu_ns, target_cpu_ns;
};

struct replay_marks {
	struct rp_mark *marks;
	size_t n, cur; /* marks before `cur` are earlier than the event now */
	struct marks_thread *threads; /* by the reader's index */
	size_t threads_room;
	struct marks_process *procs;
	size_t procs_room;
	size_t ncosts; /* of all marks */
};

/* replay.c */

/* Make room for element @index of an array, zeroed beyond what it had.  0 or a negative errno. */
int rp_room(void **array, size_t *room, size_t index, size_t size);

/* Add @v to a histogram. */
void rp_hist_add(struct fig_hist *h, u64 v);

bool rp_measures(const struct replay *r, u32 family);

/* replay_who.c */

/* The thread of @ev, noted as having had an event; NULL: unknown, counted. */
struct rp_thread *rp_thread_of(struct replay *r, const struct event *ev);

/* Was it recorded in watch mode? */
bool rp_watched(const struct replay *r);

/* The process @ev is about (not by way of its thread); NULL: unknown. */
struct rp_process *rp_process_of(struct replay *r, const struct event *ev);

/* Likewise, of what may be told after its end, when the reader knows it no more. */
struct rp_process *rp_process_told(struct replay *r, const struct event *ev);

/* A thread of the reader's index, if it is the one with this identity; else NULL. */
struct rp_thread *rp_thread_at(const struct replay *r, u32 index, u32 tid, u64 start_ns);
struct rp_process *rp_process_at(const struct replay *r, u32 index, u32 pid, u64 since_ns);

/* The thread the reader means; made when it is new.  NULL without memory. */
struct rp_thread *rp_meet(struct replay *r, const struct trace_thread *tt);
bool rp_set_name(struct rp_thread *t, const char *name); /* false: it was its name already */

/* The thread that held at the beginning is there, whether or not it has had an event. */
int rp_seed(struct replay *r, struct rp_process *p);

/* A thread or process has ended; @t is freed.  0 or -ENOMEM. */
int rp_thread_end(struct replay *r, struct rp_thread *t, u64 now_ns);
int rp_process_end(struct replay *r, struct rp_process *p, u64 now_ns);
void rp_process_free(struct rp_process *p);

/* A copy; NULL if there is nothing in it. */
char *rp_text(const char *s);

/* replay_gil.c */

/* When the span of @ev began, of a process that is measured from @since_ns: one from before that,
 * with it.  A snapshot's is later than its recorder's. */
u64 rp_begin_ns(const struct event *ev, u64 since_ns);

/* Does @t hold since before the measurement, and no event has told so yet? */
bool rp_is_seed(const struct rp_thread *t);

/* Such a thread's time up to @until_ns; 0 of others. */
u64 rp_seed_held(const struct rp_thread *t, u64 until_ns);

/* replay_rest.c */

/* A wait of @p for @gil, as rp_thread.gil, from @begin_ns to @end_ns is over: what of it was
 * collections. */
void rp_stalled(struct rp_process *p, u32 gil, u64 begin_ns, u64 end_ns);

/* replay_figures.c: as of @moment_ns; what was open then is set in threads and processes. */
struct figures *rp_figures(const struct replay *r, u64 moment_ns);

/* A moment's figures are made: its maxima belong to the past. */
void rp_new_interval(struct replay *r);

/* replay_marks.c: set and clear what is open at mark @m. */
void rp_mark_apply(const struct replay *r, const struct rp_mark *m, bool set);

/* replay_lists.c */
int rp_longest(struct replay *r, enum rp_kind kind, const struct rp_thread *t,
	       const struct event *ev);
/* @t has another name now. */
void rp_longest_rename(struct replay *r, const struct rp_thread *t);
void rp_lists_free(struct replay *r);

/* What a cause is called, for the figures. */
struct fig_lost rp_loss(u32 cause);

#endif
