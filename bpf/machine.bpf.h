/*
 * What differs between the machines that the programs are built for, x86-64 and aarch64: where a
 * system call's number and arguments are kept, a register by its number, a thread's own pointer,
 * the numbers of the calls that are told apart.
 *
 * In a struct pt_regs of a thread in a system call, as bpf_task_pt_regs() gives it:
 *
 *   GS_CALL_NR      its number; below 0, or above all numbers: it is in no call, but stopped by an
 *                   exception
 *   GS_CALL_ARG<n>  its n-th argument, from 0: still there when it returns
 *   sp              the stack pointer, on both machines
 */
#ifndef GS_BPF_MACHINE_BPF_H
#define GS_BPF_MACHINE_BPF_H

#include "vmlinux.h"

#if defined(__TARGET_ARCH_x86)

/* orig_ax is -1 after an exception (arch/x86/entry/entry_64.S, error_entry). */
#define GS_CALL_NR orig_ax
#define GS_CALL_ARG0 di
#define GS_CALL_ARG2 dx
#define GS_CALL_ARG3 r10

/* X(number, member of struct pt_regs): numbers of struct gs_arg (bpf/site.h) */
#define GS_REGISTERS(X) \
	X(0, ax) \
	X(1, cx) \
	X(2, dx) \
	X(3, bx) \
	X(4, sp) \
	X(5, bp) \
	X(6, si) \
	X(7, di) \
	X(8, r8) \
	X(9, r9) \
	X(10, r10) \
	X(11, r11) \
	X(12, r12) \
	X(13, r13) \
	X(14, r14) \
	X(15, r15)

/* arch/x86/entry/syscalls/syscall_64.tbl */
#define GS_NR_futex 202
#define GS_NR_poll 7
#define GS_NR_select 23
#define GS_NR_epoll_wait 232
#define GS_NR_pselect6 270
#define GS_NR_ppoll 271
#define GS_NR_epoll_pwait 281
#define GS_NR_epoll_create1 291
#define GS_NR_epoll_pwait2 441

/* Is @self what pthread_self() is in @task?  Both libcs have it where %fs points to. */
static __always_inline bool gs_is_self(struct task_struct *task, u64 self)
{
	return self == task->thread.fsbase;
}

#elif defined(__TARGET_ARCH_arm64)

/* NO_SYSCALL, -1, after an exception (arch/arm64/kernel/entry.S, kernel_entry 0). */
#define GS_CALL_NR syscallno
#define GS_CALL_ARG0 orig_x0
#define GS_CALL_ARG2 regs[2]
#define GS_CALL_ARG3 regs[3]

#define GS_REGISTERS(X) \
	X(0, regs[0]) \
	X(1, regs[1]) \
	X(2, regs[2]) \
	X(3, regs[3]) \
	X(4, regs[4]) \
	X(5, regs[5]) \
	X(6, regs[6]) \
	X(7, regs[7]) \
	X(8, regs[8]) \
	X(9, regs[9]) \
	X(10, regs[10]) \
	X(11, regs[11]) \
	X(12, regs[12]) \
	X(13, regs[13]) \
	X(14, regs[14]) \
	X(15, regs[15]) \
	X(16, regs[16]) \
	X(17, regs[17]) \
	X(18, regs[18]) \
	X(19, regs[19]) \
	X(20, regs[20]) \
	X(21, regs[21]) \
	X(22, regs[22]) \
	X(23, regs[23]) \
	X(24, regs[24]) \
	X(25, regs[25]) \
	X(26, regs[26]) \
	X(27, regs[27]) \
	X(28, regs[28]) \
	X(29, regs[29]) \
	X(30, regs[30]) \
	X(31, sp)

/* include/uapi/asm-generic/unistd.h; poll, select and epoll_wait are calls of x86-64's alone */
#define GS_NR_NONE (1 << 20) /* and the like: above all numbers, each its own */
#define GS_NR_futex 98
#define GS_NR_poll GS_NR_NONE
#define GS_NR_select (GS_NR_NONE + 1)
#define GS_NR_epoll_wait (GS_NR_NONE + 2)
#define GS_NR_pselect6 72
#define GS_NR_ppoll 73
#define GS_NR_epoll_pwait 22
#define GS_NR_epoll_create1 20
#define GS_NR_epoll_pwait2 441

/*
 * pthread_self() is the thread's descriptor, which ends where its register points to, or shortly
 * before (glibc's TLS_DTV_AT_TP, musl's TLS_ABOVE_TP).  Its size is the libc's own affair,
 * some 2 KB; another thread's descriptor cannot be so near: a stack is between.
 *
 * The kernel's copy of the register is from when the thread last left a CPU; what clone() gave a
 * thread never changes.
 */
#define GS_DESCRIPTOR_MAX 4096

static __always_inline bool gs_is_self(struct task_struct *task, u64 self)
{
	return task->thread.uw.tp_value - self - 1 < GS_DESCRIPTOR_MAX;
}

#else
#error "machine.bpf.h: not known to this machine; only x86-64 and aarch64 are"
#endif

#endif
