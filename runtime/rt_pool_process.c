/*
 * Workers that are processes.
 *
 *   parent --[size, pickled item]--> worker --[size, 'r' pickled result | 'e' text]--> parent
 *
 * A worker reads, works and answers until its socket is closed.  It has one item at a time, so
 * neither side ever writes while the other does: no deadlock, whatever the sizes.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/rt_bytes.h"
#include "runtime/rt_error.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_pickle.h"
#include "runtime/rt_pool_private.h"
#include "runtime/rt_thread.h"

#define MESSAGE_MAX ((uint64_t)1 << 30)

/* All @size bytes, without the GIL.  0; -1 with errno, 0 for the end of the stream. */
static int read_all(int fd, void *buffer, size_t size)
{
	char *p = buffer;
	ssize_t n = 1;

	RT_BEGIN_ALLOW_THREADS
	while (size && n > 0) {
		n = recv(fd, p, size, 0);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			p += n, size -= (size_t)n;
	}
	if (!n)
		errno = 0;
	RT_END_ALLOW_THREADS
	return size ? -1 : 0;
}

static int write_all(int fd, const void *buffer, size_t size)
{
	const char *p = buffer;
	ssize_t n = 0;

	RT_BEGIN_ALLOW_THREADS
	while (size && n >= 0) {
		n = send(fd, p, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n > 0)
			p += n, size -= (size_t)n;
	}
	RT_END_ALLOW_THREADS
	return size ? -1 : 0;
}

static int send_message(int fd, char kind, const void *p, size_t size)
{
	uint64_t n = size + 1;

	return write_all(fd, &n, sizeof(n)) || write_all(fd, &kind, 1) || write_all(fd, p, size);
}

/* A message in memory of its own, to be freed with rt_mem_free(); NULL: see errno. */
static char *receive_message(int fd, size_t *ret_size)
{
	uint64_t n;
	char *p;

	if (read_all(fd, &n, sizeof(n)))
		return NULL;
	if (!n || n > MESSAGE_MAX) {
		errno = EBADMSG;
		return NULL;
	}
	p = rt_mem_alloc(n);
	if (!p) {
		rt_error_clear();
		errno = ENOMEM;
		return NULL;
	}
	if (read_all(fd, p, n)) {
		rt_mem_free(p);
		return NULL;
	}
	*ret_size = n;
	return p;
}

/* Answer with @result (stolen), or with the pending error if it is NULL. */
static int answer(int fd, struct rt_object *result)
{
	struct rt_object *bytes = result ? rt_pickle(result) : NULL;
	int err;

	if (bytes)
		err = send_message(fd, 'r', rt_bytes_data(bytes), rt_bytes_size(bytes));
	else
		err = send_message(fd, 'e', rt_error_text(), strlen(rt_error_text()));
	rt_error_clear();
	rt_unref(bytes);
	rt_unref(result);
	return err;
}

static void worker_main(rt_pool_fn fn, int fd)
{
	char *message;
	size_t size;

	while ((message = receive_message(fd, &size))) {
		struct rt_object *item = rt_unpickle(message + 1, size - 1);
		struct rt_object *result = item ? fn(item) : NULL;

		rt_mem_free(message);
		rt_unref(item);
		if (answer(fd, result))
			break;
	}
}

/* In the child: nothing of the parent but memory; its other sockets would keep others alive. */
static void run_child(struct rt_pool *p, unsigned self, int fd)
{
	rt_thread_after_fork();
	for (unsigned i = 0; i < POOL_WORKERS_MAX; i++) {
		if (i != self && p->process[i].pid)
			close(p->process[i].fd);
	}
	rt_thread_set_name("rt-worker");
	worker_main(p->fn, fd);
	_exit(0);
}

