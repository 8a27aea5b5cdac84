/*
 * What a screen is to show: cells with a character and a style.  Panels draw here, term.c
 * carries it to the terminal, tests read it back; nothing here knows curses.
 *
 * Invariant: a row never takes more columns than the canvas has, whatever the text: wide
 * characters take two cells (the second has `ch` 0), combining ones are dropped, and what the
 * locale cannot print is '?'.  Drawing outside the canvas is clipped.
 */
#ifndef GS_USER_VIEW_CANVAS_H
#define GS_USER_VIEW_CANVAS_H

#include <stddef.h>
#include <wchar.h>

#include "bpf/types.h"

enum style {
	STYLE_NORMAL,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_TITLE, /* names of panels */
	STYLE_HEAD, /* titles of columns */
	STYLE_SORT, /* title of the column sorted by */
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_COUNT,
};

struct cell {
	wchar_t ch;
	enum style style;
};

struct canvas {
	int rows, cols;
	bool utf8; /* the terminal shows UTF-8; else ASCII only */
	struct cell *cell; /* rows x cols */
};

struct area {
	int row, col, rows, cols;
};

/* Make @c @rows x @cols and empty.  0 or -ENOMEM: then it is as it was. */
int canvas_resize(struct canvas *c, int rows, int cols);
void canvas_free(struct canvas *c);
void canvas_clear(struct canvas *c);

/* One character, as it is: @ch takes one column, '?' if the canvas is ASCII and it is not. */
void canvas_char(struct canvas *c, int row, int col, enum style style, wchar_t ch);

/*
 * canvas_text - write UTF-8 text, at most @width columns of it
 * Return: the columns taken.
 */
int canvas_text(struct canvas *c, int row, int col, int width, enum style style, const char *s);

/* The same, right-aligned in @width columns. */
void canvas_right(struct canvas *c, int row, int col, int width, enum style style, const char *s);

/* The same, formatted; up to the end of the row.  Return: the columns taken. */
int canvas_printf(struct canvas *c, int row, int col, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Give @width cells a style, their characters kept. */
void canvas_style(struct canvas *c, int row, int col, int width, enum style style);

/* Row @row as UTF-8 without the spaces at its end, for tests.  Cut to @size. */
void canvas_line(const struct canvas *c, int row, char *buf, size_t size);

#endif
