/*
 * The longest spans and the times in which events are missing, as text.  The lists are as long as
 * asked for (--top): tables of TEXT_ROWS rows at a time would tear their columns, so each line is
 * written with fixed widths.
 */
#include "user/export/table_lists.h"

#include <string.h>

#include "user/base/fmt.h"
#include "user/base/str.h"

#define RANGES 20 /* rows; the whole list is what --format json is for */

static const struct {
	const char *kind, *title;
} sections[] = {
	{ "hold", "Longest holds of the GIL" },
	{ "wait", "Longest waits for the GIL" },
	{ "collection", "Longest collections" },
	{ "wake_up", "Longest ways from woken to owning the GIL" },
};

/* A text of the target, printable and not wider than a column. */
static void text(FILE *out, const char *s, int width)
{
	char safe[64];

	snprintf(safe, sizeof(safe), "%s", s && *s ? s : "-");
	str_printable(safe);
	fprintf(out, "%-*s", width, safe);
}

static void detail(FILE *out, const struct fig_longest *l)
{
	if (l->generation != FIG_NULL)
		fprintf(out, "generation %llu", (unsigned long long)l->generation);
	if (l->call)
		text(out, l->call, 0);
	if (l->holder_tid != FIG_NULL && l->holder_tid) {
		fprintf(out, "held by %llu ", (unsigned long long)l->holder_tid);
		text(out, l->holder_name ? l->holder_name : "?", 0);
	} else if (l->holder_tid != FIG_NULL) {
		fputs("holder unknown", out);
	}
	if (l->mid)
		fputs(" (and longer: began before the measurement)", out);
	fputc('\n', out);
}

static void row(FILE *out, const struct fig_longest *l)
{
	fprintf(out, "  %9s  %12.6f  %llu.%09llu  %7u  %7u  ", fmt_ns(l->ns).s,
		(double)l->since_start_ns / 1e9,
		(unsigned long long)(l->begin_unix_ns / 1000000000),
		(unsigned long long)(l->begin_unix_ns % 1000000000), l->pid, l->tid);
	if (!l->call && !l->mid && l->generation == FIG_NULL && l->holder_tid == FIG_NULL) {
		text(out, l->name, 0);
		fputc('\n', out);
		return;
	}
	text(out, l->name, 16);
	fputs("  ", out);
	detail(out, l);
}

void table_longest(FILE *out, const struct figures *f)
{
	if (!f->longest_measured)
		return;
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++) {
		bool any = false;

		for (size_t i = 0; i < f->nlongest; i++) {
			if (strcmp(f->longest[i].kind, sections[s].kind))
				continue;
			if (!any)
				fprintf(out, "\n%s\n  %9s  %12s  %-20s  %7s  %7s  %s\n",
					sections[s].title, "LASTED", "BEGAN AT s", "UNIX TIME",
					"PID", "TID", "NAME");
			any = true;
			row(out, &f->longest[i]);
		}
	}
}

void table_lost_ranges(FILE *out, const struct figures *f)
{
	u64 start = f->recording ? f->recording->started_unix_ns : f->started_unix_ns;

	if (!f->lost_ranges_measured || !f->nlost_ranges)
		return;
	fputs("\nTimes in which events are missing (seconds since the start)\n", out);
	for (size_t i = 0; i < f->nlost_ranges && i < RANGES; i++) {
		const struct fig_lost_range *r = &f->lost_ranges[i];

		fprintf(out, "  %12.6f to %12.6f  %s %s%s\n",
			(double)(s64)(r->from_unix_ns - start) / 1e9,
			(double)(s64)(r->to_unix_ns - start) / 1e9, fmt_count(r->count).s, r->cause,
			r->merged ? " (several times, told as one)" : "");
	}
	if (f->nlost_ranges > RANGES)
		fprintf(out, "  ... and %zu more\n", f->nlost_ranges - RANGES);
}

void table_recording(FILE *out, const struct figures *f)
{
	const struct fig_recording *r = f->recording;

	if (!r || (r->complete && !r->ndamage))
		return;
	fputs("\nThe recording ", out);
	text(out, r->directory, 0);
	fprintf(out, " is not whole:%s\n", r->complete ? "" : " it was broken off");
	for (size_t i = 0; i < r->ndamage && i < RANGES; i++) {
		char safe[256];

		snprintf(safe, sizeof(safe), "%s", r->damage[i]);
		str_printable(safe);
		fprintf(out, "  %s\n", safe);
	}
	if (r->ndamage > RANGES)
		fprintf(out, "  ... and %zu more\n", r->ndamage - RANGES);
}
