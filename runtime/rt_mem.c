/* The allocator behind all objects; see rt_mem.h. */
#include "runtime/rt_mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_error.h"

#define FRESH 0xcb /* bytes never written: reading them shows */
#define FREED 0xdb /* bytes of a freed block: reading them shows */
#define MAGIC 0x626c6f636b7472ULL

/* In front of each block; 16 bytes keep what follows aligned for any type. */
struct head {
	uint64_t magic;
	uint64_t size;
};

static void *std_alloc(void *arg, size_t size)
{
	(void)arg;
	return malloc(size);
}

static void *std_resize(void *arg, void *p, size_t size)
{
	(void)arg;
	return realloc(p, size);
}

static void std_release(void *arg, void *p)
{
	(void)arg;
	free(p);
}

static const struct rt_allocator std_allocator = { std_alloc, std_resize, std_release, NULL };
static const struct rt_allocator *allocator = &std_allocator;
static struct rt_mem_stats stats;
static long fail_countdown = -1; /* allocations until one fails; negative: none does */
static bool fail_for_good; /* and all after it */

static void add(uint64_t *counter, uint64_t v)
{
	__atomic_fetch_add(counter, v, __ATOMIC_RELAXED);
}

/* Add the signed @change to @live, and lift @peak to it. */
static void change_live(uint64_t *live, uint64_t *peak, int64_t change)
{
	uint64_t now = __atomic_add_fetch(live, (uint64_t)change, __ATOMIC_RELAXED);
	uint64_t seen = __atomic_load_n(peak, __ATOMIC_RELAXED);

	while (change > 0 && now > seen &&
	       !__atomic_compare_exchange_n(peak, &seen, now, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
}

/* Whether this allocation is one that was asked to fail. */
static bool fails_now(void)
{
	long left = __atomic_load_n(&fail_countdown, __ATOMIC_RELAXED);

	if (left < 0)
		return false;
	if (left == 0) {
		if (!fail_for_good)
			__atomic_store_n(&fail_countdown, -1, __ATOMIC_RELAXED);
		return true;
	}
	__atomic_fetch_sub(&fail_countdown, 1, __ATOMIC_RELAXED);
	return false;
}

int rt_mem_set_allocator(const struct rt_allocator *from)
{
	if (rt_mem_live())
		return -1;
	allocator = from ? from : &std_allocator;
	return 0;
}

static void *failed(void)
{
	add(&stats.failures, 1);
	return rt_raise_no_memory();
}

static void *new_block(size_t size, bool zeroed)
{
	struct head *h = NULL;

	if (size <= SIZE_MAX / 2 - sizeof(*h) && !fails_now())
		h = allocator->alloc(allocator->arg, sizeof(*h) + size);
	if (!h)
		return failed();
	h->magic = MAGIC;
	h->size = size;
	if (zeroed)
		memset(h + 1, 0, size);
#ifdef RT_DEBUG
	else
		memset(h + 1, FRESH, size);
#endif
	add(&stats.allocations, 1);
	add(&stats.live_blocks, 1);
	change_live(&stats.live_bytes, &stats.peak_bytes, (int64_t)size);
	return h + 1;
}

void *rt_mem_alloc(size_t size)
{
	return new_block(size, false);
}

void *rt_mem_zalloc(size_t size)
{
	return new_block(size, true);
}

/* The head of @p; a block that is not ours, or was freed, ends the program here. */
static struct head *head_of(void *p)
{
	struct head *h = (struct head *)p - 1;

	if (h->magic != MAGIC)
		abort();
	return h;
}

void *rt_mem_resize(void *p, size_t size)
{
	struct head *h;
	size_t old;

	if (!p)
		return rt_mem_alloc(size);
	h = head_of(p);
	old = h->size;
	if (size > SIZE_MAX / 2 - sizeof(*h) || fails_now())
		return failed();
	h = allocator->resize(allocator->arg, h, sizeof(*h) + size);
	if (!h)
		return failed();
	h->size = size;
	add(&stats.allocations, 1);
	change_live(&stats.live_bytes, &stats.peak_bytes, (int64_t)size - (int64_t)old);
	return h + 1;
}

void rt_mem_free(void *p)
{
	struct head *h;

	if (!p)
		return;
	h = head_of(p);
	change_live(&stats.live_bytes, &stats.peak_bytes, -(int64_t)h->size);
	add(&stats.live_blocks, (uint64_t)-1);
	h->magic = 0;
#ifdef RT_DEBUG
	memset(p, FREED, h->size);
#endif
	allocator->release(allocator->arg, h);
}

void rt_mem_fail_after(long n)
{
	fail_for_good = false;
	__atomic_store_n(&fail_countdown, n, __ATOMIC_RELAXED);
}

void rt_mem_fail_from(long n)
{
	fail_for_good = true;
	__atomic_store_n(&fail_countdown, n, __ATOMIC_RELAXED);
}

uint64_t rt_mem_live(void)
{
	return __atomic_load_n(&stats.live_blocks, __ATOMIC_RELAXED);
}

void rt_mem_get_stats(struct rt_mem_stats *ret_stats)
{
	ret_stats->live_blocks = rt_mem_live();
	ret_stats->live_bytes = __atomic_load_n(&stats.live_bytes, __ATOMIC_RELAXED);
	ret_stats->peak_bytes = __atomic_load_n(&stats.peak_bytes, __ATOMIC_RELAXED);
	ret_stats->live_objects = __atomic_load_n(&stats.live_objects, __ATOMIC_RELAXED);
	ret_stats->peak_objects = __atomic_load_n(&stats.peak_objects, __ATOMIC_RELAXED);
	ret_stats->allocations = __atomic_load_n(&stats.allocations, __ATOMIC_RELAXED);
	ret_stats->failures = __atomic_load_n(&stats.failures, __ATOMIC_RELAXED);
}

void rt_mem_reset_peak(void)
{
	__atomic_store_n(&stats.peak_bytes, __atomic_load_n(&stats.live_bytes, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&stats.peak_objects,
			 __atomic_load_n(&stats.live_objects, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

void rt_mem_count_object(int change)
{
	change_live(&stats.live_objects, &stats.peak_objects, change);
}
