/*
 * Tables on a canvas.  A column is a title and a function that reads its number from a row;
 * the unit says how it is written, and sorting needs nothing more.  A column of text has
 * `text` instead.  NAN is "not measured": written "-", sorted last either way.
 */
#ifndef GS_USER_VIEW_GRID_H
#define GS_USER_VIEW_GRID_H

#include "user/view/canvas.h"

enum grid_unit {
	UNIT_TEXT,
	UNIT_ID, /* a number as it is */
	UNIT_COUNT,
	UNIT_REAL, /* rates, ratios of counts */
	UNIT_PERCENT, /* of a ratio: 1 is 100 % */
	UNIT_NS,
};

struct grid_column {
	const char *title;
	enum grid_unit unit;
	int width; /* of text: the least; it grows */
	int rank; /* what does not fit goes by rank, highest first; 0 stays */
	double (*value)(const void *row, u64 over_ns);
	const char *(*text)(const void *row);
	double warn, bad; /* values from here on are marked; 0: none is */
	const char *help; /* for the help screen */
};

struct grid {
	const struct grid_column *columns;
	size_t ncolumns;
	int sort; /* column number; -1: as they come */
	bool reverse; /* smallest first */
	u64 over_ns; /* time the figures cover */
	const char *text_title; /* instead of the text column's; NULL: its own */
	enum style (*row_style)(const void *row, const void *arg); /* NULL: all normal */
	const void *row_arg;
};

/* Sort pointers to rows by @g->sort: numbers from the largest, texts from the first. */
void grid_sort(const struct grid *g, const void **rows, size_t count);

/* Titles in the area's first line, rows from @scroll on below. */
void grid_draw(struct canvas *c, struct area a, const struct grid *g, const void *const *rows,
	       size_t count, size_t scroll);

#endif
