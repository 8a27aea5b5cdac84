/*
 * Everything gilscope can lose, one line each: X(NAME, name, families, "help").
 *
 * The same list sizes the map, names the entries of "lost" in the output and
 * fills the help.  `families`: whose figures are smaller because of it.
 */
#ifndef GS_BPF_LOSSES_H
#define GS_BPF_LOSSES_H

#define GS_LOSSES(X) \
	X(THREADS_FULL, threads_full, "gil gc io sched asyncio ft", \
	  "takes, releases and I/O calls of threads that got no slot; raise --max-threads") \
	X(PROCESSES_FULL, processes_full, "all", \
	  "processes that got no slot; raise --max-processes") \
	X(TYPES_FULL, types_full, "refs", "objects of types that got no slot; raise --max-types") \
	X(LIFE_FULL, life_full, "proc", \
	  "thread and process events that user space was told of too late") \
	X(ATTACH_MID_HOLD, attach_mid_hold, "gil", \
	  "holds already going on at attach: their time counts from the attach, their length is " \
	  "unknown") \
	X(ATTACH_MID_WAIT, attach_mid_wait, "gil", \
	  "waits already going on at attach: counted from the attach") \
	X(ATTACH_MID_GC, attach_mid_gc, "gc", \
	  "collections already going on at attach: not counted") \
	X(EXIT_MID_WAIT, exit_mid_wait, "gil", \
	  "waits ended by the thread's or process's end, not counted") \
	X(EXIT_MID_GC, exit_mid_gc, "gc", "collections ended by the process's end, not counted") \
	X(UNPAIRED_OWNED, unpaired_owned, "gil", "holds whose release was not seen; not counted") \
	X(UNPAIRED_RELEASED, unpaired_released, "gil", \
	  "releases whose acquisition was not seen; their holds are not counted") \
	X(UNPAIRED_GC, unpaired_gc, "gc", "collections with only one end seen; not counted") \
	X(CLOCK_BACK, clock_back, "all", "intervals that came out negative; not counted") \
	X(READ_FAULT, read_fault, "gil gc refs", "reads of the target's memory that failed") \
	X(ARRIVAL_MISSED, arrival_missed, "gil io sched", \
	  "times a thread got the CPU that the kernel did not tell: when that was is worked out " \
	  "from " \
	  "the CPU time it used") \
	/* No longer raised: what there is no room for is the unknown holder's. */ \
	X(BLAME_FULL, blame_full, "gil", \
	  "waits of pairs of threads for which there was no room in the table of who made whom " \
	  "wait") \
	X(PROCESSES_DROPPED, processes_dropped, "all", \
	  "processes that ended long ago and are no longer shown, to bound memory") \
	X(KERNEL_SKIPPED, kernel_skipped, "all", \
	  "events the kernel did not pass on because a program was running already") \
	X(RING_FULL, ring_full, "all", \
	  "events that are not in the recording because the buffer was full; raise --buffer") \
	X(RECORDING_DAMAGED, recording_damaged, "all", \
	  "packets of the recording that are damaged or missing; their events are unknown") \
	X(GILS_FULL, gils_full, "gil", \
	  "takes of GILs of subinterpreters for which there was no slot, and such GILs") \
	X(STARTS_FULL, starts_full, "all", \
	  "programs that started while too many were being looked at: if they are CPython, they " \
	  "are " \
	  "not measured") \
	X(STARTS_MISSED, starts_missed, "all", \
	  "interpreters that started and ended before they could be measured") \
	X(TASK_STORAGE, task_storage, "gil gc io sched asyncio ft", \
	  "takes, releases and I/O calls of threads for which the kernel had no memory to be " \
	  "remembered by at that moment: it is asked again at their next one") \
	X(STACKS_FULL, stacks_full, "stacks", \
	  "stacks, and times of stacks, for which there was no room: they are in the rows " \
	  "without " \
	  "frames") \
	X(STACKS_TORN, stacks_torn, "stacks", \
	  "stacks whose frames ended in what is none: they are shown as far as they go") \
	X(NATIVE_FULL, native_full, "stacks", \
	  "native stacks for which there was no room: they are shown without native frames") \
	X(NATIVE_UNREAD, native_unread, "stacks", \
	  "native stacks whose memory or code could not be read: likewise") \
	X(NATIVE_CUT, native_cut, "stacks", \
	  "native stacks that could be walked in part only: older native frames are left out") \
	X(NATIVE_UNMERGED, native_unmerged, "stacks", \
	  "native stacks that do not go with the Python frames: only the frames above the newest " \
	  "Python function are shown") \
	X(STARTS_REFUSED, starts_refused, "all", \
	  "interpreters that run and cannot be measured: see gilscope ps, which says why")

enum gs_loss {
#define X(NAME, name, families, help) GS_LOSS_##NAME,
	GS_LOSSES(X)
#undef X
		GS_LOSS_COUNT
};

#endif
