/* "findings" of gilscope.stat/1: what each is about, how large it is, and the figures that show it.
 */
#include "user/export/json_findings.h"

#include <string.h>

#include "user/model/findings.h"

static void text_member(struct json_writer *w, const char *name, const char *s)
{
	json_key(w, name);
	json_put_text(w, s);
}

static void threads(struct json_writer *w, const struct finding *x)
{
	json_key(w, "threads");
	json_open(w, '[');
	for (size_t i = 0; i < x->nthreads; i++) {
		json_open(w, '{');
		text_member(w, "role", x->threads[i].role);
		json_member_u64(w, "tid", x->threads[i].tid);
		text_member(w, "name", x->threads[i].name);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static bool is_ratio(const char *name)
{
	size_t len = strlen(name);

	return len > 6 && !strcmp(name + len - 6, "_ratio");
}

static void evidence(struct json_writer *w, const struct finding *x)
{
	json_key(w, "evidence");
	json_open(w, '{');
	for (size_t i = 0; i < x->nfigures; i++) {
		json_key(w, x->figures[i].name);
		if (is_ratio(x->figures[i].name))
			json_put_real(w, x->figures[i].value);
		else
			json_put_u64(w, (u64)x->figures[i].value);
	}
	json_close(w, '}');
}

/* The Python function most of it was in; null: not known. */
static void function(struct json_writer *w, const struct finding *x)
{
	json_key(w, "function");
	if (!(x->function_share > 0)) {
		json_put_null(w);
		return;
	}
	json_open(w, '{');
	text_member(w, "function", x->function.text);
	text_member(w, "file", x->function.file);
	json_member_u64(w, "first_line",
			x->function.first_line ? x->function.first_line : FIG_NULL);
	json_key(w, "share");
	json_put_real(w, x->function_share);
	json_close(w, '}');
}

static void finding(struct json_writer *w, const struct finding *x)
{
	json_open(w, '{');
	text_member(w, "id", x->id);
	text_member(w, "severity", x->severity);
	json_member_u64(w, "pid", x->process ? x->process->pid : FIG_NULL);
	json_member_u64(w, "ns", x->ns);
	json_key(w, "share");
	json_put_real(w, x->share);
	json_member_u64(w, "generation", x->generation);
	text_member(w, "cause", x->cause);
	threads(w, x);
	function(w, x);
	evidence(w, x);
	text_member(w, "what", x->what);
	text_member(w, "remedy", x->remedy);
	json_close(w, '}');
}

void json_put_findings(struct json_writer *w, const struct figures *f)
{
	struct findings found;

	if (findings_of(f, &found))
		w->failed = true;
	json_open(w, '[');
	for (size_t i = 0; i < found.count; i++)
		finding(w, &found.list[i]);
	json_close(w, ']');
	findings_done(&found);
}
