/*
 * A flame graph as an SVG picture, root at the top.
 *
 * What is drawn here is what a viewer without scripts sees; with one, page/flame.js draws it anew
 * from the data, at any zoom:
 *
 *   { "weight": what a frame's width is, "time": whether that is ns, "top": pixels above the
 * frames, "labels": [[name, "file:line", "#colour"], ...], "nodes": [depth, label, total, ...] each
 * followed by what hangs below it, the largest first }
 *
 * A frame narrower than a pixel is not drawn: a node's children come in order of size, so the
 * narrow ones are its last, and are drawn as one piece.
 */
#include <errno.h>
#include <stdlib.h>

#include "user/base/utf8.h"
#include "user/export/flame.h"
#include "user/export/flame_page.h"

#define TOP 84 /* pixels above the frames: for what is said, and the search field */
#define ROW 17 /* pixels, as in page/flame.js */
#define CHARACTER 7.3
#define NAME_SIZE 512

u32 flame_height(const struct fig_flame *f, u32 top)
{
	return top + (f->depth + 1) * ROW + 10;
}

/* Functions in warm colours, those of a file alike; others grey. */
static u32 colour_of(const struct fig_label *l)
{
	u64 file, name;

	switch (l->kind) {
	case FIG_LABEL_FUNCTION:
		break;
	case FIG_LABEL_THREAD:
		return 0xb0c4de;
	case FIG_LABEL_PROCESS:
		return 0x9fb6cd;
	default:
		return 0xcfd4d8;
	}
	if (!l->text)
		return 0xcfd4d8;
	file = fig_label_hash(0xcbf29ce484222325ULL, l->file) >> 24;
	name = fig_label_hash(file, l->text) >> 24;
	return (u32)((225 + name % 30) << 16 | (115 + file % 110) << 8 | (60 + name / 30 % 40));
}

static void label_json(struct out *o, const struct fig_label *l)
{
	char text[NAME_SIZE];

	out_char(o, '[');
	out_json(o, flame_name(l, text, sizeof(text)));
	out_char(o, ',');
	out_json(o, flame_place(l, text, sizeof(text)));
	out_printf(o, ",\"#%06x\"]", colour_of(l));
}

void flame_data(struct out *o, const struct fig_flame *f, u32 top)
{
	out_str(o, "<script type=\"application/json\" id=\"flame-data\">{\"weight\":");
	out_json(o, fig_weights[f->by].name);
	out_printf(o, ",\"time\":%s,\"top\":%u,\"labels\":[",
		   fig_weights[f->by].is_time ? "true" : "false", top);
	for (size_t i = 0; i < f->labels.n; i++) {
		out_str(o, i ? ",\n" : "\n");
		label_json(o, &f->labels.list[i]);
	}
	out_str(o, "],\n\"nodes\":[");
	for (u32 at = 0; f->n && at != FIG_FLAME_NONE; at = fig_flame_next(f, at, true)) {
		const struct fig_flame_node *n = &f->list[at];

		out_printf(o, "%s%u,%u,", at ? "," : "", n->depth, n->label);
		out_u64(o, n->total);
	}
	out_str(o, "]}</script>\n");
}

/* A row's piece; its title, which a pointer that rests on it shows, goes before it. */
static void piece(struct out *o, double x, double w, u32 y, u32 colour)
{
	out_printf(o, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" fill=\"#%06x\"/>", x,
		   y, w < 0.3 ? 0.3 : w, ROW - 1, colour);
}

static void amount(struct out *o, const struct fig_flame *f, u64 v)
{
	out_printf(o, "\n%s %s, ", flame_amount(f->by, v).s, fig_weights[f->by].name);
	out_html(o, fmt_percent(fmt_ratio(v, f->list[0].total)).s); /* "<0.1%" */
	out_str(o, " of all</title>");
}

