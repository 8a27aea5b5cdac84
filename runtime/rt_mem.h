/*
 * Memory: every allocation of the runtime goes through here.
 *
 * Each block has a small head with its size, so that live blocks, live bytes and their peaks
 * are known at any time: a test ends with rt_mem_live() == 0.  A failed allocation raises
 * MemoryError in the calling thread and returns NULL.  Counters are atomic: blocks may be
 * allocated and freed without the GIL.
 */
#ifndef RT_MEM_H
#define RT_MEM_H

#include <stddef.h>
#include <stdint.h>

/* Where memory comes from.  Every function as in <stdlib.h>, with @arg passed through. */
struct rt_allocator {
	void *(*alloc)(void *arg, size_t size);
	void *(*resize)(void *arg, void *p, size_t size);
	void (*release)(void *arg, void *p);
	void *arg;
};

struct rt_mem_stats {
	uint64_t live_blocks;
	uint64_t live_bytes; /* as asked for, without heads */
	uint64_t peak_bytes; /* highest live_bytes since rt_mem_reset_peak() */
	uint64_t live_objects;
	uint64_t peak_objects; /* highest live_objects since rt_mem_reset_peak() */
	uint64_t allocations; /* since the start */
	uint64_t failures; /* injected ones included */
};

/* Take memory from @from; NULL: from malloc().  Only while rt_mem_live() is 0, else -1. */
int rt_mem_set_allocator(const struct rt_allocator *from);

/* A block of @size bytes: zeroed, or in RT_DEBUG builds of rt_mem_alloc() filled with 0xcb. */
void *rt_mem_alloc(size_t size);
void *rt_mem_zalloc(size_t size);

/* @p (or NULL) resized; NULL: MemoryError, and @p is as it was. */
void *rt_mem_resize(void *p, size_t size);

/* Release @p; NULL is fine.  In RT_DEBUG builds the bytes are filled with 0xdb first. */
void rt_mem_free(void *p);

/* Let @n allocations succeed and the next one fail, once.  Negative: none fails. */
void rt_mem_fail_after(long n);

/* Let @n allocations succeed and all later ones fail.  Negative: none fails. */
void rt_mem_fail_from(long n);

/* Blocks in use. */
uint64_t rt_mem_live(void);

/* All figures at once, into *@ret_stats. */
void rt_mem_get_stats(struct rt_mem_stats *ret_stats);

/* Peaks restart from what is live now. */
void rt_mem_reset_peak(void);

/* One object more (+1) or less (-1): called by rt_object.c. */
void rt_mem_count_object(int change);

#endif
