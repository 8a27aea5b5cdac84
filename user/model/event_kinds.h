/* The kinds of events, each once; a part of event.h, which says what they are. */
#ifndef GS_USER_MODEL_EVENT_KINDS_H
#define GS_USER_MODEL_EVENT_KINDS_H

/*
 * Every kind of event, one line each: X(NAME, stem, id, "family:name", SPAN or INSTANT,
 * "help").
 * Ids are written into recordings, 0 to 30: append, never renumber or reuse.
 */
#define EVENT_KINDS(X) \
	X(HOLD, hold, 0, "gil:hold", SPAN, "a thread held the GIL") \
	X(WAIT, wait, 1, "gil:wait", SPAN, "a thread waited for the GIL, and got it") \
	X(CONTENDED, contended, 2, "gil:contended", SPAN, \
	  "at least one thread waited, all the time") \
	X(OFF_CPU, off_cpu, 3, "sched:off_cpu", SPAN, \
	  "a thread was off the CPU while it held the GIL") \
	X(GC_START, gc_start, 4, "gc:start", INSTANT, "the collector started") \
	X(COLLECTION, collection, 5, "gc:collection", SPAN, "the collector has run") \
	X(IO_CALL, io_call, 6, "io:call", INSTANT, "a call returned that had not slept") \
	X(IO_WAIT, io_wait, 7, "io:wait", SPAN, "a call returned that had slept") \
	X(IO_TO_GIL, io_to_gil, 8, "io:to_gil", SPAN, \
	  "from the wake-up until the GIL was owned again") \
	X(THREAD, thread, 9, "proc:thread", INSTANT, \
	  "a thread is measured, or has another name now") \
	X(THREAD_EXIT, thread_exit, 10, "proc:thread_exit", INSTANT, "a thread has ended") \
	X(PROCESS, process, 11, "proc:process", INSTANT, "a process is measured from now on") \
	X(PROCESS_EXIT, process_exit, 12, "proc:process_exit", INSTANT, "a process has ended") \
	X(TYPE, type, 13, "refs:type", INSTANT, "a type of objects, from now on known by its key") \
	X(TYPE_COUNT, type_count, 14, "refs:count", SPAN, \
	  "objects of a type since the last such event") \
	X(LOST, lost, 15, "gilscope:lost", SPAN, "events that are missing, and in which time") \
	X(PROBE, probe, 16, "gilscope:probe", INSTANT, \
	  "a probe, and how often it has been hit so far") \
	X(OPEN, open, 17, "gilscope:open", SPAN, \
	  "what was still going on when the recording ended") \
	X(LATE, late, 18, "gilscope:late", SPAN, \
	  "the next event's true time is this much earlier") \
	X(END, end, 19, "gilscope:end", INSTANT, "the recording ended as it should") \
	X(ITERATION, iteration, 20, "asyncio:iteration", SPAN, \
	  "an event loop ran what was ready, from its selector's return to its next call") \
	X(STEP, step, 21, "asyncio:step", SPAN, "an event loop resumed a task's coroutine") \
	X(WHICH_GIL, which_gil, 22, "gil:which", INSTANT, \
	  "the thread's holds and waits, the next one included, are of this GIL") \
	X(CONTENDED_OTHER, contended_other, 23, "gil:contended_other", SPAN, \
	  "as gil:contended, of the GIL of a subinterpreter") \
	X(FT_TIME, ft_time, 24, "ft:time", SPAN, \
	  "a free-threaded build: a thread stopped the world, was stopped, or slept for a mutex") \
	X(FT_CRITICAL, ft_critical, 25, "ft:critical", INSTANT, \
	  "a free-threaded build: a thread found a critical section taken") \
	X(CPU, cpu, 26, "sched:cpu", INSTANT, \
	  "the process's switch interval, and how its CPU quota has held it up so far") \
	X(FUNCTION, function, 27, "stacks:function", INSTANT, \
	  "a Python function, from now on known by its number") \
	X(FRAME, frame, 28, "stacks:frame", INSTANT, \
	  "a place in a function and what called it: all of a stack, from now on known by its " \
	  "number") \
	X(STACK_COST, stack_cost, 29, "stacks:cost", SPAN, \
	  "what a thread did in a stack since it was told last") \
	X(WAIT_PART, wait_part, 30, "gil:wait_part", SPAN, \
	  "watch mode: of the thread's next gil:wait, which had several holders, one's part")

/* The version of the format that CPU came with, and all kinds after it. */
#define EVENT_CPU_FORMAT 5
/* The same of WAIT_PART. */
#define EVENT_WAIT_PART_FORMAT 6

enum event_kind {
#define X(NAME, stem, id, name, shape, help) EVENT_##NAME = id,
	EVENT_KINDS(X)
#undef X
		EVENT_KIND_COUNT = 31
};

#endif
