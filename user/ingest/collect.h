/*
 * A reading: from the kernel side's slots to cumulative figures.
 *
 * One thread.  Between readings collect_housekeep() takes the final values of ended threads and
 * processes, so that their slots serve new ones.
 */
#ifndef GS_USER_INGEST_COLLECT_H
#define GS_USER_INGEST_COLLECT_H

#include "user/ingest/measured.h"
#include "user/load/kmaps.h"
#include "user/model/figures.h"

/* Ended processes that are kept to be shown; those that ended earlier are dropped, counted. */
#define COLLECT_MAX_EXITED 128
#define COLLECT_MAX_UNTOLD 1024 /* with drop_told: only until they have been told */

struct sampler;
struct ticks;
struct stacks;

struct collector {
	const struct kmaps *maps;
	u32 families; /* GS_FAMILY_BIT()s */
	u64 tended[GS_FAMILY_END]; /* what they know of it: family_ops.tend */
	u64 hit_ns; /* measured cost of a probe hit; 0: unknown */
	struct burst *burst; /* refs under a budget; not owned; NULL: all are counted */
	bool watch; /* watch mode */
	bool no_blame; /* who made whom wait is not kept (gs_config.no_blame) */
	bool delay_known; /* the kernel counts how long threads are runnable and not running */
	u64 slow_ns; /* asyncio: as the kernel side has it */
	struct sampler *sampler; /* watch mode with the gil family; owned; set it before adding */
	struct stacks *stacks; /* with the stacks family; owned; set it before adding */
	struct ticks *ticks; /* the kernel side samples; owned; NULL: the sampler does, or nobody */
	struct measured **list; /* owned, and what it points to */
	size_t count, room;
	struct measured **by_index; /* maps->max_processes; borrowed */
	u64 heard_ns; /* up to then all forks are known: who ended before is nobody's parent; 0: not
			 kept */
	bool drop_told; /* an ended process is dropped once a reading had its final values */
	u64 dropped; /* processes no longer shown; with drop_told, that never were */
	u64 exits; /* of threads, counted by the kernel side, as of the last look at all slots; 0:
		      none */
	bool slots_ran_out; /* a thread without a slot may have had events: nothing is known of it
			     */
};

/* Set up @c; 0 or -ENOMEM. */
int collector_init(struct collector *c, const struct kmaps *maps, u32 measured);

/* Measure @m from now on; takes it over.  0 or -ENOMEM. */
int collector_add(struct collector *c, struct measured *m);

/* The measurement begins: what is counted from a first reading is read for the first time. */
void collector_begin(struct measured *m);

/* The open process in slot @index of gs_procs, or NULL. */
struct measured *collector_find(const struct collector *c, u32 index);

/* How long it may be until collect_housekeep() is called again: until then nobody looks for new
 * GILs. */
u64 collector_pace_ns(const struct collector *c);

/* How many are still running. */
size_t collector_running(const struct collector *c);

/* Take the final values of ended threads and processes and free their slots.  0 or -ENOMEM. */
int collect_housekeep(struct collector *c);

/*
 * collect_figures - read everything
 *
 * Moves the epoch on: the interval maxima are of the time since the last call.
 * Fills processes only: mode, duration, probes, losses and overhead are the session's.
 * Return: 0 or -ENOMEM.
 */
int collect_figures(struct collector *c, struct figures *out);

void collector_done(struct collector *c);

#endif
