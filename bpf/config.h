/* Settings that user space puts into the programs' read-only data before they are loaded. */
#ifndef GS_BPF_CONFIG_H
#define GS_BPF_CONFIG_H

#include "bpf/types.h"

struct gs_config {
	u32 families; /* GS_FAMILY_BIT()s: code of the others is pruned by the verifier */
	u32 max_threads; /* entries of gs_threads */
	u32 max_processes; /* entries of gs_procs */
	u32 max_sites; /* entries of gs_sites */
	u32 only_pid; /* the one target, where there is but one and no children are followed;
			 0: ask gs_targets */
	u32 record; /* tell every span through gs_records */
	u32 follow_children; /* forks of targets become targets */
	u32 watch; /* watch mode: the scheduler's view alone */
	u32 bursts; /* refs are counted only while gs_burst.active says so */
	u32 follow_all; /* tell of every program that is executed: it may be CPython */
	u64 slow_ns; /* asyncio: an iteration or a step that takes longer is told apart */
	u64 stacks_seed; /* of the hashes that stacks are known by */
	u32 sample; /* watch mode: gs_cpu_clock runs at the ticks of a clock on each CPU */
	u32 no_blame; /* nobody will ask who made whom wait */
	u32 native; /* stacks: native ones as well (bpf/native.h) */
	u32 pad;
};

#endif
