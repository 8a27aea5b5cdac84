/* The other half of trace_sample.h: completing the recording, and giving it to an exporter. */
#ifndef GS_TESTS_TRACE_SAMPLE_FEED_H
#define GS_TESTS_TRACE_SAMPLE_FEED_H

#include "tests/unit/trace_sample.h"
#include "user/trace/format.h"

/* What belongs to no thread: losses, counts of types, the end. */
static inline void ts_rest(struct trace_sample *s)
{
	static const char *const causes[] = { "ring_full", "recording_damaged", "odd \"cause\"\n" };
	u64 ms = 1000000, end = s->end_ns + 1000;
	struct event *ev;

	for (u32 i = 0; i < 3; i++) {
		ev = ts_add(s, EVENT_LOST, TS_START + (10 + 5 * i) * ms, (1 + 3 * i) * ms, NULL);
		ev->count = i == 2 ? (1ULL << 40) + 1 : 7 + i;
		ev->text[EVENT_LOST_CAUSE] = causes[i];
	}
	for (u64 i = 1; TS_START + i * 100 * ms < end; i++) {
		ev = ts_add(s, EVENT_TYPE_COUNT, TS_START + i * 100 * ms, 100 * ms, NULL);
		ev->process = &s->procs[1];
		ev->pid = 8000;
		ev->key = UINT64_MAX - 1 - i % 2;
		ev->deallocs = i == 1 ? 1ULL << 33 : 1000 * i + 1;
		ev->allocs = i % 2 ? EVENT_UNKNOWN : 999 * i;
	}
	/* of a thread whose THREAD event was lost */
	ts_add(s, EVENT_HOLD, TS_START + 20 * ms, 5000, NULL)->tid = 77777;
	ts_add(s, EVENT_THREAD, TS_START + 30 * ms, 0, &s->threads[1])->text[0] =
		"renamed, \"1\"\n";
	for (u32 i = 0; i < 2; i++) {
		ev = ts_add(s, EVENT_PROBE, end, 0, NULL);
		ev->offset = i ? 0x1c3d5e : UINT64_MAX;
		ev->count = 123456 + i;
		ev->text[EVENT_PROBE_FAMILY] = i ? "gil" : "sched";
		ev->text[EVENT_PROBE_EVENT] = "acquired";
		ev->text[EVENT_PROBE_FILE] = i ? "/usr/bin/py,thon\"3\"\n" : "kernel";
		ev->text[EVENT_PROBE_FOUND_BY] = "decode";
		ev->text[EVENT_PROBE_INSTRUCTION] = i ? "call" : "-";
	}
	ev = ts_add(s, EVENT_PROCESS_EXIT, end + 500, 0, NULL);
	ev->process = &s->procs[1];
	ev->pid = 8000;
	ev->execed = 1;
	ev = ts_add(s, EVENT_END, end + 1000, 0, NULL);
	ev->tracer_cpu_ns = 12345678;
	ev->target_cpu_ns = EVENT_UNKNOWN;
	ev->text[EVENT_END_REASON] = "the \"target\" ended\n";
}

static inline int ts_compare(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* Some that come one place too early: never two of a thread, nor births and deaths. */
static inline void ts_disorder(struct trace_sample *s)
{
	for (size_t i = 0; i + 1 < s->n; i += 13) {
		struct event *a = &s->ev[i], *b = a + 1, swap = *a;

		if (a->kind > EVENT_IO_TO_GIL || b->kind > EVENT_IO_TO_GIL || a->tid == b->tid ||
		    b->ts_ns - a->ts_ns > 5000)
			continue;
		*a = *b;
		*b = swap;
	}
}

/* @rounds: holds per process. */
static inline void trace_sample_make(struct trace_sample *s, u32 rounds)
{
	*s = (struct trace_sample) { .info = {
					     .directory = "a \"recording\"",
					     .gilscope = "1.0",
					     .kernel = "6.6.0",
					     .host = "h</script>",
					     .command = "gilscope record -o \xff",
					     .mode = "exact",
					     .format = TRACE_FORMAT,
					     .started_unix_ns = 1700000000123456789ULL,
					     .started_ns = TS_START,
					     /* stacks: their own test */
					     .families = (GS_FAMILY_BIT(GS_FAMILY_END) - 1) &
							 ~GS_FAMILY_BIT(GS_FAMILY_STACKS),
					     .hit_ns = 950,
				     } };
	ts_actors(s);
	ts_begin(s);
	ts_turns(s, &s->threads[0], rounds);
	ts_turns(s, &s->threads[3], rounds);
	ts_rest(s);
	qsort(s->ev, s->n, sizeof(*s->ev), ts_compare);
	ts_disorder(s);
}

static inline void trace_sample_free(struct trace_sample *s)
{
	free(s->ev);
	s->ev = NULL;
}

/* Hand every event to @ops, names changing as a reader changes them. */
static inline int trace_sample_feed(struct trace_sample *s, const struct trace_exporter_ops *ops,
				    struct trace_export *x)
{
	int err = 0;

	for (u32 i = 0; i < TS_THREADS; i++)
		s->threads[i].name = ts_names[i];
	for (size_t i = 0; i < s->n && ops->event && !err; i++) {
		const struct event *ev = &s->ev[i];

		if (ev->kind == EVENT_THREAD)
			s->threads[ev->thread - s->threads].name = ev->text[EVENT_THREAD_NAME];
		err = ops->event(x, ev);
	}
	return err;
}

/* The whole export into @fd; 0 or a negative errno.  @bytes: how many; may be NULL. */
static inline int trace_sample_export(struct trace_sample *s, const struct trace_exporter_ops *ops,
				      const char *by, const struct figures *f, int fd, u64 *bytes)
{
	struct out out;
	struct trace_export x = { .out = &out, .info = &s->info, .by = by };
	int err = out_init(&out, fd), flushed;

	if (err)
		return err;
	err = ops->begin(&x);
	if (!err)
		err = trace_sample_feed(s, ops, &x);
	if (!err)
		err = ops->end(&x, f);
	if (ops->done)
		ops->done(&x);
	flushed = out_flush(&out);
	if (bytes)
		*bytes = out.total;
	out_done(&out);
	return err ? err : flushed;
}

/* The whole export as NUL-terminated bytes, to be freed; NULL on failure. */
static inline char *trace_sample_bytes(struct trace_sample *s, const struct trace_exporter_ops *ops,
				       const char *by, const struct figures *f, size_t *ret_size)
{
	char path[] = "/tmp/trace_sample_XXXXXX", *bytes = NULL;
	int fd = mkstemp(path);
	u64 size;

	if (fd < 0)
		return NULL;
	unlink(path);
	if (!trace_sample_export(s, ops, by, f, fd, &size)) {
		bytes = calloc(1, size + 1);
		if (bytes && pread(fd, bytes, size, 0) != (ssize_t)size) {
			free(bytes);
			bytes = NULL;
		}
	}
	close(fd);
	if (ret_size)
		*ret_size = size;
	return bytes;
}

#endif
