/*
 * The contract between BPF and user space: what BPF keeps about every process
 * and thread it measures.
 *
 * Slots live in memory-mapped arrays, so user space reads them without a system
 * call and BPF reaches them without a hash look-up (a thread's slot number is in its
 * task storage).  A thread slot is written by its own thread only; user space reads it
 * between two even and equal values of `seq`.
 *
 *   slot:  FREE --first event of a thread--> LIVE --thread exits--> EXITED
 *            ^                                                        |
 *            +------- user space has read the final values -----------+
 *
 * Fixed widths only, no implicit padding.  Times are CLOCK_MONOTONIC nanoseconds, ids
 * as the host sees them.
 */
#ifndef GS_BPF_STATE_H
#define GS_BPF_STATE_H

#include "bpf/ft.h"
#include "bpf/gil.h"
#include "bpf/hist.h"
#include "bpf/offcpu.h"
#include "bpf/stacks.h"
#include "bpf/types.h"

#define GS_COMM_LEN 16

enum gs_slot_state { GS_SLOT_FREE, GS_SLOT_LIVE, GS_SLOT_EXITED };

/* The system calls of the io family, one line each: X(NAME, name).  Numbers: bpf/machine.bpf.h. */
#define GS_IO_CALLS(X) \
	X(EPOLL_WAIT, epoll_wait) \
	X(EPOLL_PWAIT, epoll_pwait) \
	X(EPOLL_PWAIT2, epoll_pwait2) \
	X(POLL, poll) \
	X(PPOLL, ppoll) \
	X(SELECT, select) \
	X(PSELECT6, pselect6)

enum gs_io_call {
#define X(NAME, name) GS_IO_##NAME,
	GS_IO_CALLS(X)
#undef X
		GS_IO_COUNT
};

/* Watch mode: the last sleep of a thread on the GIL's condition (watch.bpf.c). */
struct gs_watch {
	u64 ran_ns; /* it ended: the thread got the CPU; 0: asleep, or not waiting */
	u64 exec_ns; /* CPU time the thread had had when it began */
	u64 cpu_ns; /* on the CPU since ran_ns, up to when it last left it */
	u64 sleep_ns; /* it began */
	u64 switch_number; /* the GIL's, when it began */
	u64 sp; /* the thread's stack pointer in that call */
	u64 io_calls; /* read and write calls the thread had made */
	u64 print; /* of the stack above take_gil()'s locals; 0: not read */
	u32 holder; /* native_thread_id of who held it then; 0: unknown */
	u8 known; /* switch_number was read */
	u8 was_mine; /* the thread was the last holder itself */
	u8 blamed; /* the holder has been blamed for a part of this wait */
	u8 pad;
	u64 queued_ns; /* of the wait's sleeps: runnable, not running */
	u64 told_ns; /* recording: up to here its parts have been told; 0: none was */
};

/* One thread.  `*_since_ns` is 0 while no such thing is going on. */
struct gs_thread {
	u32 seq; /* odd while its thread writes */
	u32 state; /* enum gs_slot_state */
	u32 pid;
	u32 tid;
	u32 proc; /* index into gs_procs */
	u32 slot; /* its own index into gs_threads */
	u32 gil; /* of its last hold or wait: index into gs_gils + 1; 0: the main interpreter's */
	u32 io_call; /* enum gs_io_call + 1 of the call it is blocked in; 0: none */
	char comm[GS_COMM_LEN]; /* when the slot was taken */
	u64 start_ns; /* slot taken */
	u64 born_ns; /* its task started */

