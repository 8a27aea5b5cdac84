/*
 * select: two bit maps of FD_SETSIZE descriptors, copied in and out with every call.  A closed
 * descriptor makes the whole call fail: it is looked for then, and reported.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/select.h>

#include "runtime/rt_loop_backend.h"

struct select_state {
	fd_set readers, writers;
	int top; /* no descriptor from here on is in either */
};

static int backend_open(void **ret)
{
	struct select_state *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*ret = s;
	return 0;
}

static void put(fd_set *set, int fd, bool in)
{
	if (in)
		FD_SET(fd, set);
	else
		FD_CLR(fd, set);
}

static bool watched(const struct select_state *s, int fd)
{
	return FD_ISSET(fd, &s->readers) || FD_ISSET(fd, &s->writers);
}

static int backend_set(void *state, int fd, unsigned before, unsigned wanted, bool edge)
{
	struct select_state *s = state;

	(void)before, (void)edge;
	if (fd >= FD_SETSIZE)
		return wanted ? -ERANGE : 0;
	put(&s->readers, fd, wanted & RT_LOOP_READ);
	put(&s->writers, fd, wanted & RT_LOOP_WRITE);
	if (wanted && fd >= s->top)
		s->top = fd + 1;
	while (s->top && !watched(s, s->top - 1))
		s->top--;
	return 0;
}

static int find_closed(const struct select_state *s, struct rt_loop_event *events, size_t max)
{
	size_t n = 0;

	for (int fd = 0; fd < s->top && n < max; fd++) {
		if (watched(s, fd) && fcntl(fd, F_GETFD) < 0)
			events[n++] = (struct rt_loop_event) { fd, RT_LOOP_BAD };
	}
	return n ? (int)n : -EBADF;
}

static int backend_wait(void *state, int64_t timeout_ns, struct rt_loop_event *events, size_t max,
			int *ret_call)
{
	struct select_state *s = state;
	fd_set readers = s->readers, writers = s->writers;
	int64_t us = timeout_ns / 1000 + (timeout_ns % 1000 > 0);
	struct timeval t = { us / 1000000, us % 1000000 };
	size_t filled = 0;
	int n = select(s->top, &readers, &writers, NULL, timeout_ns < 0 ? NULL : &t);

	*ret_call = n < 0 ? -errno : n;
	if (n < 0)
		return *ret_call == -EBADF ? find_closed(s, events, max) : *ret_call;
	for (int fd = 0; n && fd < s->top && filled < max; fd++) {
		unsigned ready = (FD_ISSET(fd, &readers) ? RT_LOOP_READ : 0U) |
				 (FD_ISSET(fd, &writers) ? RT_LOOP_WRITE : 0U);

		if (ready)
			events[filled++] = (struct rt_loop_event) { fd, ready };
	}
	return (int)filled;
}

const struct rt_loop_backend rt_loop_select = {
	.name = "select",
	.call = "pselect6", /* what libc's select() makes of it */
	.open = backend_open,
	.close = free,
	.set = backend_set,
	.wait = backend_wait,
};
