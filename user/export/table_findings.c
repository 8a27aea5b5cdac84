/* Findings as text: for each a line of how large it is, what it is, who is in it, the figures that
 * show it, and the remedy. */
#include "user/export/table_findings.h"

#include <string.h>

#include "user/base/fmt.h"
#include "user/base/str.h"
#include "user/model/findings.h"

static void text(FILE *out, const char *s)
{
	char safe[160];

	snprintf(safe, sizeof(safe), "%s", s ? s : "?");
	str_printable(safe);
	fputs(safe, out);
}

/* "wait_mean_ns" 5100000: "wait mean 5.10 ms" */
static void figure(FILE *out, const struct finding_figure *x)
{
	const char *end = strrchr(x->name, '_');
	bool ns = end && !strcmp(end, "_ns"), ratio = end && !strcmp(end, "_ratio");
	int len = (int)(ns || ratio ? (size_t)(end - x->name) : strlen(x->name));

	for (int i = 0; i < len; i++)
		fputc(x->name[i] == '_' ? ' ' : x->name[i], out);
	fprintf(out, " %s",
		(ns	 ? fmt_ns((u64)x->value)
		 : ratio ? fmt_percent(x->value)
			 : fmt_count((u64)x->value))
			.s);
}

/* Which Python function, where stacks tell. */
static void function(FILE *out, const struct finding *x)
{
	char place[160];

	if (!(x->function_share > 0))
		return;
	fprintf(out, "          %s of it in ", fmt_percent(x->function_share).s);
	text(out, x->function.text);
	fputs(" (", out);
	text(out,
	     fig_label_place(x->function.file, x->function.first_line, 80, place, sizeof(place)));
	fputs(")\n", out);
}

static void finding(FILE *out, const struct finding *x)
{
	fprintf(out, "  %-6s  %s", x->severity, x->id);
	if (x->process)
		fprintf(out, ", process %u", x->process->pid);
	if (x->ns != FIG_NULL)
		fprintf(out, ": %s, %s of the time", fmt_ns(x->ns).s, fmt_percent(x->share).s);
	if (x->generation != FIG_NULL)
		fprintf(out, ", most of it generation %llu", (unsigned long long)x->generation);
	if (x->cause)
		fprintf(out, ", most of it %s", x->cause);
	fprintf(out, "\n          %s.\n", x->what);
	for (size_t i = 0; i < x->nthreads; i++) {
		fprintf(out, "%s%s %u ", i ? ", " : "          ", x->threads[i].role,
			x->threads[i].tid);
		text(out, x->threads[i].name);
	}
	if (x->nthreads)
		fputc('\n', out);
	function(out, x);
	for (size_t i = 0; i < x->nfigures; i++) {
		fputs(i ? ", " : "          ", out);
		figure(out, &x->figures[i]);
	}
	fprintf(out, "\n          Remedy: %s.\n", x->remedy);
}

int table_findings(FILE *out, const struct figures *f)
{
	struct findings found;
	int err = findings_of(f, &found);

	if (err)
		return err;
	fputs(found.count ? "\nFindings, the largest first\n"
			  : "\nFindings: none in what was measured\n",
	      out);
	for (size_t i = 0; i < found.count; i++)
		finding(out, &found.list[i]);
	findings_done(&found);
	return 0;
}
