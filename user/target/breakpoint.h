/* Breakpoint instructions of the machine that gilscope runs on: what is traced runs here too. */
#ifndef GS_USER_TARGET_BREAKPOINT_H
#define GS_USER_TARGET_BREAKPOINT_H

/*
 * BREAKPOINT: one of ours, for ptrace.  BREAKPOINT_PC: the program counter in struct
 * user_regs_struct, which is BREAKPOINT_PAST bytes beyond a breakpoint that was hit.
 * BREAKPOINT_OF_PROBE: what the kernel puts at a uprobe.
 */
#if defined(__x86_64__)
#define BREAKPOINT "\xcc" /* int3 */
#define BREAKPOINT_PC rip
#define BREAKPOINT_PAST 1
#define BREAKPOINT_OF_PROBE BREAKPOINT
#elif defined(__aarch64__)
#define BREAKPOINT "\x00\x00\x20\xd4" /* brk #0 */
#define BREAKPOINT_PC pc
#define BREAKPOINT_PAST 0
#define BREAKPOINT_OF_PROBE "\xa0\x00\x20\xd4" /* brk #5: UPROBES_BRK_IMM, asm/brk-imm.h */
#else
#error "breakpoint.h: not known of this machine; only x86-64's and aarch64's are"
#endif

#define BREAKPOINT_SIZE (sizeof(BREAKPOINT_OF_PROBE) - 1) /* of each of them */

#endif
