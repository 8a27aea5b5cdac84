/*
 * Event loop: one thread waits for many descriptors, timers and calls, and runs what is due.
 *
 *        +-> due calls ----+
 *        |   (call_soon)   |      one round: wait for descriptors and the first timer, at
 *   wait-+-> descriptors --+--+   most until a call is due; then run all that is ready, in
 *    ^   +-> due timers ---+  |   this order.  Calls made meanwhile wait for the next round.
 *    +------------------------+
 *
 * Rules:
 *   - A loop belongs to the thread that runs it; from others only rt_loop_call_threadsafe()
 *     and rt_loop_stop().
 *   - The GIL, if the thread holds it, is given up around the wait and held in callbacks.
 *   - A callback that leaves an error pending does not end the loop: the error goes to the
 *     error handler.  So do errors of the wait itself.
 *   - What is watched is the descriptor's number: stop watching before closing it.  A callback
 *     may be called though nothing is ready (one before it in the same round took it): use
 *     non-blocking descriptors.
 *
 * Errors: int functions return -1 with an error pending.
 */
#ifndef RT_LOOP_H
#define RT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_timer.h"

struct rt_loop;
struct rt_future;

typedef void (*rt_loop_fn)(void *arg);
typedef void (*rt_loop_fd_fn)(int fd, void *arg);

/*
 * A new loop on "select", "poll" or "epoll" (NULL: epoll).
 * Return: NULL with ValueError, OSError (no descriptor left) or MemoryError pending.
 */
struct rt_loop *rt_loop_new(const char *backend);

/*
 * Close and free it; not while it runs.  Calls that are due are dropped, not made.  Futures may
 * outlive it: what is done with them afterwards is a RuntimeError.  NULL is fine.
 */
void rt_loop_free(struct rt_loop *l);

/* The loop the calling thread is running, borrowed; NULL: none. */
struct rt_loop *rt_loop_current(void);

/* Run until rt_loop_stop().  -1: RuntimeError, if it runs already. */
int rt_loop_run(struct rt_loop *l);

/* Run one round; @wait: sleep if nothing is due. */
int rt_loop_run_once(struct rt_loop *l, bool wait);

/* Have rt_loop_run() return after the round going on, or at once when called next.  Any thread. */
void rt_loop_stop(struct rt_loop *l);

/* "epoll", and the name of its system call. */
const char *rt_loop_name(const struct rt_loop *l);
const char *rt_loop_call_name(const struct rt_loop *l);

/*
 * Watch @fd: call @fn(fd, @arg) when it can be read (written).  Replaces what was watched for
 * before.  -1: OSError (closed, not watchable), ValueError (beyond select's limit).
 */
int rt_loop_add_reader(struct rt_loop *l, int fd, rt_loop_fd_fn fn, void *arg);
int rt_loop_add_writer(struct rt_loop *l, int fd, rt_loop_fd_fn fn, void *arg);

/* Stop watching; fine if it is not watched. */
void rt_loop_remove_reader(struct rt_loop *l, int fd);
void rt_loop_remove_writer(struct rt_loop *l, int fd);

/*
 * From now on report descriptors added later when they *become* ready only (edge triggered):
 * their callbacks must read or write until EAGAIN.  -1: ValueError, only epoll can.
 */
int rt_loop_set_edge(struct rt_loop *l, bool edge);

/*
 * Call @fn(@arg) in the next round, after all that was to be called before.
 * @drop: called with @arg after @fn, or instead of it when the loop is freed first; may be
 *        NULL.  Not called if this fails, nor by the others below.
 */
int rt_loop_call_soon(struct rt_loop *l, rt_loop_fn fn, void *arg, rt_loop_fn drop);

/*
 * The same from any thread, with or without the GIL; wakes the loop up.  -1, with no error
 * pending: no memory, or the loop is closed; @arg is still the caller's.
 */
int rt_loop_call_threadsafe(struct rt_loop *l, rt_loop_fn fn, void *arg, rt_loop_fn drop);

/* A drop function for objects: rt_unref. */
void rt_loop_drop_object(void *object);

/* Start @t, which calls @fn(@arg) in @delay_ns; the caller keeps @t.  0 or -1. */
int rt_loop_start_timer(struct rt_loop *l, struct rt_timer *t, uint64_t delay_ns, rt_loop_fn fn,
			void *arg);
void rt_loop_stop_timer(struct rt_loop *l, struct rt_timer *t);

/* The same when nobody will want to stop it. */
int rt_loop_call_later(struct rt_loop *l, uint64_t delay_ns, rt_loop_fn fn, void *arg,
		       rt_loop_fn drop);

/*
 * Errors that callbacks leave pending, and the loop's own, go to @handler, which clears them;
 * @where says what was going on.  NULL: rt_error_unraisable(), as at the start.
 */
void rt_loop_set_error_handler(struct rt_loop *l, void (*handler)(const char *where, void *arg),
			       void *arg);

/* Hand the pending error, if there is one, to the handler. */
void rt_loop_report(struct rt_loop *l, const char *where);

#endif
