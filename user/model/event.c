/* The kinds of events and their fields, each once.  On disk they lie in this order. */
#include "user/model/event.h"

#include <stdlib.h>
#include <string.h>

#include "bpf/state.h"

/* clang-format off */
#define U32(member, bits, help) { #member, EVENT_U32, bits, offsetof(struct event, member), help, 0 }
#define U64(member, bits, help) { #member, EVENT_U64, bits, offsetof(struct event, member), help, 0 }
#define S64(member, bits, help) { #member, EVENT_S64, bits, offsetof(struct event, member), help, 0 }
#define FLAG(member, help) { #member, EVENT_FLAG, 1, offsetof(struct event, member), help, 0 }
#define CALL { "call", EVENT_CALL, 8, offsetof(struct event, call), "the system call", 0 }
#define PAD(bits) { "pad", EVENT_PAD, bits, 0, "0", 0 }
#define TEXT(name, position, help) { name, EVENT_TEXT, 0, position, help, 0 }
#define NS(help) U64(ns, 48, help)
#define TID U32(tid, 22, "the thread, as the host sees it")
#define PID(bits) U32(pid, bits, "the process, as the host sees it")
#define SINCE_5(member, bits, help) { #member, EVENT_U64, bits, offsetof(struct event, member), help, 5 }
#define BLOCKED_IN { "blocked_in", EVENT_U32, 16, offsetof(struct event, blocked_in), \
	"what it slept in: 1 several calls, 2 no call, 3 + a system call's number; 0: unknown, or it could have run", 5 }
#define END { NULL, EVENT_PAD, 0, 0, NULL, 0 }

static const struct event_field hold_fields[] = {
	TID, FLAG(forced, "given up because another thread asked"),
	FLAG(mid, "began before the measurement: its true length is unknown"),
	NS("how long, ns"), END,
};

static const struct event_field wait_fields[] = {
	TID, FLAG(mid, "began before the measurement: its true length is unknown"),
	FLAG(alone, "a stretch with a waiter began and ended with it"),
	NS("how long, ns"),
	U32(holder, 24, "the thread that held the GIL when it began; 0: unknown"),
	SINCE_5(runnable_ns, 48, "of it, it could have run, ns; all ones: unknown"), END,
};

static const struct event_field wait_part_fields[] = {
	TID, PAD(2), NS("how long, ns"), U32(holder, 24, "the thread that held the GIL then; 0: unknown"), END,
};

static const struct event_field contended_fields[] = {
	PID(24), NS("how long, ns"), END,
};

static const struct event_field which_gil_fields[] = {
	TID, PAD(2), U64(gil, 64, "its address; 0: the main interpreter's"), END,
};

static const struct event_field contended_other_fields[] = {
	PID(24), NS("how long, ns"), U64(gil, 64, "its address"), END,
};

static const struct event_field off_cpu_fields[] = {
	TID, FLAG(preempted, "it could have run; else it slept"), PAD(1), NS("how long, ns"),
	BLOCKED_IN, END,
};

static const struct event_field gc_start_fields[] = {
	TID, U32(generation, 2, "the oldest generation collected"), END,
};

static const struct event_field collection_fields[] = {
	TID, U32(generation, 2, "the oldest generation collected"), NS("how long, ns"),
	U64(collected, 64, "objects found unreachable; all ones: unknown"),
	U64(uncollectable, 64, "objects found that could not be collected; all ones: unknown"), END,
};

static const struct event_field io_call_fields[] = {
	TID, FLAG(timeout, "no event though it was willing to wait"), PAD(1), CALL,
	S64(result, 32, "the call's return value"), END,
};

static const struct event_field io_wait_fields[] = {
	TID, FLAG(timeout, "no event though it was willing to wait"), PAD(1), CALL,
	S64(result, 32, "the call's return value"),
	NS("from falling asleep until the return, ns"),
	U64(blocked_ns, 48, "asleep, until woken, ns"),
	U64(to_run_ns, 48, "from woken until running, ns; all ones: unknown"), END,
};

static const struct event_field io_to_gil_fields[] = {
	TID, PAD(2), CALL, NS("from woken until the GIL was owned, ns"),
	SINCE_5(gil_wait_ns, 48, "of it, waited for the GIL, ns; all ones: unknown"), END,
};

