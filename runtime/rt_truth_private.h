/* What the files of rt_truth share: the slots, and how a shared counter is added to. */
#ifndef RT_TRUTH_PRIVATE_H
#define RT_TRUTH_PRIVATE_H

#include <sys/types.h>

#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"

#define TRUTH_TYPES 256 /* per thread, a power of two; further types count as "(other)" */
#define TRUTH_TYPE_NAME 48 /* bytes of a type's name that are kept */
#define TRUTH_CALLS 8 /* different system calls */

struct truth_type {
	uint64_t used; /* 1 once `name` is written; released and acquired */
	char name[TRUTH_TYPE_NAME];
	uint64_t deallocs;
};

/*
 * One thread's figures.  Written by that thread alone, but `next`, which is set once.  `epoch`
 * tells which rt_truth_reset() it has heard of: figures of an older one count as 0.
 */
struct truth_slot {
	struct truth_slot *next;
	pid_t tid;
	char name[RT_THREAD_NAME_MAX]; /* under truth_mutex */
	uint64_t epoch;
	uint64_t hold_since_ns; /* 0: does not hold */
	uint64_t wait_since_ns; /* 0: does not wait */
	struct rt_truth_gil gil; /* held_ns and wait_ns unused */
	struct truth_type *types; /* TRUTH_TYPES of them, open addressing, or NULL so far */
	uint64_t other_deallocs;
};

/* The calling thread's slot, of the current epoch; NULL: counting is off, or no memory. */
struct truth_slot *truth_slot(void);

/* Newest slot; walk with slot->next. */
struct truth_slot *truth_first(void);

/* Is @s of the current epoch, so that its figures count? */
bool truth_current(const struct truth_slot *s);

/* Add the figures of @s to *@to, those of what is going on until @now_ns included. */
void truth_add_gil(struct rt_truth_gil *to, const struct truth_slot *s, uint64_t now_ns);

/* When counting began, or was reset. */
uint64_t truth_since_ns(void);

/* Serializes slots' names and what GC and I/O share. */
void truth_lock(void);
void truth_unlock(void);
void truth_lock_after_fork(void);

/* The @i-th system call's figures, copied.  Return: false if there are not so many. */
bool truth_io_at(size_t i, struct rt_truth_io *ret);

/* Deallocations per type name over all threads; the caller frees *@ret.  -1: no memory. */
int truth_types_merged(struct truth_type **ret);

void truth_types_clear(struct truth_slot *s);
void truth_shared_clear(void);

#endif