int pool_process_start(struct rt_pool *p, unsigned i)
{
	int pair[2];
	pid_t pid;

	p->process[i] = (struct pool_process) { 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		rt_raise_errno("socketpair");
		return -1;
	}
	pid = fork();
	if (!pid) {
		close(pair[0]);
		run_child(p, i, pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		rt_raise_errno("fork");
		close(pair[0]);
		return -1;
	}
	p->process[i].pid = pid;
	p->process[i].fd = pair[0];
	return 0;
}

void pool_process_end(struct pool_process *w)
{
	if (!w->pid)
		return;
	close(w->fd);
	RT_BEGIN_ALLOW_THREADS
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	RT_END_ALLOW_THREADS
	w->pid = 0;
}

/* The state of one map. */
struct map {
	struct rt_pool *pool;
	struct rt_loop *loop;
	struct rt_object *const *items;
	struct rt_object **results;
	size_t n, next; /* next: the first item nobody has */
	unsigned busy;
	struct rt_object *error; /* the first, owned: no further items are handed out */
};

static void keep_error(struct map *m)
{
	if (!m->error)
		m->error = rt_error_take();
	rt_error_clear();
}

static void on_answer(int fd, void *arg);

/* The process answers no more: say so, and have another in its place. */
static void replace(struct map *m, struct pool_process *w)
{
	unsigned i = (unsigned)(w - m->pool->process);
	int pid = w->pid, status = 0;

	close(w->fd);
	(void)kill(pid, SIGKILL); /* if it is there still, it talks nonsense */
	RT_BEGIN_ALLOW_THREADS
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	RT_END_ALLOW_THREADS
	rt_raise(RT_OS_ERROR, "worker process %d died (%s %d)", pid,
		 WIFSIGNALED(status) ? "signal" : "exit code",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	keep_error(m);
	if (pool_process_start(m->pool, i))
		keep_error(m);
}

/* Give process @w the next item, if there is one. */
static void hand_out(struct map *m, struct pool_process *w)
{
	struct rt_object *bytes;

	if (m->next == m->n || m->error || !w->pid)
		return;
	w->item = m->next++;
	bytes = rt_pickle(m->items[w->item]);
	if (!bytes) {
		keep_error(m);
		return;
	}
	/* a failure shows when its answer is read */
	(void)send_message(w->fd, 'c', rt_bytes_data(bytes), rt_bytes_size(bytes));
	rt_unref(bytes);
	if (rt_loop_add_reader(m->loop, w->fd, on_answer, m)) {
		keep_error(m);
		replace(m, w); /* its answer must not be taken for the next one's */
		return;
	}
	w->busy = 1;
	m->busy++;
}

static void on_answer(int fd, void *arg)
{
	struct map *m = arg;
	struct pool_process *w = m->pool->process;
	char *message;
	size_t size;

	while (w->fd != fd || !w->busy)
		w++;
	rt_loop_remove_reader(m->loop, fd);
	w->busy = 0;
	m->busy--;
	message = receive_message(fd, &size);
	if (!message) {
		replace(m, w);
		return;
	}
	if (message[0] == 'r')
		m->results[w->item] = rt_unpickle(message + 1, size - 1);
	else
		rt_raise(RT_RUNTIME_ERROR, "in a worker process: %.*s", (int)(size - 1),
			 message + 1);
	rt_mem_free(message);
	if (!m->results[w->item])
		keep_error(m);
	hand_out(m, w);
}

int pool_map_processes(struct rt_pool *p, struct rt_object *const *items,
		       struct rt_object **results, size_t n)
{
	struct map m = { p, rt_loop_new("poll"), items, results, n, 0, 0, NULL };

	if (!m.loop)
		return -1;
	for (unsigned i = 0; i < p->workers; i++)
		hand_out(&m, &p->process[i]);
	while (m.busy) {
		if (rt_loop_run_once(m.loop, true))
			keep_error(&m);
	}
	rt_loop_free(m.loop);
	if (!m.error && m.next < n)
		rt_raise(RT_OS_ERROR, "no worker process is left");
	else
		rt_error_restore(m.error);
	return rt_error_pending() ? -1 : 0;
}
