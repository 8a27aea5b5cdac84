/* Tables of text; see text_table.h. */
#include "user/export/text_table.h"

#include <string.h>

#include "user/base/str.h"
#include "user/base/utf8.h"

void text_table_init(struct text_table *t, const struct text_column *columns, size_t ncolumns)
{
	t->columns = columns;
	t->ncolumns = ncolumns < TEXT_COLUMNS ? ncolumns : TEXT_COLUMNS;
	t->nrows = 0;
	t->next = 0;
}

void text_table_row(struct text_table *t)
{
	if (t->nrows == TEXT_ROWS) {
		t->next = TEXT_COLUMNS;
		return;
	}
	memset(t->cell[t->nrows++], 0, sizeof(t->cell[0]));
	t->next = 0;
}

void text_table_cell(struct text_table *t, const char *s)
{
	size_t width, len;
	char *cell;

	if (!t->nrows || t->next >= t->ncolumns)
		return;
	cell = t->cell[t->nrows - 1][t->next++];
	len = utf8_fit(s, TEXT_WIDTH, &width);
	snprintf(cell, TEXT_CELL, "%.*s", (int)len, s);
	str_printable(cell);
	if (s[len])
		memcpy(cell + (strlen(cell) < TEXT_CELL - 2 ? strlen(cell) : TEXT_CELL - 2), "~",
		       2);
}

static size_t width_of(const char *s)
{
	size_t width;

	utf8_fit(s, SIZE_MAX, &width);
	return width;
}

static void print_cell(const struct text_table *t, FILE *out, size_t column, const char *s,
		       size_t width)
{
	int pad = (int)(width - width_of(s));
	bool left = t->columns[column].left, last = column + 1 == t->ncolumns;

	if (column)
		fputs("  ", out);
	if (left)
		fprintf(out, "%s%*s", s, last ? 0 : pad, "");
	else
		fprintf(out, "%*s%s", pad, "", s);
}

void text_table_print(const struct text_table *t, FILE *out, int indent)
{
	size_t width[TEXT_COLUMNS];

	for (size_t c = 0; c < t->ncolumns; c++) {
		width[c] = width_of(t->columns[c].title);
		for (size_t r = 0; r < t->nrows; r++)
			if (width_of(t->cell[r][c]) > width[c])
				width[c] = width_of(t->cell[r][c]);
	}
	fprintf(out, "%*s", indent, "");
	for (size_t c = 0; c < t->ncolumns; c++)
		print_cell(t, out, c, t->columns[c].title, width[c]);
	fputc('\n', out);
	for (size_t r = 0; r < t->nrows; r++) {
		fprintf(out, "%*s", indent, "");
		for (size_t c = 0; c < t->ncolumns; c++)
			print_cell(t, out, c, t->cell[r][c], width[c]);
		fputc('\n', out);
	}
}
