/*
 * Native stacks of a process: what C functions a thread is in, walked by the unwind tables
 * (.eh_frame) of the files that are mapped, so without frame pointers; elfutils' libdwfl does it
 * over a copy of the thread's registers and of the newest part of its stack.
 *
 *   native_new -> (native_refresh) -> native_unwind ... -> native_free
 *
 * The files are the process's own, and may be made to do harm: they are read, not mapped (a file
 * that shrinks is an error), within bounds of memory, libdw gets of their tables what is sound
 * (native_table.c), a walk ends after NATIVE_FRAMES_MAX frames, and where no table says how to go
 * on.  Nothing is guessed from frame pointers.  Debug files (names alone) come from /usr/lib/debug
 * here, never from the process's own root or over the network.
 */
#ifndef GS_USER_TARGET_NATIVE_H
#define GS_USER_TARGET_NATIVE_H

#include <stddef.h>

#include "user/target/process.h"

#define NATIVE_FRAMES_MAX 512
#define NATIVE_REGS 32 /* by DWARF's numbers: x86-64: 0 to 15; aarch64: x0 to x30, 31: sp */
#define NATIVE_STACK_MAX (256 << 10) /* bytes that native_now_read() copies */

/* Registers of a thread, and the newest part of its stack. */
struct native_state {
	u64 pc;
	u64 reg[NATIVE_REGS];
	u32 known; /* bit n: reg[n] is known */
	u64 sp; /* where the copy begins */
	const u8 *data; /* borrowed */
	size_t bytes;
};

/* A function, once for all processes that share the names. */
struct native_name {
	char *function; /* "usleep [libc.so.6]"; without a symbol "libc.so.6+0x1234", where it
			 * begins in the file (as objdump -d has it); printable */
	char *file; /* of the module, as /proc/PID/maps has it; printable; NULL: in no file */
	bool eval; /* CPython's evaluation loop, that of the process's interpreter */
};

struct native_frames {
	u32 n;
	bool whole; /* up to the thread's first function */
	const struct native_name *frame[NATIVE_FRAMES_MAX]; /* newest first */
};

/* Names, shared by processes; they live as long as it does. */
struct native_names;
struct native_names *native_names_new(void); /* NULL without memory */
void native_names_free(struct native_names *names); /* NULL is fine */

struct native;

/*
 * native_new - get ready for the stacks of @p
 * @names: borrowed, as @p's binary is; @p itself is not kept
 * Return: 0; -ENOMEM; or what reading its maps returned.
 */
int native_new(const struct py_process *p, struct native_names *names, struct native **ret_n);
struct native *native_free(struct native *n); /* NULL is fine; returns NULL */

/*
 * native_refresh - look again what the process has mapped
 * Return: 1 if its code is elsewhere now, 0 if not, or a negative errno: then what was known of it
 * may be less, until this succeeds again.
 */
int native_refresh(struct native *n);

/*
 * native_codes - where its code is: begins and ends of mappings by turns, in rising order
 * @max: an even number; mappings next to each other are told as one if there are more
 * Return: how many; the rest of @bound is all ones.
 */
size_t native_codes(const struct native *n, u64 *bound, size_t max);

/* native_unwind - walk @state into @ret_f; false: not even the newest function is known. */
bool native_unwind(struct native *n, const struct native_state *state, struct native_frames *ret_f);

/* A thread's state, now. */
struct native_now {
	struct native_state state;
	bool running; /* it runs or wants to: there are no registers to be read */
	u8 data[NATIVE_STACK_MAX];
};

/*
 * native_now_read - where thread @tid of @pid, asleep in a system call, is
 * Only its program counter and stack pointer are known (/proc/PID/task/TID/syscall, proc(5)).
 * It is not stopped: the caller proves that it stood still (thread_still.h).
 * Return: 0; -EBUSY: it runs (->running); or a negative errno.
 */
int native_now_read(pid_t pid, pid_t tid, struct native_now *ret_now);

/* For native_now_read(): its line of text.  0, -EBUSY or -EINVAL. */
int native_now_parse(const char *line, u64 *ret_sp, u64 *ret_pc);

#endif
