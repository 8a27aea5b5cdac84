/* Cells; see canvas.h. */
#include "user/view/canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/utf8.h"

int canvas_resize(struct canvas *c, int rows, int cols)
{
	size_t count = (size_t)rows * (size_t)cols;
	struct cell *cell = calloc(count ? count : 1, sizeof(*cell));

	if (!cell)
		return -ENOMEM;
	free(c->cell);
	c->cell = cell;
	c->rows = rows;
	c->cols = cols;
	canvas_clear(c);
	return 0;
}

void canvas_free(struct canvas *c)
{
	free(c->cell);
	*c = (struct canvas) { 0 };
}

void canvas_clear(struct canvas *c)
{
	for (int i = 0; i < c->rows * c->cols; i++)
		c->cell[i] = (struct cell) { L' ', STYLE_NORMAL };
}

static struct cell *cell_at(const struct canvas *c, int row, int col)
{
	if (row < 0 || col < 0 || row >= c->rows || col >= c->cols)
		return NULL;
	return &c->cell[row * c->cols + col];
}

/* Overwrite one cell; half of a wide character that loses its other half is blanked. */
static void set_cell(struct canvas *c, int row, int col, enum style style, wchar_t ch)
{
	struct cell *cell = cell_at(c, row, col);

	if (!cell)
		return;
	if (!cell->ch && col > 0 && ch)
		cell[-1].ch = L' ';
	if (col + 1 < c->cols && !cell[1].ch)
		cell[1].ch = L' ';
	*cell = (struct cell) { ch, style };
}

void canvas_char(struct canvas *c, int row, int col, enum style style, wchar_t ch)
{
	set_cell(c, row, col, style, c->utf8 || ch < 0x80 ? ch : L'?');
}

/* How @cp is shown: itself or '?'; *@ret_width columns, 0 for marks on the one before. */
static wchar_t visible(const struct canvas *c, u32 cp, int *ret_width)
{
	int width = cp < 0x80 || c->utf8 ? wcwidth((wchar_t)cp) : -1;

	*ret_width = width < 0 ? 1 : width;
	return width < 0 ? L'?' : (wchar_t)cp;
}

int canvas_text(struct canvas *c, int row, int col, int width, enum style style, const char *s)
{
	int used = 0;

	if (width > c->cols - col)
		width = c->cols - col;
	while (*s) {
		u32 cp = 0xfffd;
		size_t len = utf8_decode(s, &cp);
		int w;
		wchar_t ch = visible(c, len ? cp : 1, &w);

		if (used + w > width)
			break;
		if (w)
			set_cell(c, row, col + used, style, ch);
		if (w == 2)
			set_cell(c, row, col + used + 1, style, 0);
		used += w;
		s += len ? len : 1;
	}
	return used;
}

void canvas_right(struct canvas *c, int row, int col, int width, enum style style, const char *s)
{
	size_t used;

	utf8_fit(s, width > 0 ? (size_t)width : 0, &used);
	canvas_text(c, row, col + width - (int)used, (int)used, style, s);
}

int canvas_printf(struct canvas *c, int row, int col, enum style style, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return canvas_text(c, row, col, c->cols, style, buf);
}

void canvas_style(struct canvas *c, int row, int col, int width, enum style style)
{
	for (int i = 0; i < width; i++) {
		struct cell *cell = cell_at(c, row, col + i);

		if (cell)
			cell->style = style;
	}
}

void canvas_line(const struct canvas *c, int row, char *buf, size_t size)
{
	size_t len = 0, end = 0;

	for (int col = 0; col < c->cols; col++) {
		wchar_t ch = cell_at(c, row, col)->ch;
		char mb[8];
		int n = 1;

		if (!ch)
			continue;
		mb[0] = (char)ch;
		if (ch >= 0x80)
			n = snprintf(mb, sizeof(mb), "%lc", (wint_t)ch);
		if (n < 0 || len + (size_t)n >= size)
			break;
		memcpy(buf + len, mb, (size_t)n);
		len += (size_t)n;
		if (ch != L' ')
			end = len;
	}
	if (size)
		buf[end] = '\0';
}
