/*
 * How lost updates are counted: the shared variable is stored with the number of updates its
 * value contains.  A store that hides another thread's store contains one update more than
 * what *it* had loaded, so in the end  lost = updates made - updates contained.
 */
#include "runtime/rt_race.h"

#include <errno.h>
#include <stddef.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_thread.h"

#define THREADS_MAX 64

struct variable {
	int64_t value;
	uint64_t contained; /* updates that `value` is the sum of */
};

struct shared {
	const struct rt_race *race;
	struct variable a; /* guarded by nothing but the GIL: that is the point */
	struct rt_lock lock;
};

struct worker {
	struct shared *shared;
	int64_t step; /* +1 or -1 */
};

/* a += step, as an interpreter does it: three instructions, and it may be stopped at each. */
static void update(struct variable *a, int64_t step)
{
	struct variable loaded = *a;

	rt_gil_poll();
	loaded.value += step;
	loaded.contained++;
	rt_gil_poll();
	*a = loaded;
	rt_gil_poll();
}

static void worker_main(void *arg)
{
	struct worker *w = arg;
	struct shared *s = w->shared;

	for (uint64_t i = 0; i < s->race->rounds; i++) {
		if (s->race->with_lock)
			rt_lock_acquire(&s->lock);
		update(&s->a, w->step);
		if (s->race->with_lock)
			rt_lock_release(&s->lock);
	}
}

int rt_race_run(struct rt_race *r)
{
	struct shared shared = { .race = r };
	struct worker workers[THREADS_MAX];
	struct rt_thread *threads[THREADS_MAX];
	bool held = rt_gil_held();
	unsigned n;
	int err = 0;

	if (!r->threads || r->threads > THREADS_MAX)
		return -EINVAL;
	rt_lock_init(&shared.lock);
	if (!held)
		rt_gil_take(); /* until all are there, and nobody has the race to himself */
	r->expected = 0;
	for (n = 0; n < r->threads; n++) {
		workers[n] = (struct worker) { &shared, n % 2 ? -1 : 1 };
		err = rt_thread_start(&threads[n], n % 2 ? "minus" : "plus", worker_main,
				      &workers[n]);
		if (err)
			break;
		r->expected += workers[n].step * (int64_t)r->rounds;
	}
	for (unsigned i = 0; i < n; i++)
		rt_thread_join(threads[i]);
	if (!held)
		rt_gil_drop();
	rt_lock_done(&shared.lock);
	r->updates = n * r->rounds;
	r->value = shared.a.value;
	r->lost = r->updates - shared.a.contained;
	return err;
}
