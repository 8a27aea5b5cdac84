/*
 * poll: the set is an array, handed to the kernel with every call.
 *
 * Invariant: set[0 .. n) has each watched descriptor once, in no order; place[fd] is its index
 * plus 1, or 0.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "runtime/rt_loop_backend.h"

struct poll_state {
	struct pollfd *set;
	size_t n, room;
	size_t *place;
	size_t nplaces;
};

static int backend_open(void **ret)
{
	struct poll_state *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*ret = s;
	return 0;
}

static void backend_close(void *state)
{
	struct poll_state *s = state;

	free(s->set);
	free(s->place);
	free(s);
}

static int make_room(struct poll_state *s, size_t fd)
{
	if (fd >= s->nplaces) {
		size_t n = fd + 64;
		size_t *place = realloc(s->place, n * sizeof(*place));

		if (!place)
			return -ENOMEM;
		memset(place + s->nplaces, 0, (n - s->nplaces) * sizeof(*place));
		s->place = place;
		s->nplaces = n;
	}
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 16;
		struct pollfd *set = realloc(s->set, room * sizeof(*set));

		if (!set)
			return -ENOMEM;
		s->set = set;
		s->room = room;
	}
	return 0;
}

static void forget(struct poll_state *s, size_t fd)
{
	size_t i;

	if (fd >= s->nplaces || !s->place[fd])
		return;
	i = s->place[fd] - 1;
	s->set[i] = s->set[--s->n];
	s->place[s->set[i].fd] = i + 1;
	s->place[fd] = 0;
}

static int backend_set(void *state, int fd, unsigned before, unsigned wanted, bool edge)
{
	struct poll_state *s = state;
	size_t at = (size_t)fd;

	(void)before, (void)edge;
	if (!wanted) {
		forget(s, at);
		return 0;
	}
	if (at >= s->nplaces || !s->place[at]) {
		if (make_room(s, at))
			return -ENOMEM;
		s->place[at] = ++s->n;
		s->set[s->n - 1] = (struct pollfd) { .fd = fd };
	}
	s->set[s->place[at] - 1].events = (short)((wanted & RT_LOOP_READ ? POLLIN : 0) |
						  (wanted & RT_LOOP_WRITE ? POLLOUT : 0));
	return 0;
}

static unsigned ready_of(short revents)
{
	unsigned ready = 0;

	if (revents & POLLNVAL)
		return RT_LOOP_BAD;
	if (revents & (POLLIN | POLLHUP | POLLERR))
		ready |= RT_LOOP_READ;
	if (revents & (POLLOUT | POLLHUP | POLLERR))
		ready |= RT_LOOP_WRITE;
	return ready;
}

static int backend_wait(void *state, int64_t timeout_ns, struct rt_loop_event *events, size_t max,
			int *ret_call)
{
	struct poll_state *s = state;
	int n = poll(s->set, s->n, rt_loop_timeout_ms(timeout_ns));
	size_t filled = 0;

	*ret_call = n < 0 ? -errno : n;
	if (n < 0)
		return *ret_call;
	for (size_t i = 0; i < s->n && filled < (size_t)n && filled < max; i++) {
		if (s->set[i].revents)
			events[filled++] = (struct rt_loop_event) { s->set[i].fd,
								    ready_of(s->set[i].revents) };
	}
	return (int)filled;
}

const struct rt_loop_backend rt_loop_poll = {
	.name = "poll",
#ifdef SYS_poll
	.call = "poll",
#else
	.call = "ppoll",
#endif
	.open = backend_open,
	.close = backend_close,
	.set = backend_set,
	.wait = backend_wait,
};
