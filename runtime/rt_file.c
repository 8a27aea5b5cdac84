/* Files and sockets: a descriptor behind read(), write(), close(); see rt_stream.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/rt_bytes.h"
#include "runtime/rt_error.h"
#include "runtime/rt_hooks.h"
#include "runtime/rt_int.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_stream.h"
#include "runtime/rt_tuple.h"
#include "runtime/rt_type.h"

#define CHUNK 65536 /* bytes asked for at a time when reading to the end */

struct stream {
	struct rt_object base;
	int fd; /* -1: closed */
};

static struct rt_object *from_fd(const struct rt_type *type, int fd)
{
	struct stream *s = rt_new(type);

	if (!s) {
		close(fd);
		return NULL;
	}
	s->fd = fd;
	return &s->base;
}

struct rt_object *rt_file_from_fd(int fd)
{
	return from_fd(&rt_file_type, fd);
}

struct rt_object *rt_socket_from_fd(int fd)
{
	return from_fd(&rt_socket_type, fd);
}

struct rt_object *rt_file_open(const char *path, const char *mode)
{
	static const struct {
		const char *mode;
		int flags;
	} modes[] = {
		{ "r", O_RDONLY },
		{ "w", O_WRONLY | O_CREAT | O_TRUNC },
		{ "a", O_WRONLY | O_CREAT | O_APPEND },
		{ "r+", O_RDWR },
	};
	int fd;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(mode, modes[i].mode) != 0)
			continue;
		rt_hook_block_begin();
		fd = open(path, modes[i].flags | O_CLOEXEC, 0666);
		rt_hook_block_end();
		return fd < 0 ? rt_raise_errno(path) : rt_file_from_fd(fd);
	}
	return rt_raise(RT_VALUE_ERROR, "invalid mode: '%s'", mode);
}

struct rt_object *rt_socket_pair(void)
{
	struct rt_object *a, *b;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return rt_raise_errno("socketpair");
	a = rt_socket_from_fd(fd[0]);
	b = rt_socket_from_fd(fd[1]);
	return rt_tuple_of(2, a, b);
}

int rt_stream_fd(struct rt_object *stream)
{
	struct stream *s = (struct stream *)stream;

	if (!rt_is(stream, &rt_socket_type) && !rt_expect(stream, &rt_file_type))
		return -1;
	if (s->fd < 0)
		rt_raise(RT_VALUE_ERROR, "I/O operation on closed %s", stream->type->name);
	return s->fd;
}

/* read() with the GIL released, again after a signal. */
static ssize_t read_some(int fd, char *to, size_t size)
{
	ssize_t n;

	do {
		rt_hook_block_begin();
		n = read(fd, to, size);
		rt_hook_block_end();
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		rt_raise_errno("read");
	return n;
}

/* All there is until the end. */
static struct rt_object *read_all(int fd)
{
	struct rt_object *bytes = NULL;
	char *p = NULL, *more;
	size_t size = 0;
	ssize_t n;

	do {
		more = rt_mem_resize(p, size + CHUNK);
		if (!more)
			goto out;
		p = more;
		n = read_some(fd, p + size, CHUNK);
		if (n > 0)
			size += (size_t)n;
	} while (n > 0);
	if (n == 0)
		bytes = rt_bytes_from(p, size);
out:
	rt_mem_free(p);
	return bytes;
}

static struct rt_object *stream_read(const struct rt_args *args)
{
	struct rt_object *bytes = NULL;
	int fd = rt_stream_fd(args->v[0]);
	int64_t size = -1;
	ssize_t n;
	char *p;

	if (fd < 0 || (args->v[1] && rt_int_value(args->v[1], &size) < 0))
		return NULL;
	if (size < 0)
		return read_all(fd);
	p = rt_mem_alloc((size_t)size + 1);
	if (!p)
		return NULL;
	n = read_some(fd, p, (size_t)size);
	if (n >= 0)
		bytes = rt_bytes_from(p, (size_t)n);
	rt_mem_free(p);
	return bytes;
}

/* write(); on a socket whose other end is closed an error and no signal. */
static ssize_t write_some(struct rt_object *stream, int fd, const char *from, size_t size)
{
	bool is_socket = stream->type == &rt_socket_type;
	ssize_t n;

	do {
		rt_hook_block_begin();
		n = is_socket ? send(fd, from, size, MSG_NOSIGNAL) : write(fd, from, size);
		rt_hook_block_end();
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		rt_raise_errno("write");
	return n;
}

static struct rt_object *stream_write(const struct rt_args *args)
{
	struct rt_object *data = args->v[1];
	int fd = rt_stream_fd(args->v[0]);
	const char *p;
	size_t size, done = 0;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (rt_is(data, &rt_str_type)) {
		p = rt_str_chars(data);
		size = rt_str_size(data);
	} else if (rt_expect(data, &rt_bytes_type)) {
		p = rt_bytes_data(data);
		size = rt_bytes_size(data);
	} else {
		return NULL;
	}
	for (; done < size; done += (size_t)n) {
		n = write_some(args->v[0], fd, p + done, size - done);
		if (n < 0)
			return NULL;
	}
	return rt_int_new((int64_t)done);
}

static struct rt_object *stream_close(const struct rt_args *args)
{
	struct stream *s = (struct stream *)args->v[0];
	int fd = s->fd;

	s->fd = -1;
	return fd >= 0 && close(fd) < 0 ? rt_raise_errno("close") : rt_none;
}

static struct rt_object *stream_fileno(const struct rt_args *args)
{
	int fd = rt_stream_fd(args->v[0]);

	return fd < 0 ? NULL : rt_int_new(fd);
}

static void stream_release(struct rt_object *self)
{
	struct stream *s = (struct stream *)self;

	if (s->fd >= 0)
		close(s->fd);
}

static struct rt_object *stream_repr(struct rt_object *self)
{
	return rt_str_format("<%s fd=%d>", self->type->name, ((struct stream *)self)->fd);
}

static const struct rt_function_spec methods[] = {
	{ "read", stream_read, "self, n=", "Up to n bytes, or all until the end." },
	{ "write", stream_write, "self, data", "Write str or bytes; how many bytes." },
	{ "close", stream_close, "self", "Release the descriptor." },
	{ "fileno", stream_fileno, "self", "The descriptor." },
	{ 0 },
};

const struct rt_type rt_file_type = {
	.base = RT_STATIC_TYPE,
	.name = "file",
	.size = sizeof(struct stream),
	.flags = RT_TYPE_FINAL,
	.release = stream_release,
	.repr = stream_repr,
	.methods = methods,
};

const struct rt_type rt_socket_type = {
	.base = RT_STATIC_TYPE,
	.name = "socket",
	.size = sizeof(struct stream),
	.flags = RT_TYPE_FINAL,
	.release = stream_release,
	.repr = stream_repr,
	.methods = methods,
};
