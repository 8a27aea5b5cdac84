/*
 * What a loop needs from the kernel: which descriptors are ready.  One table per system call;
 * rt_loop_select.c, rt_loop_poll.c and rt_loop_epoll.c each fill one.
 *
 *             set per call        cost of a call       limit
 *   select    copied in and out   highest descriptor   descriptors below FD_SETSIZE (1024)
 *   poll      copied in           all descriptors      none
 *   epoll     kept by the kernel  ready descriptors    none
 */
#ifndef RT_LOOP_BACKEND_H
#define RT_LOOP_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rt_loop_ready {
	RT_LOOP_READ = 1 << 0,
	RT_LOOP_WRITE = 1 << 1,
	RT_LOOP_BAD = 1 << 2, /* the descriptor is closed: only ever reported */
};

struct rt_loop_event {
	int fd;
	unsigned ready; /* enum rt_loop_ready */
};

struct rt_loop_backend {
	const char *name; /* "epoll" */
	const char *call; /* the system call, as the kernel names it */
	bool can_edge; /* can report changes only ("edge triggered") */

	/* State of one loop.  Return: 0 and *@ret, or -errno. */
	int (*open)(void **ret);
	void (*close)(void *state);

	/*
	 * Watch @fd for @wanted (0: no longer) instead of for @before.  @edge: report it when
	 * it becomes ready, and not again while it stays so.
	 * Return: 0 or -errno.  Not watching any more never fails.
	 */
	int (*set)(void *state, int fd, unsigned before, unsigned wanted, bool edge);

	/*
	 * Sleep until something is ready, @timeout_ns at most (-1: without end), rounded up to
	 * what the call can express.  Called without the GIL.
	 * @ret_call: what the system call returned, or -errno; select counts a descriptor
	 *            that can be read and written twice
	 * Return: how many of @events (room for @max) are filled in; 0: time-out; or -errno.
	 */
	int (*wait)(void *state, int64_t timeout_ns, struct rt_loop_event *events, size_t max,
		    int *ret_call);
};

extern const struct rt_loop_backend rt_loop_select, rt_loop_poll, rt_loop_epoll;

/* @timeout_ns in whole ms, rounded up, as poll and epoll_wait want it; -1 stays -1. */
static inline int rt_loop_timeout_ms(int64_t timeout_ns)
{
	int64_t ms = timeout_ns / 1000000 + (timeout_ns % 1000000 > 0);

	if (timeout_ns < 0)
		return -1;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

#endif
