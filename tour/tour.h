/*
 * The tour: short programs on the bundled runtime, one for each mechanism of Python.
 *
 * A stop is one file, tour/<name>.c, and one line in tour/stops.h; where CPython has the same
 * mechanism, tour/python/<name>.py is the same stop as a script.  Both print what happens, and
 * leave an account of themselves: what they expected of their own behaviour, and what a tracer
 * should have seen.
 *
 * The part of the file between the lines "[program]" and "[end]" is shown to the reader.
 */
#ifndef TOUR_TOUR_H
#define TOUR_TOUR_H

#include <stdbool.h>
#include <stdint.h>

struct tour_stop {
	const char *name;
	const char *title; /* half a line */
	const char *about; /* a few sentences, lines of at most 76 columns */
	const char *families; /* what of gilscope it is about: "gil gc io sched refs" */
	const char *count; /* function whose calls gilscope counts from outside; NULL: none */
	/* Called on the main thread with the GIL held and the runtime's own truth switched on. */
	void (*run)(void);
};

/* Print a line of the stop's output. */
void tour_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something the stop's text promises: if it is not so, the stop is not as expected. */
void tour_expect(bool ok, const char *what);

/*
 * tour_figure - what a tracer should see
 * @what:    in words
 * @figure:  path in a process of gilscope.stat/1: "gils[0].takes", "gc[generation=2].collections",
 *           "types[type=list].deallocs", "io[call=poll].events", "probes[event=called].hits"
 * @value:   what the program counted itself
 * @slack:   how far the tracer may be off: in units; 0 for counts
 * @percent: likewise, in percent of @value; the larger sum of both counts
 */
void tour_figure(const char *what, const char *figure, uint64_t value, uint64_t slack,
		 double percent);

/*
 * The runtime's own counts of the whole run so far as checks, where the stop is about them.
 * To be called at the end of run(), when no other thread runs any more.  The main thread goes on
 * holding the GIL until the program ends: takes and releases after the call are its business,
 * and held time is compared within 2 %.
 */
void tour_figure_gil_counts(void); /* takes, contended takes, handovers, forced releases */
void tour_figure_gil(void); /* these, and the time waited */
void tour_figure_gc(void); /* collections, collected, uncollectable, pauses, each generation */
void tour_figure_type(const char *type); /* deallocations of a type */
void tour_figure_io(const char *call); /* calls, wake-ups, time-outs, errors, events of a call */

#endif
