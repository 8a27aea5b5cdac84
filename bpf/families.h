/*
 * Every probe family, one line each: X(NAME, name, id, on, "help").
 *
 * A new family adds its line here and its own files: bpf/<name>.h,
 * bpf/<name>.bpf.c, user/family/<name>.c (and user/target/sites_<name>.c when
 * it has sites in the interpreter).  `on`: measured unless --without says no.
 * Ids are written into recordings: append, never renumber or reuse.
 */
#ifndef GS_BPF_FAMILIES_H
#define GS_BPF_FAMILIES_H

#define GS_FAMILIES(X) \
	X(PROC, proc, 1, 1, "threads and processes: names, start, fork, exec, exit") \
	X(GIL, gil, 2, 1, "who held the GIL, who waited, for how long") \
	X(GC, gc, 3, 1, "collections and pauses per generation") \
	X(IO, io, 4, 1, "epoll, poll and select calls: blocked time and wake-ups") \
	X(SCHED, sched, 5, 1, "the part of each hold spent off the CPU") \
	X(REFS, refs, 6, 0, "objects deallocated and created, by type") \
	X(CALLS, calls, 7, 0, "calls of one function, by its symbol (--count asks for it)") \
	X(ASYNCIO, asyncio, 8, 0, "event loops: iterations, task steps, blocked time") \
	X(FT, ft, 9, 1, "free-threaded builds: stops of the world, waits for mutexes") \
	X(STACKS, stacks, 10, 0, "Python stacks: what held the GIL, waited for it, collected")

enum gs_family {
#define X(NAME, name, id, on, help) GS_FAMILY_##NAME = id,
	GS_FAMILIES(X)
#undef X
		GS_FAMILY_END
};

#define GS_FAMILY_BIT(id) (1U << (id))

#endif
