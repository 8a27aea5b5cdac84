/*
 * A table of text with columns as wide as their widest cell.  Fill it row by row, cell by
 * cell from the left, then print it.  A cell that was not set is empty; rows and cells beyond
 * the bounds are dropped.
 */
#ifndef GS_USER_EXPORT_TEXT_TABLE_H
#define GS_USER_EXPORT_TEXT_TABLE_H

#include <stdio.h>

#include "bpf/types.h"

#define TEXT_ROWS 24
#define TEXT_COLUMNS 14
#define TEXT_CELL 160 /* bytes; TEXT_WIDTH wide characters with marks fit */
#define TEXT_WIDTH 36 /* columns a cell is cut to */

struct text_column {
	const char *title;
	bool left; /* aligned; figures are to the right */
};

struct text_table {
	const struct text_column *columns;
	size_t ncolumns;
	size_t nrows;
	size_t next; /* cell of the last row to be set */
	char cell[TEXT_ROWS][TEXT_COLUMNS][TEXT_CELL];
};

void text_table_init(struct text_table *t, const struct text_column *columns, size_t ncolumns);
void text_table_row(struct text_table *t);

/* The next cell.  @s is made printable and cut. */
void text_table_cell(struct text_table *t, const char *s);

/* Title line and rows, each after @indent spaces.  Write errors are left in @out. */
void text_table_print(const struct text_table *t, FILE *out, int indent);

#endif
