/* gil: one lock, one thread at a time. */
#include "runtime/rt_gil.h"
#include "runtime/rt_thread.h"
#include "tour/tour.h"

/* [program] */
#define THREADS 3
#define ROUNDS 20000000

static void compute(void *arg)
{
	volatile long *count = arg;

	for (long i = 0; i < ROUNDS; i++) {
		*count += 1;
		rt_gil_poll(); /* where others may ask for the GIL */
	}
}

static void run(void)
{
	struct rt_thread *threads[THREADS];
	long counts[THREADS] = { 0 };

	for (int i = 0; i < THREADS; i++)
		rt_thread_start(&threads[i], "worker", compute, &counts[i]);
	for (int i = 0; i < THREADS; i++)
		rt_thread_join(threads[i]); /* waits without the GIL */
	tour_say("%d threads counted to %ld, %ld and %ld, one at a time", THREADS, counts[0],
		 counts[1], counts[2]);
}
/* [end] */

static void run_and_tell(void)
{
	run();
	tour_expect(rt_gil_switches() > 2, "the threads took turns");
	tour_figure_gil();
}

const struct tour_stop stop_gil = {
	.name = "gil",
	.title = "one lock, one thread at a time",
	.about =
		"Only the thread that owns the global interpreter lock runs Python code.  A "
		"thread\n"
		"that wants it and cannot have it sleeps; after a switch interval (5 ms) without "
		"a\n"
		"change it asks the owner to let go, and the owner gives it up at its next check:\n"
		"a forced release.  Threads that compute thus take turns, and are no faster than "
		"one.",
	.families = "gil",
	.run = run_and_tell,
};