static void frame(struct out *o, const struct fig_flame *f, u32 at, u32 y, double x, double w)
{
	const struct fig_flame_node *n = &f->list[at];
	const struct fig_label *l = fig_flame_label(f, at);
	char name[NAME_SIZE], place[NAME_SIZE];
	size_t room = w > 6 ? (size_t)((w - 6) / CHARACTER) : 0, fits, width;

	flame_name(l, name, sizeof(name));
	flame_place(l, place, sizeof(place));
	out_str(o, "<g class=\"frame\"><title>");
	out_html(o, name);
	out_str(o, *place ? "\n" : "");
	out_html(o, place);
	amount(o, f, n->total);
	piece(o, x, w, y, colour_of(l));
	fits = utf8_fit(name, room, &width);
	if (fits && room >= 3) {
		if (name[fits])
			fits = utf8_fit(name, room - 2, &width);
		out_printf(o, "<text x=\"%.2f\" y=\"%u\">", x + 3, y + 12);
		if (name[fits]) {
			name[fits] = 0;
			out_html(o, name);
			out_str(o, "..");
		} else {
			out_html(o, name);
		}
		out_str(o, "</text>");
	}
	out_str(o, "</g>\n");
}

/* @first and the siblings behind it, none of which is as wide as a pixel. */
static void narrow(struct out *o, const struct fig_flame *f, u32 first, u32 y, double x,
		   double scale)
{
	u64 count = 0, sum = 0;

	for (u32 at = first; at != FIG_FLAME_NONE; at = f->list[at].next) {
		count++;
		sum += f->list[at].total;
	}
	out_printf(o, "<g class=\"frame narrow\"><title>%llu too narrow to be shown",
		   (unsigned long long)count);
	amount(o, f, sum);
	piece(o, x, (double)sum * scale, y, 0xd9d9d9);
	out_str(o, "</g>\n");
}

int flame_frames(struct out *o, const struct fig_flame *f, u32 top)
{
	/* Where the next frame of each row begins. */
	u64 *begin = calloc(f->depth + 2, sizeof(*begin));
	double scale;
	u32 at = 0;

	if (!begin)
		return -ENOMEM;
	out_str(o, "<g id=\"flame-frames\">\n");
	scale = f->n ? FLAME_WIDTH / (double)f->list[0].total : 0;
	while (f->n && at != FIG_FLAME_NONE) {
		const struct fig_flame_node *n = &f->list[at];
		double x = (double)begin[n->depth] * scale, w = (double)n->total * scale;
		u32 y = top + n->depth * ROW;

		if (w < 1 && at) {
			narrow(o, f, at, y, x, scale);
			at = fig_flame_next(f, n->parent, false);
			continue;
		}
		frame(o, f, at, y, x, w);
		begin[n->depth + 1] = begin[n->depth];
		begin[n->depth] += n->total;
		at = fig_flame_next(f, at, true);
	}
	out_str(o, "</g>\n");
	free(begin);
	return 0;
}

int flame_svg(struct out *o, const struct fig_flame *f, const struct flame_about *a)
{
	char facts[256];
	u32 height = flame_height(f, TOP);
	int err;

	flame_facts(f, a, facts, sizeof(facts));
	out_printf(o,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"flame\" width=\"%d\" "
		   "height=\"%u\" viewBox=\"0 0 %d %u\">\n<title>gilscope flame: ",
		   FLAME_WIDTH, height, FLAME_WIDTH, height);
	out_html(o, a->what);
	out_str(o, "</title>\n<style>\n");
	out_str(o, flame_page_style);
	out_str(o, "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fbfbfa\"/>\n"
		   "<text class=\"title\" x=\"10\" y=\"22\">");
	out_html(o, a->what);
	out_str(o, "</text>\n<text class=\"facts\" x=\"10\" y=\"40\">");
	out_html(o, facts);
	out_str(o, "</text>\n");
	err = flame_frames(o, f, TOP);
	flame_data(o, f, TOP);
	out_str(o, "<script><![CDATA[\n");
	out_str(o, flame_page_script);
	out_str(o, "]]></script>\n</svg>\n");
	return err;
}
