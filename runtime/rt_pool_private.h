/* What the two kinds of pool share. */
#ifndef RT_POOL_PRIVATE_H
#define RT_POOL_PRIVATE_H

#include <pthread.h>

#include "runtime/rt_pool.h"

#define POOL_WORKERS_MAX 64

/* A process, and our end of the socket to it. */
struct pool_process {
	pid_t pid; /* 0: none, it could not be started again */
	int fd;
	size_t item; /* what it works on */
	int busy;
};

struct rt_pool {
	enum rt_pool_kind kind;
	unsigned workers;
	rt_pool_fn fn;
	struct pool_process process[POOL_WORKERS_MAX];
};

/* Start process @i.  0, or -1 with OSError pending. */
int pool_process_start(struct rt_pool *p, unsigned i);

/* End it and wait for it. */
void pool_process_end(struct pool_process *w);

/* Put fn(items[i]) into results[i] for all @n; 0, or -1 with the first error pending. */
int pool_map_processes(struct rt_pool *p, struct rt_object *const *items,
		       struct rt_object **results, size_t n);

#endif
