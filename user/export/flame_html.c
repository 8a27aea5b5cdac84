/* A flame graph in a page of its own, with the hottest functions in a table below it. */
#include <stdio.h>

#include "user/export/flame.h"
#include "user/export/flame_page.h"

#define ROWS 100 /* functions in the table */
#define NAME_SIZE 512

/* It may load nothing and run only what is in it: as page/head.html. */
static const char head[] =
	"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
	"'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"referrer\" content=\"no-referrer\">\n<title>gilscope flame: ";

static const char style[] =
	"body { margin: 0 16px; background: #fbfbfa; color: #14181b; font: 14px system-ui, "
	"sans-serif; }\n"
	"h1 { font-size: 18px; margin: 14px 0 2px; }\nh2 { font-size: 15px; }\n"
	"p { color: #5b6670; margin: 2px 0 10px; }\n"
	"table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
	"th, td { padding: 2px 10px 2px 0; text-align: right; white-space: nowrap; }\n"
	"th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; font-family: ui-monospace, "
	"monospace; }\n"
	"tbody tr { cursor: pointer; }\ntbody tr:hover { background: #eceff1; }\n";

static void cell(struct out *o, const struct fig_flame *f, u64 v)
{
	out_str(o, "<td>");
	out_str(o, flame_amount(f->by, v).s);
	out_str(o, "</td><td>");
	out_html(o, fmt_percent(fmt_ratio(v, f->list[0].total)).s);
	out_str(o, "</td>");
}

static void row(struct out *o, const struct fig_flame *f, const struct fig_function *fn)
{
	char text[NAME_SIZE];

	flame_name(&fn->label, text, sizeof(text));
	out_str(o, "<tr data-name=\"");
	out_html(o, text);
	out_str(o, "\"><td>");
	out_html(o, text);
	out_str(o, "</td><td>");
	out_html(o, flame_place(&fn->label, text, sizeof(text)));
	out_str(o, "</td>");
	cell(o, f, fn->self[f->by]);
	cell(o, f, fn->total[f->by]);
	out_str(o, "</tr>\n");
}

static void functions(struct out *o, const struct fig_flame *f, const struct fig_functions *list)
{
	out_str(o, "<h2>Hottest functions</h2>\n<p>self: in the function itself; total: in it or "
		   "in what it called. A click searches.</p>\n<table id=\"functions\">\n"
		   "<thead><tr><th>function</th><th>where</th><th>self</th><th></th><th>total</th>"
		   "<th></th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; f->n && i < list->n && i < ROWS; i++)
		if (list->list[i].total[f->by])
			row(o, f, &list->list[i]);
	out_str(o, "</tbody></table>\n");
}

int flame_graph_html(struct out *o, const struct fig_flame *f, bool alone)
{
	u32 height = flame_height(f, FLAME_HTML_TOP);
	int err;

	out_str(o, "<div><input id=\"flame-search\" type=\"search\" placeholder=\"search\" "
		   "aria-label=\"search\" autocomplete=\"off\"><button id=\"flame-reset\" "
		   "title=\"all of it");
	out_str(o, alone ? " (Esc)" : "");
	out_str(o, "\">reset</button><span id=\"flame-status\" role=\"status\"></span></div>\n");
	if (alone)
		out_str(o, "<p>A click zooms in, on what is above out again; Esc shows all, / "
			   "searches.</p>\n");
	out_printf(o,
		   "<svg id=\"flame\" width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\" "
		   "role=\"img\" aria-label=\"flame graph\">\n",
		   FLAME_WIDTH, height, FLAME_WIDTH, height);
	err = flame_frames(o, f, FLAME_HTML_TOP);
	out_str(o, "</svg>\n");
	return err;
}

int flame_html(struct out *o, const struct fig_flame *f, const struct flame_about *a)
{
	char facts[256];
	int err;

	flame_facts(f, a, facts, sizeof(facts));
	out_str(o, head);
	out_html(o, a->what);
	out_str(o, "</title>\n<style>\n");
	out_str(o, style);
	out_str(o, flame_page_style);
	out_str(o, "</style>\n</head>\n<body>\n<h1>");
	out_html(o, a->what);
	out_str(o, "</h1>\n<p id=\"facts\">");
	out_html(o, facts);
	out_str(o, "</p>\n");
	err = flame_graph_html(o, f, true);
	flame_data(o, f, FLAME_HTML_TOP);
	functions(o, f, a->functions);
	out_str(o, "<script>\n");
	out_str(o, flame_page_script);
	out_str(o, "</script>\n</body>\n</html>\n");
	return err;
}
