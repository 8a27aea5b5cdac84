/* What a recording tells of a target; see recording_target.h. */
#include "user/recording_target.h"

#include "bpf/site.h"

static bool has_event(const struct py_binary *b, enum gs_event event)
{
	for (size_t i = 0; i < b->nsites; i++)
		if (b->sites[i].event == event)
			return true;
	return false;
}

static u32 known_of(const struct session *s, const struct py_process *py)
{
	const struct py_binary *b = py->binary;
	u32 known = EVENT_KNOWN_GC_GIL;

	if (has_event(b, GS_EVENT_GIL_FORCED) || has_event(b, GS_EVENT_GIL_RELEASED_WHY))
		known |= EVENT_KNOWN_FORCED;
	if (py->gc_stats_addr || b->by_notes)
		known |= EVENT_KNOWN_GC_FOUND;
	if (b->free_threaded)
		known |= EVENT_KNOWN_FREE_THREADED;
	if (b->debug)
		known |= EVENT_KNOWN_DEBUG;
	if (!process_gil_enabled(py))
		known |= EVENT_KNOWN_NO_GIL;
	if (session_delay_known(s))
		known |= EVENT_KNOWN_RUNNABLE;
	if (session_takes_stacks(s, py))
		known |= EVENT_KNOWN_STACKS;
	return known;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

struct event recording_target(const struct session *s, const struct py_process *py, u64 since_ns,
			      u32 seed_tid)
{
	const struct py_binary *b = py->binary;

	return (struct event) {
		.kind = EVENT_PROCESS,
		.ts_ns = since_ns,
		.pid = py->pid,
		.ns_id = py->ns_pid,
		.seed_tid = seed_tid,
		.known = known_of(s, py),
		.gil = py->gil_addr,
		.text = {
			[EVENT_PROCESS_VERSION] = b->version,
			[EVENT_PROCESS_PATH] = text(b->path),
			[EVENT_PROCESS_BUILD_ID] = text(b->build_id),
			[EVENT_PROCESS_COMMAND] = text(py->command),
			[EVENT_PROCESS_COVERAGE] = text(b->types_coverage),
		},
	};
}

struct trace_info recording_info(const struct session *s, const struct opts *o,
				 const char *directory, struct utsname *ret_host)
{
	*ret_host = (struct utsname) {};
	(void)uname(ret_host);
	return (struct trace_info) {
		.directory = directory,
		.gilscope = GS_VERSION,
		.kernel = ret_host->release,
		.host = ret_host->nodename,
		.command = o->command_line,
		.mode = o->mode,
		.families = o->families,
		.started_unix_ns = session_started_unix_ns(s),
		.started_ns = session_started_ns(s),
		.hit_ns = session_hit_ns(s),
	};
}
