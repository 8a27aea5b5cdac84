/*
 * The semaphores of the probe points that have one.  They live in .probes, in writable memory:
 * the kernel raises and lowers them in step with the tracers that look.
 */
#include "runtime/rt_probe.h"

#define SEMAPHORE(name) \
	unsigned short gilscope_rt_##name##_semaphore __attribute__((section(".probes"), used))

SEMAPHORE(object__new);
SEMAPHORE(object__dealloc);
SEMAPHORE(call__start);
SEMAPHORE(call__return);
