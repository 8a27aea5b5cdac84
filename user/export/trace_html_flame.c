/*
 * The flame graph in the page of a recording: which Python functions held the GIL.  It is that of
 * `gilscope flame`, with its own script; the page's tables have the other weights.
 */
#include "user/export/flame.h"
#include "user/export/flame_page.h"
#include "user/export/trace_html.h"

static int put_graph(struct out *o, const struct fig_flame *t, const struct flame_about *a)
{
	char facts[256];
	int err;

	flame_facts(t, a, facts, sizeof(facts));
	out_str(o,
		"<section id=\"functions\" class=\"functions\" aria-labelledby=\"h-flame\">\n"
		"<style>.functions { max-width: 1600px; margin: 22px auto; padding: 0 20px; }\n");
	out_str(o, flame_page_style);
	out_str(o, "</style>\n<h2 id=\"h-flame\">Python functions that held the GIL</h2>\n<p "
		   "class=\"muted\">");
	out_html(o, facts);
	out_str(o, "</p>\n");
	err = flame_graph_html(o, t, false);
	out_str(o, "</section>\n");
	flame_data(o, t, FLAME_HTML_TOP);
	out_str(o, "<script>\n");
	out_str(o, flame_page_script);
	out_str(o, "</script>\n");
	return err;
}

int html_flame(struct out *o, const struct figures *f)
{
	struct fig_flame t = { .by = FIG_BY_HELD };
	struct fig_functions l;
	struct flame_about about = { .functions = &l };
	int err;

	if (!f)
		return 0;
	err = fig_functions_of(f->procs, f->nprocs, 0, &l);
	if (err)
		return err;
	about.mode = f->mode;
	about.duration_ns = f->duration_ns;
	err = fig_flame_of(&t, f->procs, f->nprocs);
	if (!err && t.n)
		err = put_graph(o, &t, &about);
	fig_functions_done(&l);
	fig_flame_done(&t);
	return err;
}
