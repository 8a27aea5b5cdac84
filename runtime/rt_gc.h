/*
 * The cycle collector: frees what reference counts cannot, containers that hold each other.
 *
 * Every container has a head in front of it and sits in one of three generations, doubly
 * linked lists from young to old.  A collection of a generation takes it and all younger:
 *
 *   1. copy       each head's gc_refs := the object's reference count
 *   2. subtract   for each reference from a member to a member: gc_refs of its target - 1;
 *                 what is left counts references from outside
 *   3. reach      members with gc_refs > 0 are alive, and all they reach; the rest is garbage
 *   4. weak references to garbage are cleared, their callbacks run
 *   5. finalizers of garbage run, once in the life of an object
 *   6. steps 1 to 3 again over the garbage: what a finalizer resurrected lives on
 *   7. each remaining object drops its references: counts go to 0 and free the lot
 *   8. survivors move to the next older generation
 *
 * Invariant between collections: every tracked container is in exactly one generation, with
 * state GC_OUTSIDE.  During one, all members of the lists at work have another state, so a
 * reference leaving the collected generations is recognised without a search.
 *
 * An object whose type has no clear slot cannot be taken apart: such garbage, and what it
 * reaches, is uncollectable, and kept in rt_gc_uncollectable().
 */
#ifndef RT_GC_H
#define RT_GC_H

#include "runtime/rt_object.h"
#include "runtime/rt_type.h"

#define RT_GC_GENERATIONS 3

enum rt_gc_state {
	RT_GC_OUTSIDE, /* not taking part in a collection */
	RT_GC_MEMBER, /* taking part; not (yet) known to be garbage */
	RT_GC_GARBAGE, /* reached from nowhere */
};

/* In front of each container; 32 bytes keep the object behind it aligned. */
struct rt_gc_head {
	struct rt_gc_head *prev, *next; /* NULL: not tracked */
	ssize_t gc_refs; /* valid during a collection */
	uint8_t state; /* enum rt_gc_state */
	uint8_t finalized; /* its finalizer has run: never again */
	uint8_t generation; /* where it was put last */
};

struct rt_gc_stats { /* of one generation, since the start */
	uint64_t collections;
	uint64_t collected; /* objects */
	uint64_t uncollectable;
	uint64_t pause_ns; /* sum, CLOCK_MONOTONIC */
	uint64_t max_pause_ns;
};

struct rt_gc_info { /* what a callback is told */
	bool start; /* before; otherwise after */
	int generation;
	uint64_t collected; /* 0 before */
	uint64_t uncollectable;
};

/* Runs around each collection, with the GIL held.  Errors it raises are unraisable. */
typedef void (*rt_gc_callback)(const struct rt_gc_info *info, void *arg);

static inline struct rt_gc_head *rt_gc_head_of(const struct rt_object *o)
{
	return (struct rt_gc_head *)(uintptr_t)o - 1;
}

static inline struct rt_object *rt_gc_object_of(struct rt_gc_head *head)
{
	return (struct rt_object *)(head + 1);
}

/* Whether @o is a container with a head (static objects have none). */
bool rt_gc_is_container(const struct rt_object *o);

/* Whether @o is in one of the generations. */
bool rt_gc_is_tracked(const struct rt_object *o);

/* Put @o into the youngest generation, or take it out; doing so twice is harmless. */
void rt_gc_track(struct rt_object *o);
void rt_gc_untrack(struct rt_object *o);

/* A container is about to be made: counts it, collects if a threshold is passed. */
void rt_gc_about_to_allocate(void);

/* A container was freed. */
void rt_gc_freed(void);

/*
 * Collect @generation (0..2) and all younger ones.
 * Return: objects found to be garbage, uncollectable ones included; 0 too if a collection is
 * running already; -1 and ValueError if there is no such generation.
 */
ssize_t rt_gc_collect(int generation);

/*
 * Automatic collection on or off (it starts on).  Return: what it was.  RT_GC_STRESS builds
 * collect everything before each new container while it is on.
 */
bool rt_gc_enable(bool on);

/*
 * Set or get the thresholds (700, 10, 10): new containers less freed ones since the last
 * collection of generation 0; collections of 0 since the last of 1; of 1 since the last of 2.
 * Generation 2 waits besides until a quarter of the survivors is new.  0: never by itself.
 */
void rt_gc_set_threshold(const int thresholds[RT_GC_GENERATIONS]);
void rt_gc_get_threshold(int ret_thresholds[RT_GC_GENERATIONS]);

/* The counts held against the thresholds, and the objects in each generation now. */
void rt_gc_get_count(int ret_counts[RT_GC_GENERATIONS]);
size_t rt_gc_generation_size(int generation);

/* Figures of @generation (0..2) into *@ret_stats; zeros if there is no such generation. */
void rt_gc_get_stats(int generation, struct rt_gc_stats *ret_stats);

/* Call @callback before and after each collection.  0; -1: RuntimeError, there are 8. */
int rt_gc_add_callback(rt_gc_callback callback, void *arg);

/* The reverse.  0; -1: ValueError, it was not there. */
int rt_gc_remove_callback(rt_gc_callback callback, void *arg);

/* A list of the uncollectable objects kept so far; and dropping them (they leak on). */
struct rt_object *rt_gc_uncollectable(void);
void rt_gc_forget_uncollectable(void);

/* A list of all tracked objects, or only of @generation; -1: of all. */
struct rt_object *rt_gc_objects(int generation);

/* A list of what @o refers to, or of the containers that refer to @o. */
struct rt_object *rt_gc_referents(struct rt_object *o);
struct rt_object *rt_gc_referrers(struct rt_object *o);

/* Whether @o's finalizer has run. */
bool rt_gc_is_finalized(const struct rt_object *o);

#endif
