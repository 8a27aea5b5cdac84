/*
 * Probe sites: points in an interpreter's code that mean an event.
 *
 * Every site of a binary goes through one BPF program (so that one uprobe_multi
 * link carries them all).  Its attach cookie says which event it is and which
 * row of gs_sites describes it: X(NAME, name, FAMILY, "what it means").
 */
#ifndef GS_BPF_SITE_H
#define GS_BPF_SITE_H

#include "bpf/types.h"

#define GS_EVENTS(X) \
	X(GIL_OWNED, owned, GIL, "the thread owns the GIL, its mutex is released") \
	X(GIL_RELEASED, released, GIL, "the GIL is free, its mutex is released") \
	X(GIL_RELEASED_WHY, released, GIL, \
	  "the GIL is free; the second argument: was it asked for?") \
	X(GIL_FORCED, forced, GIL, "about to release because another thread asked") \
	X(GIL_WAIT, wait, GIL, "found the GIL taken, about to sleep for it") \
	X(GC_START, start, GC, "the collector starts on a generation") \
	X(GC_DONE, done, GC, "the collector has finished") \
	X(REFS_DEALLOC, dealloc, REFS, "an object is about to be deallocated") \
	X(REFS_ALLOC, alloc, REFS, "an object is about to be created") \
	X(CALLED, called, CALLS, "the function is called; its hits are the figure") \
	X(ASYNCIO_STEP, step, ASYNCIO, "an event loop is about to run a task's coroutine") \
	X(ASYNCIO_STEP_DONE, step_done, ASYNCIO, "the coroutine has come back") \
	X(FT_STOP, stop, FT, "the thread is about to stop all others") \
	X(FT_STOPPED, stopped, FT, "all others have stopped") \
	X(FT_START, start, FT, "the thread is about to let the others run") \
	X(FT_SUSPEND, suspend, FT, "about to sleep until who stopped the world starts it") \
	X(FT_RESUMED, resumed, FT, "has slept for that") \
	X(FT_PARK, park, FT, "about to sleep for a mutex") \
	X(FT_WOKEN, woken, FT, "has slept for a mutex") \
	X(FT_RELEASE, release, FT, "a mutex is free, somebody who waits for it is woken") \
	X(FT_CRITICAL, critical, FT, "a critical section found its lock taken") \
	X(GC_TOLD, told, GC, "gc.callbacks have been told of the start: the pause begins")

enum gs_event {
	GS_EVENT_NONE,
#define X(NAME, name, FAMILY, help) GS_EVENT_##NAME,
	GS_EVENTS(X)
#undef X
		GS_EVENT_COUNT
};

/* Cookie: event in bits 0-7, index into gs_sites in bits 8-31; GS_COOKIE_GIL() above them. */
#define GS_COOKIE(event, site) ((u64)(event) | (u64)(site) << 8)
#define GS_COOKIE_EVENT(cookie) ((u32)((cookie)&0xff))
#define GS_COOKIE_SITE(cookie) ((u32)((cookie) >> 8 & 0xffffff))

/*
 * Which GIL it is, in the cookie itself: it is asked at every take.  Its address is a register
 * (bits 32-36) plus a displacement (bits 48-63, signed), if bit 37 says so.
 */
#define GS_COOKIE_GIL(reg, disp) (((u64)(u16)(disp) << 16 | 1 << 5 | ((reg)&31)) << 32)
#define GS_COOKIE_HAS_GIL(cookie) ((cookie) >> 37 & 1)
#define GS_COOKIE_GIL_REG(cookie) ((u8)((cookie) >> 32 & 31))
#define GS_COOKIE_GIL_DISP(cookie) ((s64)(cookie) >> 48)

/* Where a site's argument (a generation, an object, a type) is found. */
enum gs_arg_kind {
	GS_ARG_NONE,
	GS_ARG_CONST, /* disp itself */
	GS_ARG_REG, /* the register */
	GS_ARG_DEREF, /* memory at register + disp */
	GS_ARG_SUM, /* register + disp: an address */
};

struct gs_arg {
	u8 kind; /* enum gs_arg_kind */
	/* The machine's own number.  x86-64: 0 rax 1 rcx 2 rdx 3 rbx 4 rsp 5 rbp 6 rsi 7 rdi 8-15
	 * r8-r15; aarch64: 0-30 x0-x30, 31 sp. */
	u8 reg;
	s8 size; /* bytes; negative: signed, as in USDT notes */
	u8 pad;
	s32 disp;
};

#define GS_SITE_ARGS 3

struct gs_site {
	u32 event; /* enum gs_event */
	struct gs_arg args[GS_SITE_ARGS];
	u32 pad;
	u64 function; /* REFS_DEALLOC: the tp_dealloc it is in, as an address in the file */
};

_Static_assert(sizeof(struct gs_site) == 40, "gs_site is ABI");

#endif
