/* What the formats of flame graphs share, and the simplest of them: folded text. */
#include "user/export/flame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/fmt.h"
#include "user/base/str.h"
#include "user/base/utf8.h"

#define NAME_SIZE 512 /* bytes of a name that is written */

const struct flame_format flame_formats[] = {
	{ ".svg", "a picture to search and zoom in a browser", flame_svg },
	{ ".html", "the same in a page, with a table of the hottest functions", flame_html },
	{ ".folded", "\"frame;frame;frame N\" for any flame graph tool; also -o -", flame_folded },
	{},
};

const struct flame_format *flame_format_of(const char *path)
{
	size_t len = strlen(path);

	for (const struct flame_format *f = flame_formats; f->suffix; f++) {
		size_t end = strlen(f->suffix);
		bool named = len > end && path[len - end - 1] != '/';

		if ((named && !strcmp(path + len - end, f->suffix)) ||
		    (f->write == flame_folded && !strcmp(path, "-")))
			return f;
	}
	return NULL;
}

/* U+FFFE and U+FFFF, of each plane: no XML may have those of the first. */
static void clean(char *s)
{
	u32 cp;

	str_printable(s);
	for (size_t len; (len = utf8_decode(s, &cp)); s += len)
		if ((cp & 0xfffe) == 0xfffe)
			memset(s, '?', len);
}

const char *flame_name(const struct fig_label *l, char *to, size_t size)
{
	fig_label_text(l, to, size);
	clean(to);
	return to;
}

const char *flame_place(const struct fig_label *l, char *to, size_t size)
{
	*to = 0;
	if (l->kind == FIG_LABEL_FUNCTION && l->file)
		fig_label_place(l->file, l->first_line, SIZE_MAX, to, size);
	clean(to);
	return to;
}

struct fmt flame_amount(enum fig_stack_weight by, u64 v)
{
	return fig_weights[by].is_time ? fmt_ns(v) : fmt_count(v);
}

void flame_facts(const struct fig_flame *f, const struct flame_about *a, char *to, size_t size)
{
	const struct fig_functions *fn = a->functions;
	int n = snprintf(to, size, "%s: %s in %s, %s mode; %s stacks", fig_weights[f->by].help,
			 flame_amount(f->by, f->n ? f->list[0].total : 0).s,
			 fmt_ns(a->duration_ns).s, a->mode ? a->mode : "?",
			 fmt_count(fn->stacks).s);

	if ((fn->truncated || fn->torn) && n > 0 && (size_t)n < size)
		snprintf(to + n, size - (size_t)n, ", too deep %s, torn %s",
			 fmt_count(fn->truncated).s, fmt_count(fn->torn).s);
}

void flame_folded_frame(struct out *o, const struct fig_label *l)
{
	char name[NAME_SIZE], place[NAME_SIZE];

	flame_name(l, name, sizeof(name));
	flame_place(l, place, sizeof(place));
	for (char *s = name; (s = strchr(s, ';'));)
		*s = ',';
	for (char *s = place; (s = strchr(s, ';'));)
		*s = ',';
	out_str(o, name);
	if (!*place)
		return;
	out_str(o, " (");
	out_str(o, place);
	out_char(o, ')');
}

int flame_folded(struct out *o, const struct fig_flame *f, const struct flame_about *a)
{
	u32 *path = calloc(f->depth + 1, sizeof(*path));

	(void)a;
	if (!path)
		return -ENOMEM;
	for (u32 at = 0; f->n && at != FIG_FLAME_NONE; at = fig_flame_next(f, at, true)) {
		const struct fig_flame_node *n = &f->list[at];

		path[n->depth] = at;
		if (!n->self)
			continue;
		for (u32 d = 1; d <= n->depth; d++) {
			out_str(o, d > 1 ? ";" : "");
			flame_folded_frame(o, fig_flame_label(f, path[d]));
		}
		out_char(o, ' ');
		out_u64(o, n->self);
		out_char(o, '\n');
	}
	free(path);
	return 0;
}
