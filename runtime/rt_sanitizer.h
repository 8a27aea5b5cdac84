/*
 * What the sanitizers must be told about stacks that are not the system's.  Without them all
 * of this is empty.
 *
 * AddressSanitizer keeps frames apart from the stack and knows its bounds; ThreadSanitizer
 * keeps a history per stack ("fibre"); LeakSanitizer looks for pointers on stacks.
 */
#ifndef RT_SANITIZER_H
#define RT_SANITIZER_H

#include <stddef.h>

#if defined(__has_feature)
#define RT_HAS_FEATURE(x) __has_feature(x)
#else
#define RT_HAS_FEATURE(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || RT_HAS_FEATURE(address_sanitizer)
#define RT_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#else
#define RT_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || RT_HAS_FEATURE(thread_sanitizer)
#define RT_TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define RT_TSAN 0
#endif

/* Frames are larger with them. */
#define RT_SANITIZER_STACK_FACTOR (RT_ASAN || RT_TSAN ? 4 : 1)

/* What one coroutine's switches need to remember. */
struct rt_san {
	void *fake_stack; /* of the side that is not running */
	const void *caller_base; /* the resumer's stack */
	size_t caller_size;
	void *fibre, *caller_fibre;
};

static inline void rt_san_stack_mapped(void *base, size_t size)
{
#if RT_ASAN
	__lsan_register_root_region(base, size);
#endif
	(void)base, (void)size;
}

static inline void rt_san_stack_unmapped(void *base, size_t size)
{
#if RT_ASAN
	__lsan_unregister_root_region(base, size);
#endif
	(void)base, (void)size;
}

/* Its frames are gone, whether they returned or not. */
static inline void rt_san_stack_unused(void *base, size_t size)
{
#if RT_ASAN
	__asan_unpoison_memory_region(base, size);
#endif
	(void)base, (void)size;
}

static inline void rt_san_new(struct rt_san *s)
{
#if RT_TSAN
	s->fibre = __tsan_create_fiber(0);
#endif
	(void)s;
}

static inline void rt_san_free(struct rt_san *s)
{
#if RT_TSAN
	__tsan_destroy_fiber(s->fibre);
#endif
	(void)s;
}

/* Before switching to the coroutine's stack. */
static inline void *rt_san_enter(struct rt_san *s, const void *base, size_t size)
{
	void *fake = NULL;

#if RT_ASAN
	__sanitizer_start_switch_fiber(&fake, base, size);
#endif
#if RT_TSAN
	s->caller_fibre = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(s->fibre, 0);
#endif
	(void)s, (void)base, (void)size;
	return fake;
}

/* Back from it, with what rt_san_enter() returned. */
static inline void rt_san_entered(void *fake)
{
#if RT_ASAN
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
#endif
	(void)fake;
}

/* Before switching from the coroutine to its resumer; @last: for ever. */
static inline void rt_san_leave(struct rt_san *s, int last)
{
#if RT_ASAN
	__sanitizer_start_switch_fiber(last ? NULL : &s->fake_stack, s->caller_base,
				       s->caller_size);
#endif
#if RT_TSAN
	__tsan_switch_to_fiber(s->caller_fibre, 0);
#endif
	(void)s, (void)last;
}

/* In the coroutine, resumed. */
static inline void rt_san_resumed(struct rt_san *s)
{
#if RT_ASAN
	__sanitizer_finish_switch_fiber(s->fake_stack, &s->caller_base, &s->caller_size);
#endif
	(void)s;
}

#endif
