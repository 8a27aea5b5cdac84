/*
 * epoll: the kernel keeps the set and returns what is ready.  The only one of the three that
 * can be edge triggered: a descriptor that stays ready is then reported once.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/rt_loop_backend.h"

#define BATCH 256 /* events fetched per call; more are fetched by the next */

static int state_fd(void *state)
{
	return (int)(intptr_t)state - 1; /* 0 would be NULL */
}

static int backend_open(void **ret)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret = (void *)((intptr_t)fd + 1);
	return 0;
}

static void backend_close(void *state)
{
	close(state_fd(state));
}

static int backend_set(void *state, int fd, unsigned before, unsigned wanted, bool edge)
{
	struct epoll_event e = { .data.fd = fd };
	int op = EPOLL_CTL_MOD;

	if (!wanted) {
		/* closed descriptors have left the set by themselves */
		(void)epoll_ctl(state_fd(state), EPOLL_CTL_DEL, fd, &e);
		return 0;
	}
	e.events = (wanted & RT_LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0U) |
		   (wanted & RT_LOOP_WRITE ? EPOLLOUT : 0U) | (edge ? EPOLLET : 0U);
	if (!before)
		op = EPOLL_CTL_ADD;
	if (!epoll_ctl(state_fd(state), op, fd, &e))
		return 0;
	/* @fd was closed and its number given out again since it was added */
	if (op == EPOLL_CTL_MOD && errno == ENOENT &&
	    !epoll_ctl(state_fd(state), EPOLL_CTL_ADD, fd, &e))
		return 0;
	return -errno;
}

static unsigned ready_of(uint32_t events)
{
	unsigned ready = 0;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		ready |= RT_LOOP_READ;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		ready |= RT_LOOP_WRITE;
	return ready;
}

static int backend_wait(void *state, int64_t timeout_ns, struct rt_loop_event *events, size_t max,
			int *ret_call)
{
	struct epoll_event got[BATCH];
	int n = epoll_wait(state_fd(state), got, (int)(max < BATCH ? max : BATCH),
			   rt_loop_timeout_ms(timeout_ns));

	*ret_call = n < 0 ? -errno : n;
	if (n < 0)
		return *ret_call;
	for (int i = 0; i < n; i++)
		events[i] = (struct rt_loop_event) { got[i].data.fd, ready_of(got[i].events) };
	return n;
}

const struct rt_loop_backend rt_loop_epoll = {
	.name = "epoll",
#ifdef SYS_epoll_wait
	.call = "epoll_wait",
#else
	.call = "epoll_pwait",
#endif
	.can_edge = true,
	.open = backend_open,
	.close = backend_close,
	.set = backend_set,
	.wait = backend_wait,
};
