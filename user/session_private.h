/* What the parts of the session share: session.c and session_*.c. */
#ifndef GS_USER_SESSION_PRIVATE_H
#define GS_USER_SESSION_PRIVATE_H

#include "user/ingest/collect.h"
#include "user/load/attach.h"
#include "user/load/burst.h"
#include "user/load/skel.h"
#include "user/session.h"
#include "user/target/launch.h"

struct ring_buffer;

#define SESSION_MAX_SITES 8192
#define SESSION_MAX_PENDING 1024
#define SESSION_MAX_GIVEN_UP 256

/* A binary whose sites have rows in gs_sites. */
struct site_block {
	const struct py_binary *binary;
	u32 first; /* index into gs_sites */
	bool for_all; /* attached for every process that maps it */
	bool covered; /* by another's: it is the same file, below two overlays; it has no rows */
};

/* A process that executed a program: is that a CPython? */
struct pending {
	pid_t pid; /* 0: a place that is free */
	bool likely; /* named like one, or it was one */
	bool named; /* its file is named like one, as the kernel saw */
	bool mapped; /* it was seen to map an interpreter */
	bool late; /* looked at now and then: it may load one yet */
	bool busy; /* it is being looked at */
	u64 try_at_ns;
	u32 tries; /* of those, or before */
	u32 refusals; /* looks one after the other that found what cannot be measured */
};

/* An interpreter that is no target, and is not to be looked at for now. */
struct given_up {
	pid_t pid; /* 0: a place that is free */
	u64 until_ns; /* CLOCK_MONOTONIC */
};

struct session {
	const struct opts *opts;
	struct opts own; /* what opts points to once exact mode had to be chosen */
	struct binaries *binaries;
	struct skel *skel;
	struct attached *attached;
	struct burst *burst; /* the refs sites under a budget; NULL: none, they are in `attached` */
	struct launch *launch;
	struct collector collector;
	struct selftest selftest;
	struct py_process **found; /* targets not yet in the collector; owned */
	size_t nfound;
	struct site_block *blocks;
	size_t nblocks;
	u32 next_site; /* index into gs_sites */
	bool by_pid; /* sites are attached for one process each */
	struct pending pending[SESSION_MAX_PENDING];
	size_t npending;
	u64 starts_missed; /* that were named like one, and gone */
	u64 starts_refused; /* that run, and cannot be measured */
	struct given_up given_up[SESSION_MAX_GIVEN_UP];
	DIR *sweep; /* where session_sweep.c is; NULL: at the begin */
	u64 sweep_at_ns; /* CLOCK_MONOTONIC: when it goes on */
	u32 swept; /* that it has found since it went on */
	u64 starts_lost; /* that did not fit into it, or into the kernel's table of kin */
	u64 no_slot; /* new targets for which there was none */
	u64 nended; /* targets that did since the slots were looked at */
	bool hurry; /* do that now */
	struct ring_buffer *life;
	int signal_fd;
	u64 started_ns, started_unix_ns, cpu_ns;
	u64 housekeep_at_ns;
	session_target_fn *on_target; /* NULL: nobody wants to know */
	void *on_target_ctx;
	bool end_told; /* SESSION_ENDED was returned */
	bool quiet; /* what was left out has been told by the session before it */
};

/* session.c */

/* session_open(), without a word on stderr if @quiet. */
int session_open_as(const struct opts *o, bool quiet, struct session **ret_s, struct err *e);

/* session_find.c */

/*
 * Find what opts asks for into s->found.  Where none of it can be watched and no mode
 * was asked for, s->opts says exact from here on, and stderr why.  0 or a negative errno, @e set.
 */
int targets_find(struct session *s, struct err *e);

/* Is the GIL to be watched, without probes on it? */
bool session_wants_watch(const struct session *s);

/* Watch mode reads last_holder, locked and switch_number as one, as bpf/watch.bpf.c says. */
bool session_can_watch(const struct py_process *py);

/* Families whose sites are needed: in watch mode not the GIL's, so a build need not show them. */
u32 session_site_families(const struct session *s);

/* session_sample.c */

/* Between two samples by the kernel side; 0: it is not asked for any. */
u64 session_sample_ns(const struct session *s);

/* Watch mode: begin to sample who holds the GIL, by the kernel side or else by a thread of ours;
 * once the programs are loaded.  0 or -ENOMEM. */
int session_sample(struct session *s);

/* session_targets.c */

/* Does @site come and go with s->burst?  Of a binary's rows in gs_sites, theirs are last. */
bool session_in_bursts(const struct session *s, const struct probe_site *site);

/* Give @py, which is taken over, a slot and its probes.  0 or a negative errno, @e set. */
int targets_attach(struct session *s, struct py_process *py, struct err *e);

/*
 * Probe file @b, mapped by @pid, which is opened by @path; once for all processes where sites are
 * not attached by pid.  0 or a negative errno, @e set.
 */
int targets_attach_file(struct session *s, const struct py_binary *b, const char *path, pid_t pid,
			struct err *e);

/* A target held the GIL at the start?  To be asked right after its start_ns is set. */
void targets_seed(struct session *s, struct measured *m);

/* ring_buffer__new() callback: a fork, exec or exit of a target, or a start; @ctx is the session.
 */
int targets_on_life(void *ctx, void *data, size_t size);

/* The target that @pid is now; NULL: none. */
struct measured *targets_find_pid(const struct session *s, pid_t pid);

/* session_starts.c */

/* Look at @pid, soon: it has executed a program, which is @likely CPython, or named like it. */
void starts_add(struct session *s, pid_t pid, bool likely, bool named);

/* The one of @pid; NULL: none. */
struct pending *starts_find(struct session *s, pid_t pid);

/* Look at those whose time has come. */
void starts_retry(struct session *s);

/* When the next one's is: CLOCK_MONOTONIC; UINT64_MAX: there is none. */
u64 starts_next_ns(const struct session *s);

/* Is one of those being looked at likely to become a target? */
bool starts_expected(const struct session *s);

/* Look at all that should be targets and are not: they started while the session was opened. */
void starts_scan(struct session *s);

/* session_sweep.c */

/* Do not look at @pid for @for_ns, unless it executes a program.  True: it was not given up before.
 */
bool sweep_give_up(struct session *s, pid_t pid, u64 for_ns);

/* It has executed a program: what was known of it is void. */
void sweep_forget(struct session *s, pid_t pid);

/* Once a second, with --all: are the next few processes of the machine interpreters, and no
 * targets?  Then they are to be looked at. */
void sweep_look(struct session *s);

/* session_modules.c */

/* Probe the extension modules of @m that have sites.  0, also if there are none yet; or a negative
 * errno, @e set. */
int modules_attach(struct session *s, struct measured *m, struct err *e);

/* @parent has forked @child. */
void modules_follow(struct measured *child, const struct measured *parent);

/* Those that were not mapped yet: are they now? */
void modules_look(struct session *s);

/* session_stacks.c */

/* With the stacks family: s->collector.stacks, and its ticks.  0 or -ENOMEM. */
int session_stacks(struct session *s);

/* Are the stacks of @py measured?  Says on stderr if they cannot be. */
bool session_stacks_of(const struct session *s, const struct py_process *py);

/* For gs_config: a number nobody can know. */
u64 session_stacks_seed(void);

/* session_figures.c */

/* Fill in what is the session's own: probes, losses, overhead.  0 or a negative errno. */
int session_describe(struct session *s, struct figures *f);

#endif
