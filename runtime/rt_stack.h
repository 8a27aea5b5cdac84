/*
 * Stacks for coroutines: mapped memory with an unreadable page below, so that running over
 * the end is a fault and not another object's corruption; a few unused ones are kept.
 *
 * Only pages that were touched take memory: 10,000 stacks of 128 KiB that hold a few frames
 * each take two pages each.
 */
#ifndef RT_STACK_H
#define RT_STACK_H

#include <stddef.h>

struct rt_stack {
	char *base; /* lowest usable address; the guard page is below it */
	size_t size; /* bytes from base up; whole pages */
};

/* A stack of the size set.  Return: 0 and *@ret, or -ENOMEM (also: too many mappings). */
int rt_stack_get(struct rt_stack *ret);

/* Back to the pool, or unmapped.  Any thread. */
void rt_stack_put(struct rt_stack *s);

/* Bytes of stacks made from now on, rounded up to pages, at least 32 KiB.  The size before. */
size_t rt_stack_set_size(size_t size);

/* Unmap the unused ones. */
void rt_stack_trim(void);

/* Stacks mapped, unused ones included. */
size_t rt_stack_count(void);

#endif
