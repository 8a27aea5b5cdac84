/* The figures and histograms in the page: the report's, so that both say the same. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/export/json_figures.h"
#include "user/export/trace_html.h"

#define REAL_DIGITS 9 /* as in the report's JSON */

/* JSON for a script: < > & occur within its strings only, where they can be escaped. */
int html_figures(struct out *o, const struct figures *f)
{
	json_t *v = f ? json_figures(f) : json_null();
	char *text =
		v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS))
		  : NULL;

	json_decref(v);
	if (!text)
		return -ENOMEM;
	out_str(o, "<script type=\"application/json\" id=\"figures\">");
	for (const char *s = text; *s;) {
		size_t plain = strcspn(s, "<>&");

		out_bytes(o, s, plain);
		s += plain;
		if (*s)
			out_printf(o, "\\u%04x", (unsigned int)*s++);
	}
	out_str(o, "</script>\n");
	free(text);
	return 0;
}

static void put_histogram(struct out *o, const char *name, const struct fig_hist *hist)
{
	const char *between = "";

	out_printf(o, "%s\"%s\":", name[0] == 'h' ? "" : ",", name);
	if (!hist->valid) {
		out_str(o, "null");
		return;
	}
	out_printf(o, "{\"count\":%llu,\"sum_ns\":%llu,\"max_ns\":%llu,\"buckets\":[",
		   (unsigned long long)hist->count, (unsigned long long)hist->sum_ns,
		   (unsigned long long)hist->max_ns);
	for (u32 i = 0; i < GS_HIST_BUCKETS; i++)
		if (hist->bucket[i]) {
			out_printf(o, "%s[%llu,%u]", between, (unsigned long long)fig_hist_low(i),
				   hist->bucket[i]);
			between = ",";
		}
	out_char(o, ']');
	for (int q = 0; q < 3; q++) {
		out_str(o, q == 0 ? ",\"p50_ns\":" : q == 1 ? ",\"p90_ns\":" : ",\"p99_ns\":");
		if (hist->count)
			out_u64(o, fig_hist_quantile(hist, q == 0 ? 0.5 : q == 1 ? 0.9 : 0.99));
		else
			out_str(o, "null");
	}
	out_char(o, '}');
}

/* @to is valid as soon as one of those added is. */
static void merge(struct fig_hist *to, const struct fig_hist *from)
{
	if (from->valid) {
		to->valid = true;
		fig_hist_add(to, from);
	}
}

void html_histograms(struct out *o, const struct figures *f, u64 skipped)
{
	struct fig_hist hold = { 0 }, wait = { 0 }, pause = { 0 }, wakeup = { 0 };

	for (size_t i = 0; f && i < f->nprocs; i++) {
		const struct fig_process *p = &f->procs[i];

		for (size_t j = 0; j < p->nthreads; j++) {
			merge(&hold, &p->threads[j].hold);
			merge(&wait, &p->threads[j].wait);
		}
		for (size_t j = 0; j < p->ngc; j++)
			merge(&pause, &p->gc[j].pause);
		for (size_t j = 0; j < p->nio; j++)
			merge(&wakeup, &p->io[j].wake_to_gil);
	}
	out_str(o, "<script type=\"application/json\" id=\"histograms\">{");
	put_histogram(o, "hold", &hold);
	put_histogram(o, "wait", &wait);
	put_histogram(o, "pause", &pause);
	put_histogram(o, "wake_to_gil", &wakeup);
	out_printf(o, ",\"skipped\":%llu}</script>\n", (unsigned long long)skipped);
}