	/* going on now; first what is looked at in every context switch, in one cache line */
	u64 wait_since_ns;
	u64 off_since_ns; /* off the CPU while holding */
	u64 block_since_ns; /* blocked in io_call */
	u64 io_woken_ns; /* a wake-up that has not reached the GIL yet */
	u64 hold_since_ns;
	u64 exec_ns; /* CPU time it had had when off_since_ns or another of these began */
	struct gs_watch watch;
	u64 successor_ns; /* the GIL was seen free, or another's, before our release was seen */
	u64 woken_ns; /* woken from io_call; 0: not yet */
	u64 ran_ns; /* first ran after woken_ns; 0: not yet */
	u64 exit_ns;
	u64 gc_at_wait_ns[GS_GC_GENERATIONS]; /* gil->gc_total_ns when the wait began */
	u32 off_preempted; /* how it left the CPU: 1 runnable, 0 blocked */
	u32 forced; /* the coming release was asked for by another thread */
	u32 io_woken_call; /* enum gs_io_call + 1 that io_woken_ns belongs to */
	u32 events; /* GIL events seen; saturates: 0 means the first one is to come */
	u32 wait_holder; /* tid of who held the GIL when the wait began; 0: unknown */
	u32 off_call; /* what it went to sleep in at off_since_ns: as gs_blocked.call */
	/* The scheduler's count of the time it had been runnable and not running … */
	u64 run_delay_ns; /* … when off_since_ns or a sleep in its wait began */
	u64 wait_delay_ns; /* … exact mode: when its wait began */
	u64 queued_ns; /* of the time off the CPU that has just ended: runnable */
	/* exact mode: up to when its wait has been charged to whom (bpf/blame.h) */
	u64 blame_ns;
	u64 blame_pass; /* gs_gil.passes then */
	u32 blame_holder; /* who held the GIL then; 0: unknown */
	u32 blamed; /* who was charged last for this wait; GS_BLAMED_NOBODY */

	/* totals since the slot was taken */
	u64 takes;
	u64 contended_takes;
	u64 forced_releases;
	u64 held_ns; /* closed holds, and the seen part of one begun before attach */
	u64 held_preempted_ns; /* off the CPU while holding, runnable */
	u64 held_blocked_ns; /* off the CPU while holding, asleep */
	struct gs_hist hold;
	struct gs_hist wait;
	struct gs_ft_thread ft;
	u64 held_ticks; /* watch mode: ticks at which it held a GIL (sample.bpf.c) */
	struct gs_thread_stack stack;
	u64 wait_runnable_ns; /* part of finished waits, watch mode: sleeps: runnable, not running
			       */
	struct gs_blocked blocked[GS_BLOCKED_ROWS];
	u64 unblamed, unblamed_ns; /* of its waits: for whom there was no room in gs_blame */
	u32 early; /* exact mode: its hold was seen in the GIL's memory; its site is to come */
	u32 pad;
};

/* One system call of the io family in one process; many threads add to it. */
struct gs_io {
	u64 calls;
	u64 wakeups; /* returned events after it blocked */
	u64 timeouts; /* returned no event though it was willing to wait */
	u64 errors;
	u64 events; /* of all returns */
	struct gs_hist blocked;
	struct gs_hist wake_to_run;
	struct gs_hist wake_to_gil;
	struct gs_hist wake_gil_wait; /* the part of wake_to_gil that was a wait for the GIL */
};

struct gs_gc {
	u64 collections;
	u64 collected;
	u64 uncollectable;
	u64 stalled_ns; /* waits of other threads while this generation was collected */
	struct gs_hist pause;
};

