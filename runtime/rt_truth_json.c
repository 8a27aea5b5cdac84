/*
 * The truth as JSON, in the words of gilscope.stat/1.  What only a tracer from outside can
 * know (who ran on a CPU, pids as the host sees them) is null, as that format wants it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/rt_gil.h"
#include "runtime/rt_truth.h"
#include "runtime/rt_truth_private.h"

static void print_text(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void print_hist(FILE *out, const char *key, const struct rt_hist *h)
{
	fprintf(out,
		"\"%s\":{\"count\":%" PRIu64 ",\"sum_ns\":%" PRIu64 ",\"max_ns\":%" PRIu64
		",\"p50_ns\":%" PRIu64 ",\"p90_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64 "}",
		key, h->count, h->sum_ns, h->max_ns, rt_hist_quantile(h, 0.5),
		rt_hist_quantile(h, 0.9), rt_hist_quantile(h, 0.99));
}

static void print_gils(FILE *out, uint64_t duration_ns)
{
	struct rt_truth_gil g;

	rt_truth_get_gil(&g);
	fprintf(out,
		"\"gils\":[{\"address\":\"%p\",\"held_ns\":%" PRIu64
		",\"held_ratio\":%.9f,\"held_source\":\"exact\",\"held_error_ratio\":0.0"
		",\"takes\":%" PRIu64 ",\"contended_takes\":%" PRIu64 ",\"handovers\":%" PRIu64
		",\"forced_releases\":%" PRIu64 ",\"wait_ns\":%" PRIu64
		",\"held_offcpu_ns\":null}]",
		(void *)&rt_gil, g.held_ns,
		duration_ns ? (double)g.held_ns / (double)duration_ns : 0.0, g.takes,
		g.contended_takes, g.handovers, g.forced_releases, g.wait_ns);
}

static void print_thread(FILE *out, const struct truth_slot *s)
{
	struct rt_truth_gil g = { 0 };
	char name[RT_THREAD_NAME_MAX];

	truth_add_gil(&g, s, rt_truth_now_ns());
	truth_lock();
	snprintf(name, sizeof(name), "%s", s->name);
	truth_unlock();
	fprintf(out, "{\"tid\":null,\"ns_tid\":%d,\"name\":", s->tid);
	print_text(out, name);
	fprintf(out,
		",\"takes\":%" PRIu64 ",\"contended_takes\":%" PRIu64
		",\"forced_releases\":%" PRIu64 ",\"held_ns\":%" PRIu64
		",\"held_offcpu_ns\":null,\"wait_ns\":%" PRIu64 ",",
		g.takes, g.contended_takes, g.forced_releases, g.held_ns, g.wait_ns);
	print_hist(out, "hold", &g.hold);
	fputc(',', out);
	print_hist(out, "wait", &g.wait);
	fputc('}', out);
}

static void print_threads(FILE *out)
{
	const char *comma = "";

	fputs(",\"threads\":[", out);
	for (const struct truth_slot *s = truth_first(); s; s = s->next) {
		if (!truth_current(s))
			continue;
		fputs(comma, out);
		print_thread(out, s);
		comma = ",";
	}
	fputs("],\"blame\":null", out);
}

static void print_gc(FILE *out)
{
	struct rt_truth_gc g;

	fputs(",\"gc\":[", out);
	for (int i = 0; i < RT_TRUTH_GENERATIONS; i++) {
		rt_truth_get_gc(i, &g);
		fprintf(out,
			"%s{\"generation\":%d,\"collections\":%" PRIu64 ",\"collected\":%" PRIu64
			",\"uncollectable\":%" PRIu64 ",",
			i ? "," : "", i, g.collections, g.collected, g.uncollectable);
		print_hist(out, "pause", &g.pause);
		fputs(",\"stalled_ns\":null}", out);
	}
	fputs("]", out);
}

static void print_io(FILE *out)
{
	struct rt_truth_io io;

	fputs(",\"io\":[", out);
	for (size_t i = 0; truth_io_at(i, &io); i++) {
		fprintf(out,
			"%s{\"call\":\"%s\",\"calls\":%" PRIu64 ",\"wakeups\":%" PRIu64
			",\"timeouts\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"events\":%" PRIu64 ",",
			i ? "," : "", io.call, io.calls, io.wakeups, io.timeouts, io.errors,
			io.events);
		print_hist(out, "blocked", &io.blocked);
		fputs(",\"wake_to_run\":null,\"wake_to_gil\":null}", out);
	}
	fputs("]", out);
}

static void print_types(FILE *out)
{
	struct truth_type *rows;
	int n = truth_types_merged(&rows);

	fputs(n < 0 ? ",\"types\":null" : ",\"types\":[", out);
	for (int i = 0; i < n; i++) {
		fputs(i ? ",{\"type\":" : "{\"type\":", out);
		print_text(out, rows[i].name);
		fprintf(out, ",\"deallocs\":%" PRIu64 "}", rows[i].deallocs);
	}
	if (n >= 0)
		fputs("]", out);
	fputs(",\"types_coverage\":\"every object of the runtime\"", out);
	free(rows);
}

void rt_truth_print(FILE *out)
{
	uint64_t now = rt_truth_now_ns(), since = truth_since_ns();
	uint64_t duration_ns = since && now > since ? now - since : 0;

	fprintf(out,
		"{\"schema\":\"gilscope.stat/1\",\"truth\":true,\"mode\":\"exact\""
		",\"duration_ns\":%" PRIu64 ",\"processes\":[{\"pid\":null,\"ns_pid\":%d"
		",\"exited\":false,\"python\":null,",
		duration_ns, getpid());
	print_gils(out, duration_ns);
	print_threads(out);
	print_gc(out);
	print_io(out);
	print_types(out);
	fputs("}],\"probes\":null,\"lost\":[],\"overhead\":null}\n", out);
}
