/*
 * Probe points: where a tracer may look, and what the running program pays when none does.
 *
 * A point is one 5-byte nop, and a note in the file (.note.stapsdt, not loaded into memory)
 * that says where the nop is and in which registers its arguments are: "USDT", as in
 * CPython's own gc__start.  A tracer lets the kernel put a breakpoint (since Linux 6.18 a
 * call) over the nop.  The nop is aligned to 8 bytes, so that it never lies across a page or
 * a cache line, and the kernel can replace it in one store.
 *
 * That call has its price.  It uses the 8 bytes below the stack pointer, where a function that
 * calls nothing may keep its variables: points belong into functions that call others.  And it
 * leads into a page that a forked child does not inherit: there Linux 6.18 kills the child.  So
 * a 1-byte nop follows, where a tracer that has to be safe looks instead (gilscope does).
 *
 * Arguments that cost something to fetch stand behind a semaphore: a 16-bit counter in the
 * section .probes which the tracer raises while it looks (RT_PROBE_WANTED).  They are defined
 * in rt_probe.c.
 *
 * -DRT_NO_PROBES leaves all of it out, to measure what the points cost.
 *
 *   point              arguments                                when
 *   gil__wait          gil                                      found it taken, about to sleep
 *   gil__owned         gil                                      owned, its mutex released
 *   gil__released      gil, forced                              free, its mutex released
 *   gc__start          generation                               before a collection
 *   gc__done           generation, collected, uncollectable     after it
 *   object__new        type's name, object          (semaphore) alive, count 1
 *   object__dealloc    type's name, object          (semaphore) count 0, still readable
 *   loop__wait         call's name, time-out in ns or -1        before the system call
 *   loop__wake         call's name, events or -errno            after it, GIL not yet back
 *   task__step         task                                     before its coroutine goes on
 *   call__start        function's name              (semaphore)
 *   call__return       function's name              (semaphore)
 */
#ifndef RT_PROBE_H
#define RT_PROBE_H

#define RT_PROBE_PROVIDER "gilscope_rt"

#ifdef RT_NO_PROBES

#define RT_PROBE_WANTED(name) 0
#define RT_PROBE1(name, a) ((void)(a))
#define RT_PROBE2(name, a, b) ((void)(a), (void)(b))
#define RT_PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))

#else

#if defined(__x86_64__)
#define RT_PROBE_NOP ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\nnop" /* nopl 0(%rax,%rax,1); nop */
#else
#define RT_PROBE_NOP "nop"
#endif

/* The point itself and its note; @sem: address of the semaphore, or "0"; layout as sys/sdt.h. */
#define RT_PROBE_ASM(name, sem, args) \
	".p2align 3\n" \
	"990: " RT_PROBE_NOP "\n" \
	".pushsection .note.stapsdt, \"?\", \"note\"\n" \
	".balign 4\n" \
	".4byte 992f - 991f, 994f - 993f, 3\n" \
	"991: .asciz \"stapsdt\"\n" \
	"992: .balign 4\n" \
	"993: .8byte 990b, _.stapsdt.base, " sem "\n" \
	".asciz \"" RT_PROBE_PROVIDER "\", \"" #name "\", \"" args "\"\n" \
	"994: .balign 4\n" \
	".popsection\n" \
	".ifndef _.stapsdt.base\n" \
	".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n" \
	".weak _.stapsdt.base\n" \
	".hidden _.stapsdt.base\n" \
	"_.stapsdt.base: .space 1\n" \
	".size _.stapsdt.base, 1\n" \
	".popsection\n" \
	".endif\n"

/* Every argument is widened to a signed word, so that a note always says "-8@". */
#define RT_PROBE_ARG(x) "nr"((long)(x))
#define RT_PROBE1(name, a) \
	__asm__ __volatile__(RT_PROBE_ASM(name, RT_SEM_##name, "-8@%0")::RT_PROBE_ARG(a))
#define RT_PROBE2(name, a, b) \
	__asm__ __volatile__(RT_PROBE_ASM(name, RT_SEM_##name, "-8@%0 -8@%1")::RT_PROBE_ARG(a), \
			     RT_PROBE_ARG(b))
#define RT_PROBE3(name, a, b, c) \
	__asm__ __volatile__( \
		RT_PROBE_ASM(name, RT_SEM_##name, "-8@%0 -8@%1 -8@%2")::RT_PROBE_ARG(a), \
		RT_PROBE_ARG(b), RT_PROBE_ARG(c))

/* Is a tracer looking at @name?  Only for points with a semaphore. */
#define RT_PROBE_WANTED(name) \
	__builtin_expect(*(volatile unsigned short *)&gilscope_rt_##name##_semaphore, 0)

#define RT_SEM_gil__wait "0"
#define RT_SEM_gil__owned "0"
#define RT_SEM_gil__released "0"
#define RT_SEM_gc__start "0"
#define RT_SEM_gc__done "0"
#define RT_SEM_object__new "gilscope_rt_object__new_semaphore"
#define RT_SEM_object__dealloc "gilscope_rt_object__dealloc_semaphore"
#define RT_SEM_loop__wait "0"
#define RT_SEM_loop__wake "0"
#define RT_SEM_task__step "0"
#define RT_SEM_call__start "gilscope_rt_call__start_semaphore"
#define RT_SEM_call__return "gilscope_rt_call__return_semaphore"

#endif

/* Raised by the tracer, in this process's memory, while it looks. */
extern unsigned short gilscope_rt_object__new_semaphore __attribute__((visibility("hidden")));
extern unsigned short gilscope_rt_object__dealloc_semaphore __attribute__((visibility("hidden")));
extern unsigned short gilscope_rt_call__start_semaphore __attribute__((visibility("hidden")));
extern unsigned short gilscope_rt_call__return_semaphore __attribute__((visibility("hidden")));

#define RT_PROBE_GIL_WAIT(gil) RT_PROBE1(gil__wait, gil)
#define RT_PROBE_GIL_OWNED(gil) RT_PROBE1(gil__owned, gil)
#define RT_PROBE_GIL_RELEASED(gil, forced) RT_PROBE2(gil__released, gil, forced)
#define RT_PROBE_GC_START(generation) RT_PROBE1(gc__start, generation)
#define RT_PROBE_GC_DONE(generation, collected, uncollectable) \
	RT_PROBE3(gc__done, generation, collected, uncollectable)
#define RT_PROBE_LOOP_WAIT(call, timeout_ns) RT_PROBE2(loop__wait, call, timeout_ns)
#define RT_PROBE_LOOP_WAKE(call, events) RT_PROBE2(loop__wake, call, events)
#define RT_PROBE_TASK_STEP(task) RT_PROBE1(task__step, task)

/* These look at the semaphore first: their arguments are evaluated only for a tracer. */
#define RT_PROBE_OBJECT_NEW(type_name, object) \
	do { \
		if (RT_PROBE_WANTED(object__new)) \
			RT_PROBE2(object__new, type_name, object); \
	} while (0)
#define RT_PROBE_OBJECT_DEALLOC(type_name, object) \
	do { \
		if (RT_PROBE_WANTED(object__dealloc)) \
			RT_PROBE2(object__dealloc, type_name, object); \
	} while (0)
#define RT_PROBE_CALL_START(function_name) \
	do { \
		if (RT_PROBE_WANTED(call__start)) \
			RT_PROBE1(call__start, function_name); \
	} while (0)
#define RT_PROBE_CALL_RETURN(function_name) \
	do { \
		if (RT_PROBE_WANTED(call__return)) \
			RT_PROBE1(call__return, function_name); \
	} while (0)

#endif
