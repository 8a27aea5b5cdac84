/*
 * What the kernel side cannot do without: each thing asked of the kernel itself, never concluded
 * from its release (distributions carry newer things back).
 *
 *   X(NAME, name, since, what is lost)      since: the first mainline release that has it
 */
#ifndef GS_USER_LOAD_NEEDS_H
#define GS_USER_LOAD_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#define GS_NEEDS(X) \
	X(RINGBUF, "BPF ring buffers", "5.8", \
	  "nothing works: no forks, execs and ends of processes, no recordings") \
	X(TASK_STORAGE, "task storage", "5.11", "nothing works: threads have nowhere to be kept") \
	X(ATOMICS, "atomic operations that return a value", "5.12", \
	  "nothing works: threads could not share a histogram") \
	X(TASK_REGS, "registers of a sleeping thread", "5.15", \
	  "nothing works: no waits for the GIL, no blocked calls") \
	X(COOKIE, "BPF cookies", "5.15", \
	  "nothing works: a probe would not know which site it is on")

enum need {
#define X(NAME, name, since, loss) NEED_##NAME,
	GS_NEEDS(X)
#undef X
		NEED_COUNT
};

/* Ask the kernel, by loading or creating something small (about 1 ms).  False also without rights.
 */
bool need_met(enum need n);

/* May this process load BPF programs at all? */
bool needs_may_load(void);

/*
 * The needs that are not met, as text ("task storage (Linux 5.11), BPF cookies (Linux 5.15)") into
 * @buf. Return: how many there are.
 */
int needs_missing(char *buf, size_t size);

#endif
