/* The clocks gilscope reads, all in ns.  Those of our own cannot fail. */
#ifndef GS_USER_BASE_CLOCK_H
#define GS_USER_BASE_CLOCK_H

#include <sys/types.h>

#include "bpf/types.h"

/* CLOCK_MONOTONIC: the clock of every time in BPF. */
u64 clock_mono_ns(void);

/* CLOCK_REALTIME: ns since 1970. */
u64 clock_real_ns(void);

/* CPU time this process has used, all threads, user and kernel. */
u64 clock_cpu_ns(void);

/* CPU time of process @pid, all its threads, up to their last ticks; 0: it is gone. */
u64 clock_process_ns(pid_t pid);

/* Clock ticks since the boot, as /proc/PID/stat tells when something began, as CLOCK_MONOTONIC. */
u64 clock_ticks_ns(u64 ticks);

#endif
