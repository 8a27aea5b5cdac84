/*
 * A measurement, from the targets to figures.
 *
 *   session_open -> session_start -> { session_wait, session_read }* -> session_close
 *
 * Owns everything in between: the BPF programs, the probes, the targets.  One thread.
 */
#ifndef GS_USER_SESSION_H
#define GS_USER_SESSION_H

#include "user/base/err.h"
#include "user/model/figures.h"
#include "user/opts.h"
#include "user/load/kmaps.h"
#include "user/target/probe.h"
#include "user/target/process.h"

struct session;

/*
 * session_open - find the targets, load the programs, attach the probes
 *
 * Return: 0, or a negative errno with @e set; nothing is left attached then.
 */
int session_open(const struct opts *o, struct session **ret_s, struct err *e);

/* Measure from now on; a program that was launched is let go.  0 or a negative errno, @e set. */
int session_start(struct session *s, struct err *e);

enum session_event {
	SESSION_TICK, /* the interval is over */
	SESSION_INPUT, /* the descriptor given has input */
	SESSION_RESIZED, /* SIGWINCH */
	SESSION_SNAPSHOT, /* SIGUSR2, where opts ask for a flight recorder */
	SESSION_RELOAD, /* SIGHUP, for the agent */
	SESSION_STOP, /* SIGINT, SIGTERM or SIGHUP */
	SESSION_ENDED, /* the last target has ended; told once */
};

/*
 * session_wait - until something happens that the caller wants to know
 * @until_ns: CLOCK_MONOTONIC time of the next tick
 * @input_fd: descriptor to watch, or -1
 *
 * Does the housekeeping meanwhile: forks, execs and exits of targets, slots of ended threads.
 * Return: an enum session_event, or a negative errno.
 */
int session_wait(struct session *s, u64 until_ns, int input_fd);

/* Everything measured since the start.  NULL without memory.  Free with figures_free(). */
struct figures *session_read(struct session *s);

/* Does the kernel tell how long threads could have run, and did not? */
bool session_delay_known(const struct session *s);

/* Are the Python stacks of @py measured? */
bool session_takes_stacks(const struct session *s, const struct py_process *py);

/* What a thread of @pid did in a stack since it was told last; a sample stands for @period_ns. */
struct stack_row;
struct gs_stack_cost;
typedef int session_stack_fn(void *ctx, u32 pid, const struct stack_row *row,
			     const struct gs_stack_cost *more, u64 period_ns);

/*
 * session_tell_stacks - tell @each of all stacks in which something was counted since the last time
 * @last: what is going on counts as well; there is no other time
 *
 * Their frames live as long as the session.  Return: 0, -ENOMEM, or what @each returned.
 */
int session_tell_stacks(struct session *s, bool last, session_stack_fn *each, void *ctx);

/* Is @site to be probed, with these options? */
bool session_wants(const struct opts *o, const struct probe_site *site);

/*
 * Called for each target whose measurement has begun, but for forks: @since_ns CLOCK_MONOTONIC,
 * @seed_tid the thread that held the GIL then (0: nobody).
 */
typedef void session_target_fn(void *ctx, const struct py_process *py, u64 since_ns, u32 seed_tid);

/* Whom to call; before session_start(). */
void session_on_target(struct session *s, session_target_fn *fn, void *ctx);

/* The kernel side's memory; lives as long as the session. */
const struct kmaps *session_maps(const struct session *s);

/* Measured cost of a probe hit in ns; 0: unknown. */
u64 session_hit_ns(const struct session *s);

/* When it started: CLOCK_REALTIME. */
u64 session_started_unix_ns(const struct session *s);

/* When it started: CLOCK_MONOTONIC. */
u64 session_started_ns(const struct session *s);

/*
 * Detach, wait until every probe is off, free.  For sessions that end while the program goes
 * on; signals have to wait meanwhile.  NULL is fine.  Returns NULL.
 */
struct session *session_close(struct session *s);

/*
 * The program is about to exit: leave the target's probes to the kernel, which takes them off
 * before the exit is complete.
 *
 * A thread that is killed while it closes a link leaves the breakpoints in the target: the kernel
 * gives up on a fatal signal ("unregister, leaking uprobe", kernel/events/uprobes.c).  In a process
 * that exits no signal is fatal any more.  So this is the way to detach that nothing, not even
 * SIGKILL, can break off.
 */
void session_leave(struct session *s);

/*
 * session_follow - open a session on the targets of @s that still run, in another mode
 * @o: options to measure by; its targets are filled in; has to live as long as the new session
 *
 * To be started, then @s read for the last time, then session_hand_over().  A launched program
 * and the signals are still @s's.  Nothing is told on stderr.
 * Return: 0, or a negative errno with @e set (-EAGAIN: the targets changed meanwhile); @s goes on.
 */
int session_follow(struct session *s, struct opts *o, struct session **ret_next, struct err *e);

/* Signals, and the program that was launched, are @to's from here on; @from is to be closed. */
void session_hand_over(struct session *from, struct session *to);

/* session_close() that SIGKILL cannot break off; the end of @s takes a little longer. */
struct session *session_close_safely(struct session *s);

/* Hits of the GIL's sites since the probes were attached. */
u64 session_gil_hits(struct session *s);

/* Processes that have ended since the last reading, or before it without being in one. */
size_t session_untold(const struct session *s);

/* Is any target running? */
bool session_running(const struct session *s);

#endif
