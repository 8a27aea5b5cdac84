/* race: what the GIL does not prevent. */
#include <inttypes.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_race.h"
#include "tour/tour.h"

/* [program] */
#define THREADS 4
#define ROUNDS 10000000

/*
 * rt_race_run() starts threads of which every second one does `a += 1`, the others `a -= 1`, the
 * way an interpreter does it.  At each poll another thread may get the GIL:
 *
 *	loaded = a;      rt_gil_poll();      load
 *	loaded += 1;     rt_gil_poll();      add
 *	a = loaded;      rt_gil_poll();      store: hides what others stored since the load
 */
static struct rt_race race(bool with_lock, uint64_t rounds)
{
	struct rt_race r = { .threads = THREADS, .rounds = rounds, .with_lock = with_lock };

	rt_race_run(&r);
	tour_say("%s: %" PRIu64 " updates, %" PRIu64 " lost; a is %" PRId64 ", should be %" PRId64,
		 with_lock ? "under a lock" : "no lock", r.updates, r.lost, r.value, r.expected);
	return r;
}

static void run(void)
{
	struct rt_race bare, locked;

	rt_gil_set_interval(50); /* us, not 5000: more switches, more accidents */
	bare = race(false, ROUNDS);
	locked = race(true, ROUNDS / 10);
	tour_expect(bare.lost > 0, "without a lock updates are lost");
	tour_expect(locked.lost == 0, "under a lock none is lost");
	tour_expect(locked.value == locked.expected, "under a lock the sum is right");
}
/* [end] */

/* Not the time waited: thousands of waits of a few us each, which a tracer's own cost lengthens. */
static void run_and_tell(void)
{
	run();
	tour_figure_gil_counts();
}

const struct tour_stop stop_race = {
	.name = "race",
	.title = "lost updates, and the lock that prevents them",
	.about = "a += 1 is three steps: load a, add 1, store a.  A thread that loses the GIL\n"
		 "between its load and its store later stores over whatever the others did in\n"
		 "the meantime: their updates are lost.  The GIL keeps the interpreter's own\n"
		 "objects whole; it does not make several steps of a program one.  CPython hands\n"
		 "over the GIL between bytecodes only where it looks at its eval breaker (since\n"
		 "3.10: at calls and jumps backwards), so the same race is rarer there, but real.\n"
		 "A lock around the three steps, threading.Lock, makes them one.",
	.families = "gil",
	.run = run_and_tell,
};
