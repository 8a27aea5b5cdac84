/* Echo server and client; see rt_echo.h.  Invariant: a descriptor is closed by its task. */
#include "runtime/rt_echo.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/rt_error.h"
#include "runtime/rt_int.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_sock.h"
#include "runtime/rt_task.h"

#define READ_SIZE 4096
#define MESSAGE_MAX 65536
#define PAUSE_NS 20000000 /* before the next try after a failed accept */

int rt_echo_open(struct rt_echo *e)
{
	int port;

	*e = (struct rt_echo) { .listener = rt_sock_listen(0) };
	if (e->listener < 0)
		return -1;
	port = rt_sock_port(e->listener);
	if (port < 0) {
		rt_echo_close(e);
		return -1;
	}
	e->port = (uint16_t)port;
	return 0;
}

void rt_echo_close(struct rt_echo *e)
{
	if (e->listener >= 0)
		close(e->listener);
	e->listener = -1;
}

struct connection {
	struct rt_echo *echo;
	int fd;
};

static struct rt_object *serve(void *arg)
{
	struct connection *c = arg;
	char buffer[READ_SIZE];
	ssize_t n;

	while ((n = rt_sock_recv(c->fd, buffer, sizeof(buffer))) > 0) {
		c->echo->messages++;
		if (rt_sock_send(c->fd, buffer, (size_t)n))
			return NULL;
		c->echo->bytes += (uint64_t)n;
	}
	return n ? NULL : rt_none;
}

static void connection_free(void *arg)
{
	struct connection *c = arg;

	close(c->fd);
	c->echo->open--;
	rt_mem_free(c);
}

/* A client that goes away in the middle is no error of the server's. */
static struct rt_object *serve_and_forgive(void *arg)
{
	struct rt_object *result = serve(arg);

	if (!result && rt_error_catch(RT_OS_ERROR))
		return rt_none;
	return result;
}

/* A task of its own for @fd, which it closes. */
static int start_serving(struct rt_echo *e, int fd)
{
	struct connection *c = rt_mem_alloc(sizeof(*c));
	struct rt_object *task;

	if (!c) {
		close(fd);
		return -1;
	}
	c->echo = e;
	c->fd = fd;
	e->connections++;
	e->open++;
	task = rt_task_new(rt_loop_current(),
			   rt_coroutine_new("echo_serve", serve_and_forgive, c, connection_free));
	rt_unref(task); /* what it waits for keeps it */
	return task ? 0 : -1;
}

static struct rt_object *server(void *arg)
{
	struct rt_echo *e = arg;

	for (;;) {
		int fd = rt_sock_accept(e->listener);

		if (fd >= 0 && !start_serving(e, fd))
			continue;
		if (!rt_error_is(RT_EXCEPTION))
			return NULL; /* cancelled */
		e->failed_accepts++;
		rt_loop_report(rt_loop_current(), "the echo server");
		if (!rt_sleep(PAUSE_NS))
			return NULL;
	}
}

struct rt_object *rt_echo_server(struct rt_echo *e)
{
	return rt_coroutine_new("echo_server", server, e, NULL);
}

struct client {
	uint16_t port;
	uint64_t messages;
	size_t size;
	char *sent, *got; /* size bytes each */
};

static int receive_all(int fd, char *buffer, size_t size)
{
	while (size) {
		ssize_t n = rt_sock_recv(fd, buffer, size);

		if (n < 0)
			return -1;
		if (!n) {
			rt_raise(RT_EOF_ERROR, "the echo server has closed the connection");
			return -1;
		}
		buffer += n;
		size -= (size_t)n;
	}
	return 0;
}

static int exchange(struct client *c, int fd, uint64_t number)
{
	memset(c->sent, 'a' + (int)(number % 26), c->size);
	if (rt_sock_send(fd, c->sent, c->size) || receive_all(fd, c->got, c->size))
		return -1;
	if (!memcmp(c->sent, c->got, c->size))
		return 0;
	rt_raise(RT_VALUE_ERROR, "the echo differs");
	return -1;
}

static struct rt_object *client(void *arg)
{
	struct client *c = arg;
	int fd = rt_sock_connect(c->port), err = 0;

	if (fd < 0)
		return NULL;
	for (uint64_t i = 0; !err && i < c->messages; i++)
		err = exchange(c, fd, i);
	close(fd);
	return err ? NULL : rt_int_new((int64_t)(c->messages * c->size));
}

static void client_free(void *arg)
{
	struct client *c = arg;

	rt_mem_free(c->sent);
	rt_mem_free(c);
}

struct rt_object *rt_echo_client(uint16_t port, uint64_t messages, size_t size)
{
	struct client *c;

	if (!size || size > MESSAGE_MAX)
		return rt_raise(RT_VALUE_ERROR, "a message has 1 to %d bytes, not %zu", MESSAGE_MAX,
				size);
	c = rt_mem_zalloc(sizeof(*c));
	if (!c)
		return NULL;
	*c = (struct client) { port, messages, size, rt_mem_alloc(2 * size), NULL };
	if (!c->sent) {
		client_free(c);
		return NULL;
	}
	c->got = c->sent + size;
	return rt_coroutine_new("echo_client", client, c, client_free);
}