static const struct event_field thread_fields[] = {
	U32(tid, 32, "the thread, as the host sees it"),
	PID(32), U32(ns_id, 32, "the thread as its namespace sees it"),
	U64(start_ns, 64, "measured since, CLOCK_MONOTONIC ns; 0: since the beginning"),
	TEXT("name", EVENT_THREAD_NAME, "Python's name of it where known, else the kernel's"), END,
};

static const struct event_field thread_exit_fields[] = {
	U32(tid, 32, "the thread, as the host sees it"), END,
};

static const struct event_field process_fields[] = {
	PID(32), U32(ns_id, 32, "the process as its namespace sees it"),
	U32(parent, 32, "the measured process it was forked from; 0: none"),
	U32(seed_tid, 32, "the thread that held the GIL then; 0: nobody"),
	U32(known, 32, "bits: 1 forced releases seen, 2 collected objects read, 4 free-threaded, 8 debug, 16 no GIL, 32 runnable told, 64 stacks, 128 collections' GIL told"),
	U64(gil, 64, "address of its GIL"),
	TEXT("version", EVENT_PROCESS_VERSION, "of Python"),
	TEXT("path", EVENT_PROCESS_PATH, "of the interpreter, as the process sees it"),
	TEXT("build_id", EVENT_PROCESS_BUILD_ID, "of that file, hex"),
	TEXT("command", EVENT_PROCESS_COMMAND, "its command line"),
	TEXT("types_coverage", EVENT_PROCESS_COVERAGE, "what counts of types cover"), END,
};

static const struct event_field process_exit_fields[] = {
	PID(22), FLAG(execed, "it executed another program"), PAD(1), END,
};

static const struct event_field type_fields[] = {
	PID(32), U64(key, 64, "the type's identity within the process"),
	TEXT("name", EVENT_TYPE_NAME, "tp_name"), END,
};

static const struct event_field type_count_fields[] = {
	PID(32), U64(key, 64, "the type's identity within the process"),
	NS("since the last count, ns"),
	U64(deallocs, 64, "objects deallocated in this time"),
	U64(allocs, 64, "objects created in this time; all ones: not told"), END,
};

static const struct event_field lost_fields[] = {
	NS("the time in which it happened, ns"), U64(count, 64, "how many"),
	TEXT("cause", EVENT_LOST_CAUSE, "as in gilscope stat"), END,
};

static const struct event_field probe_fields[] = {
	U64(offset, 64, "in the file"), U64(count, 64, "hits so far"),
	TEXT("family", EVENT_PROBE_FAMILY, "what it serves"),
	TEXT("event", EVENT_PROBE_EVENT, "what it means"),
	TEXT("file", EVENT_PROBE_FILE, "as the process sees it; or kernel"),
	TEXT("found_by", EVENT_PROBE_FOUND_BY, "how it was found"),
	TEXT("instruction", EVENT_PROBE_INSTRUCTION, "what it sits on"), END,
};

static const struct event_field open_fields[] = {
	TID, FLAG(mid, "began before the measurement"),
	FLAG(preempted, "of a time off the CPU: it could have run"),
	U32(what, 8, "0 hold, 1 wait, 2 collection, 3 io, 4 off the CPU while holding"),
	U32(generation, 8, "of a collection"), CALL, NS("since when, ns"), BLOCKED_IN, END,
};

static const struct event_field late_fields[] = {
	NS("how much earlier, ns"), END,
};

static const struct event_field end_fields[] = {
	U64(tracer_cpu_ns, 64, "CPU time gilscope used"),
	U64(target_cpu_ns, 64, "CPU time the probes took from the target, estimated; all ones: unknown"),
	TEXT("reason", EVENT_END_REASON, "why it ended"), END,
};

static const struct event_field iteration_fields[] = {
	TID, FLAG(slow, "it took so long that it blocked the loop"), PAD(1), NS("how long, ns"), END,
};

static const struct event_field step_fields[] = {
	TID, FLAG(slow, "it took so long that it blocked the loop"), PAD(1), NS("how long, ns"),
	SINCE_5(delay_ns, 48, "until it began, since the loop was woken, ns; all ones: not the first"), END,
};

