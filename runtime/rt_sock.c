/* Sockets for coroutines: try, and where the kernel says EAGAIN wait for the loop to say so. */
#include "runtime/rt_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/rt_coroutine.h"
#include "runtime/rt_error.h"
#include "runtime/rt_future.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_none.h"

#define BACKLOG 512

static int os_error(const char *what)
{
	rt_raise_errno(what);
	return -1;
}

static int close_with_error(int fd, const char *what)
{
	int err = errno;

	close(fd);
	errno = err;
	return os_error(what);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int new_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Whoever writes in pieces must not wait 40 ms for an acknowledgement between them. */
static int without_delay(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int rt_sock_listen(uint16_t port)
{
	struct sockaddr_in a = loopback(port);
	int fd = new_socket(), on = 1;

	if (fd < 0)
		return os_error("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)))
		return close_with_error(fd, "bind");
	if (listen(fd, BACKLOG))
		return close_with_error(fd, "listen");
	return fd;
}

int rt_sock_port(int fd)
{
	struct sockaddr_in a;
	socklen_t size = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &size))
		return os_error("getsockname");
	return ntohs(a.sin_port);
}

static void ready(int fd, void *future)
{
	(void)fd;
	if (!rt_future_done(future))
		(void)rt_future_set_result(future, rt_none);
}

static int wait_ready(int fd, bool write)
{
	struct rt_loop *l = rt_loop_current();
	struct rt_object *future, *result = NULL;
	int err;

	if (!l) {
		rt_raise(RT_RUNTIME_ERROR, "no event loop is running");
		return -1;
	}
	future = rt_future_new(l);
	if (!future)
		return -1;
	err = write ? rt_loop_add_writer(l, fd, ready, future)
		    : rt_loop_add_reader(l, fd, ready, future);
	if (!err) {
		result = rt_await(rt_ref(future));
		if (write)
			rt_loop_remove_writer(l, fd);
		else
			rt_loop_remove_reader(l, fd);
		rt_unref(result);
	}
	rt_unref(future);
	return result ? 0 : -1;
}

int rt_wait_readable(int fd)
{
	return wait_ready(fd, false);
}

int rt_wait_writable(int fd)
{
	return wait_ready(fd, true);
}

/* After a call failed: 0 if it is to be tried again, once @fd is ready if it is not. */
static int retry(int fd, bool write, const char *what)
{
	if (errno == EINTR)
		return 0;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return wait_ready(fd, write);
	return os_error(what);
}

int rt_sock_connect(uint16_t port)
{
	struct sockaddr_in a = loopback(port);
	int fd = new_socket(), err;
	socklen_t size = sizeof(err);

	if (fd < 0)
		return os_error("socket");
	(void)without_delay(fd);
	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	if (errno != EINPROGRESS)
		return close_with_error(fd, "connect");
	if (wait_ready(fd, true)) {
		close(fd);
		return -1;
	}
	if (!getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) && !err)
		return fd;
	errno = err;
	return close_with_error(fd, "connect");
}

int rt_sock_accept(int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			return without_delay(fd);
		if (errno != ECONNABORTED && retry(listener, false, "accept"))
			return -1;
	}
}

ssize_t rt_sock_recv(int fd, void *buffer, size_t size)
{
	for (;;) {
		ssize_t n = recv(fd, buffer, size, 0);

		if (n >= 0)
			return n;
		if (retry(fd, false, "recv"))
			return -1;
	}
}

int rt_sock_send(int fd, const void *bytes, size_t size)
{
	const char *p = bytes;

	while (size) {
		ssize_t n = send(fd, p, size, MSG_NOSIGNAL);

		if (n >= 0) {
			p += n;
			size -= (size_t)n;
		} else if (retry(fd, true, "send")) {
			return -1;
		}
	}
	return 0;
}
