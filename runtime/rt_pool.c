/*
 * Pools, and the one of threads.  Invariant: items and results are touched under the GIL only,
 * which a worker holds but for what its function gives up.
 */
#include "runtime/rt_pool.h"

#include <errno.h>

#include "runtime/rt_error.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_list.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_pool_private.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_type.h"

struct rt_pool *rt_pool_new(enum rt_pool_kind kind, unsigned workers, rt_pool_fn fn)
{
	struct rt_pool *p;

	if (!workers || workers > POOL_WORKERS_MAX)
		return rt_raise(RT_VALUE_ERROR, "a pool has 1 to %d workers, not %u",
				POOL_WORKERS_MAX, workers);
	p = rt_mem_zalloc(sizeof(*p));
	if (!p)
		return NULL;
	p->kind = kind;
	p->fn = fn;
	for (; p->workers < workers; p->workers++) {
		if (kind == RT_POOL_PROCESSES && pool_process_start(p, p->workers)) {
			rt_pool_free(p);
			return NULL;
		}
	}
	return p;
}

void rt_pool_free(struct rt_pool *p)
{
	if (!p)
		return;
	for (unsigned i = 0; p->kind == RT_POOL_PROCESSES && i < p->workers; i++)
		pool_process_end(&p->process[i]);
	rt_mem_free(p);
}

pid_t rt_pool_pid(const struct rt_pool *p, unsigned i)
{
	return p->kind == RT_POOL_PROCESSES && i < p->workers ? p->process[i].pid : 0;
}

/* What the threads of one map share; under the GIL. */
struct shared {
	rt_pool_fn fn;
	struct rt_object *const *items;
	struct rt_object **results;
	size_t n, next;
	struct rt_object *error; /* the first, owned */
};

static void thread_main(void *arg)
{
	struct shared *s = arg;

	while (s->next < s->n) {
		size_t i = s->next++;

		s->results[i] = s->fn(s->items[i]);
		if (!s->results[i] && !s->error)
			s->error = rt_error_take();
		rt_error_clear();
		rt_gil_poll();
	}
}

static int map_threads(struct rt_pool *p, struct rt_object *const *items,
		       struct rt_object **results, size_t n)
{
	struct shared s = { p->fn, items, results, n, 0, NULL };
	struct rt_thread *threads[POOL_WORKERS_MAX];
	unsigned started = 0;
	int err = 0;

	while (started < p->workers && !err) {
		err = rt_thread_start(&threads[started], "rt-pool", thread_main, &s);
		started += !err;
	}
	for (unsigned i = 0; i < started; i++)
		rt_thread_join(threads[i]);
	if (!started) {
		errno = -err;
		rt_raise_errno("starting a thread");
		return -1;
	}
	rt_error_restore(s.error);
	return s.error ? -1 : 0;
}

/* The list of @n @results, or NULL; they are stolen. */
static struct rt_object *collect(struct rt_object **results, size_t n, int err)
{
	struct rt_object *error = rt_error_take(), *list = err ? NULL : rt_list_new();

	for (size_t i = 0; i < n; i++) {
		if (list && rt_list_append(list, results[i]))
			list = rt_unref(list);
		rt_unref(results[i]);
	}
	if (err)
		rt_error_restore(error);
	return list;
}

struct rt_object *rt_pool_map(struct rt_pool *p, struct rt_object *items)
{
	struct rt_object **results, *copy, *list;
	size_t n;
	int err;

	if (!rt_expect(items, &rt_list_type))
		return NULL;
	copy = rt_list_from_iterable(items); /* whatever becomes of @items meanwhile */
	if (!copy)
		return NULL;
	n = rt_list_len(copy);
	results = rt_mem_zalloc((n + 1) * sizeof(struct rt_object *));
	if (!results)
		return rt_unref(copy);
	if (p->kind == RT_POOL_THREADS)
		err = map_threads(p, ((struct rt_list *)copy)->item, results, n);
	else
		err = pool_map_processes(p, ((struct rt_list *)copy)->item, results, n);
	list = collect(results, n, err);
	rt_mem_free(results);
	rt_unref(copy);
	return list;
}