_Static_assert((int)GS_FT_TIME_COUNT == 4, "two bits hold enum gs_ft_time");

static const struct event_field ft_time_fields[] = {
	TID, U32(ft_time, 2, "0 stopping the world, 1 it was stopped, 2 asleep for a mutex, 3 stopped by another"),
	NS("how long, ns"), U32(holder, 24, "the thread that released the mutex; 0: unknown"), END,
};

static const struct event_field ft_critical_fields[] = { TID, PAD(2), END };

static const struct event_field cpu_fields[] = {
	PID(32), U64(switch_interval_ns, 64, "sys.getswitchinterval(), ns; all ones: unknown"),
	U64(throttled, 64, "periods in which its control group's quota was used up; all ones: it has none"),
	U64(throttled_ns, 64, "time the group was kept from running then, ns; likewise"), END,
};

static const struct event_field function_fields[] = {
	U32(function, 32, "its number"), U32(first_line, 32, "where it begins; 0: unknown"),
	TEXT("name", EVENT_FUNCTION_NAME, "co_qualname; co_name before 3.11"),
	TEXT("file", EVENT_FUNCTION_FILE, "co_filename"), END,
};

static const struct event_field frame_fields[] = {
	U32(frame, 32, "its number"),
	U32(caller, 32, "number of the frame it was called from, told before; 0: it is the oldest"),
	U32(function, 32, "number of its function"), U32(line, 32, "where in it; 0: unknown"),
	U32(frame_flags, 16, "bits: 256 older ones left out, 512 older ones not readable, others as the walk"), END,
};

static const struct event_field stack_cost_fields[] = {
	TID, PAD(2), PID(32), U32(frame, 32, "the newest frame; 0: no stack is known"),
	NS("since it was told last, ns"),
	U32(samples, 24, "ticks at which it held the GIL on the CPU"),
	U32(waiters, 24, "how many waited at these ticks, summed"),
	U32(sample_ns, 32, "a tick stands for so long, ns"),
	U64(caused_ns, 48, "others waited while it held off the CPU, summed over them, ns"),
	U64(off_preempted_ns, 48, "off the CPU while it held the GIL: could have run, ns"),
	U64(off_blocked_ns, 48, "off the CPU while it held the GIL: asleep, ns"),
	U64(wait_ns, 48, "waited for the GIL, ns"), U64(paused_ns, 48, "collected, ns"),
	U64(deallocs, 48, "objects deallocated, as a weight"), END,
};

#define SPAN true
#define INSTANT false

const struct event_desc event_descs[EVENT_KIND_COUNT] = {
#define X(NAME, stem, id, name, shape, help) [id] = { name, help, shape, stem##_fields },
	EVENT_KINDS(X)
#undef X
};
/* clang-format on */

const char *event_call_name(u32 call)
{
	static const char *const names[GS_IO_COUNT] = {
#define X(NAME, name) [GS_IO_##NAME] = #name,
		GS_IO_CALLS(X)
#undef X
	};

	return call < GS_IO_COUNT ? names[call] : "?";
}

const char *event_ft_name(u32 ft_time)
{
	static const char *const names[GS_FT_TIME_COUNT] = {
		[GS_FT_STOPPING] = "stops the world",
		[GS_FT_STOPPED] = "the world is stopped",
		[GS_FT_MUTEX] = "asleep for a mutex",
		[GS_FT_SUSPENDED] = "stopped by another",
	};

	return ft_time < GS_FT_TIME_COUNT ? names[ft_time] : "?";
}

struct event *event_copy(const struct event *ev)
{
	size_t size = sizeof(*ev);
	struct event *copy;
	char *at;

	for (size_t i = 0; i < EVENT_TEXTS; i++)
		size += ev->text[i] ? strlen(ev->text[i]) + 1 : 0;
	copy = malloc(size);
	if (!copy)
		return NULL;
	*copy = *ev;
	copy->thread = NULL;
	copy->process = NULL;
	at = (char *)(copy + 1);
	for (size_t i = 0; i < EVENT_TEXTS; i++) {
		if (!ev->text[i])
			continue;
		copy->text[i] = strcpy(at, ev->text[i]);
		at += strlen(at) + 1;
	}
	return copy;
}
