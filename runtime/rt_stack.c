/*
 * The pool of stacks.  Invariant: all unused stacks have the size now set; each holds the
 * link to the next one in its highest word, which is in memory already.
 */
#include "runtime/rt_stack.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/rt_sanitizer.h"

#define POOL_MAX 64 /* unused stacks kept */
#define SIZE_MIN ((size_t)32 * 1024)
#define SIZE_DEFAULT ((size_t)128 * 1024 * RT_SANITIZER_STACK_FACTOR)

static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static char *unused; /* base of the first */
static size_t nunused, nmapped;
static size_t stack_size = SIZE_DEFAULT;

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static char **link_of(char *base)
{
	return (char **)(base + stack_size - sizeof(char *));
}

static char *map(size_t size)
{
	size_t guard = page_size();
	char *p = mmap(NULL, guard + size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, guard, PROT_NONE)) {
		munmap(p, guard + size);
		return NULL;
	}
	rt_san_stack_mapped(p + guard, size);
	return p + guard;
}

static void unmap(char *base, size_t size)
{
	size_t guard = page_size();

	rt_san_stack_unmapped(base, size);
	munmap(base - guard, guard + size);
}

int rt_stack_get(struct rt_stack *ret)
{
	struct rt_stack s;

	pthread_mutex_lock(&pool_mutex);
	s.size = stack_size;
	s.base = unused;
	if (s.base) {
		unused = *link_of(s.base);
		nunused--;
	} else {
		s.base = map(s.size);
		nmapped += s.base != NULL;
	}
	pthread_mutex_unlock(&pool_mutex);
	if (!s.base)
		return -ENOMEM;
	*ret = s;
	return 0;
}

void rt_stack_put(struct rt_stack *s)
{
	rt_san_stack_unused(s->base, s->size);
	pthread_mutex_lock(&pool_mutex);
	if (s->size == stack_size && nunused < POOL_MAX) {
		*link_of(s->base) = unused;
		unused = s->base;
		nunused++;
	} else {
		unmap(s->base, s->size);
		nmapped--;
	}
	pthread_mutex_unlock(&pool_mutex);
	s->base = NULL;
}

/* Under the mutex. */
static void trim(void)
{
	while (unused) {
		char *base = unused;

		unused = *link_of(base);
		unmap(base, stack_size);
		nunused--;
		nmapped--;
	}
}

void rt_stack_trim(void)
{
	pthread_mutex_lock(&pool_mutex);
	trim();
	pthread_mutex_unlock(&pool_mutex);
}

size_t rt_stack_set_size(size_t size)
{
	size_t page = page_size(), before;

	size = size < SIZE_MIN ? SIZE_MIN : size;
	size = (size + page - 1) / page * page;
	pthread_mutex_lock(&pool_mutex);
	before = stack_size;
	if (size != before)
		trim();
	stack_size = size;
	pthread_mutex_unlock(&pool_mutex);
	return before;
}

size_t rt_stack_count(void)
{
	size_t n;

	pthread_mutex_lock(&pool_mutex);
	n = nmapped;
	pthread_mutex_unlock(&pool_mutex);
	return n;
}