/* What user space resolved about one process for BPF.  0: unknown. */
struct gs_proc_config {
	u64 gil_cond; /* address of the GIL's condition variable */
	u64 gil_cond_size;
	u64 gc_stats; /* address of generation_stats[0] of the main interpreter */
	u32 gc_stats_stride;
	u32 ob_type; /* offset in PyObject */
	u32 tp_name; /* offset in PyTypeObject */
	u32 tp_dealloc; /* likewise */
	u32 tp_flags; /* likewise */
	u32 types_by_name; /* its refs sites are given the type's name, not the object */
	/* watch mode */
	u64 gil_state; /* address of last_holder, which locked and switch_number follow */
	u64 gil_mutex;
	u64 gc_rings; /* 3.15: address of the main interpreter's pointer to gc_stats */
	u32 tstate_thread_id; /* offset in PyThreadState */
	u32 tstate_native_id; /* likewise; ~0: there is none */
	u32 foreign_tids; /* native ids are those of another pid namespace */
	u32 pad;
	/* 3.15: gc_stats is of rings; per generation the items' place, the newest one's number */
	u32 gc_ring_items[GS_GC_GENERATIONS]; /* offset from gc_stats; gc_stats_stride apart */
	u32 gc_ring_newest[GS_GC_GENERATIONS]; /* likewise, of an s8; 0: no rings */
	u32 gc_ring_row; /* offset in an item of its three numbers */
	u32 pad2;
	u64 load_bias; /* of the interpreter: address in memory - address in the file */
	/* stacks */
	struct gs_frame_layout frames;
	u32 frames_known;
	u32 pad3;
};

struct gs_proc {
	u32 state; /* enum gs_slot_state */
	u32 pid;
	u32 parent; /* index + 1 of the process it was forked from; 0: not a fork */
	u32 execed; /* it ended, for us, because it executed another program */
	u32 seed_tid; /* held the GIL when the measurement began, as user space read; 0: nobody */
	u32 pad;
	u64 start_ns; /* measured from; 0: not yet, its events are ignored */
	u64 exit_ns;
	struct gs_proc_config config;
	struct gs_gil gil; /* the main interpreter's */
	struct gs_gc gc[GS_GC_GENERATIONS];
	struct gs_io io[GS_IO_COUNT];
	u64 refs_counted[3]; /* counting in bursts: hits of its refs sites in them, by kind */
	struct gs_more_gil more[GS_MORE_GILS];
	struct gs_ft ft;
	u64 ticks; /* watch mode: ticks that met one of its threads on a CPU */
	struct gs_proc_stack stack;
};

/*
 * What the kernel side hooks besides the interpreter's sites, one line each:
 * X(NAME, name, FAMILY).  They share the hit counters with the sites, which come after them.
 */
#define GS_HOOKS(X) \
	X(SCHED_SWITCH, sched_switch, SCHED) \
	X(SCHED_WAKING, sched_waking, IO) \
	X(PROCESS_FORK, sched_process_fork, PROC) \
	X(PROCESS_EXEC, sched_process_exec, PROC) \
	X(PROCESS_EXIT, sched_process_exit, PROC) \
	X(LOOP_ENTER, loop_enter, ASYNCIO) \
	X(LOOP_LEAVE, loop_leave, ASYNCIO) \
	X(SAMPLE, cpu_clock, GIL) \
	X(STACK_TICK, stack_tick, STACKS)

enum gs_hook {
#define X(NAME, name, FAMILY) GS_HOOK_##NAME,
	GS_HOOKS(X)
#undef X
		GS_HOOK_IO, /* + enum gs_io_call */
	GS_HOOK_COUNT = GS_HOOK_IO + GS_IO_COUNT
};

/* A life event, through the gs_life ring: rare, and worth waking user space for. */
enum gs_life_kind {
	GS_LIFE_FORK = 1,
	GS_LIFE_EXEC, /* by a target: it is one no longer */
	GS_LIFE_EXIT,
	GS_LIFE_START, /* by somebody else: user space looks whether it is a target now */
};

#define GS_KIN_MAX 4096 /* entries of gs_kin */
#define GS_NO_PROC 0xffffffffu

struct gs_life {
	u64 ts_ns;
	u32 kind; /* enum gs_life_kind */
	u32 pid;
	u32 parent_pid; /* FORK */
	u32 proc; /* index into gs_procs; GS_NO_PROC: none */
	u32 named; /* EXEC, START: the program's file is named python… */
	u32 pad;
};

_Static_assert(sizeof(struct gs_life) == 32, "gs_life is ABI");

#endif
