/*
 * Threads and their states.  Invariant: every live thread that has called rt_thread_self() is
 * in `all`, which `list_mutex` guards; its fields but `next` and `name` are its own.
 */
#include "runtime/rt_thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_truth.h"

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rt_thread *all;
static unsigned long last_id;
static pthread_key_t foreign_end; /* has a destructor for states of threads not started here */
static __thread struct rt_thread *self;

static void list_add(struct rt_thread *t)
{
	pthread_mutex_lock(&list_mutex);
	t->id = ++last_id;
	if (!t->name[0])
		snprintf(t->name, sizeof(t->name), "rt-%lu", t->id);
	t->next = all;
	all = t;
	pthread_mutex_unlock(&list_mutex);
}

static void list_remove(struct rt_thread *t)
{
	pthread_mutex_lock(&list_mutex);
	for (struct rt_thread **p = &all; *p; p = &(*p)->next) {
		if (*p == t) {
			*p = t->next;
			break;
		}
	}
	pthread_mutex_unlock(&list_mutex);
}

static void foreign_thread_ends(void *state)
{
	list_remove(state);
	free(state);
}

static void make_key(void)
{
	pthread_key_create(&foreign_end, foreign_thread_ends);
}

static struct rt_thread *attach_foreign(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct rt_thread *t = calloc(1, sizeof(*t));

	rt_gil_init();
	pthread_once(&once, make_key);
	if (!t)
		abort();
	pthread_getname_np(pthread_self(), t->name, sizeof(t->name));
	t->tid = gettid();
	t->handle = pthread_self();
	list_add(t);
	pthread_setspecific(foreign_end, t);
	return t;
}

/* Not inlined: a coroutine may go on in another thread, where the address of `self` differs. */
__attribute__((noinline)) struct rt_thread *rt_thread_self(void)
{
	if (!self)
		self = attach_foreign();
	return self;
}

static void *thread_main(void *arg)
{
	struct rt_thread *t = arg;

	self = t;
	__atomic_store_n(&t->tid, gettid(), __ATOMIC_RELAXED);
	pthread_setname_np(pthread_self(), t->name);
	rt_gil_take();
	t->body(t->arg);
	rt_gil_drop();
	list_remove(t);
	return NULL;
}

int rt_thread_start(struct rt_thread **ret, const char *name, void (*body)(void *), void *arg)
{
	struct rt_thread *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	rt_gil_init();
	t->body = body;
	t->arg = arg;
	snprintf(t->name, sizeof(t->name), "%s", name ? name : "");
	list_add(t);
	err = pthread_create(&t->handle, NULL, thread_main, t);
	if (err) {
		list_remove(t);
		free(t);
		return -err;
	}
	*ret = t;
	return 0;
}

void rt_thread_join(struct rt_thread *t)
{
	RT_BEGIN_ALLOW_THREADS
	pthread_join(t->handle, NULL);
	RT_END_ALLOW_THREADS
	free(t);
}

void rt_thread_set_name(const char *name)
{
	struct rt_thread *t = rt_thread_self();

	pthread_mutex_lock(&list_mutex);
	snprintf(t->name, sizeof(t->name), "%s", name);
	pthread_mutex_unlock(&list_mutex);
	pthread_setname_np(pthread_self(), t->name);
	rt_truth_thread_named(t->name);
}

void rt_thread_each(void (*fn)(const struct rt_thread *t, void *arg), void *arg)
{
	pthread_mutex_lock(&list_mutex);
	for (const struct rt_thread *t = all; t; t = t->next)
		fn(t, arg);
	pthread_mutex_unlock(&list_mutex);
}

size_t rt_thread_count(void)
{
	size_t n = 0;

	pthread_mutex_lock(&list_mutex);
	for (const struct rt_thread *t = all; t; t = t->next)
		n++;
	pthread_mutex_unlock(&list_mutex);
	return n;
}

void rt_thread_block_begin(void)
{
	rt_thread_self()->block_saved = rt_gil_save();
}

void rt_thread_block_end(void)
{
	rt_gil_restore(rt_thread_self()->block_saved);
}

/* The states of the parent's other threads stay allocated: their stacks may refer to them. */
void rt_thread_after_fork(void)
{
	struct rt_thread *me = rt_thread_self();
	bool held = me->holds_gil;

	pthread_mutex_init(&list_mutex, NULL);
	all = me;
	me->next = NULL;
	me->tid = gettid();
	me->holds_gil = false;
	rt_gil_after_fork();
	rt_truth_after_fork();
	if (held)
		rt_gil_take();
}
