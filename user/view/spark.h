/* Bars and sparklines, in block characters or ASCII as the canvas can. */
#ifndef GS_USER_VIEW_SPARK_H
#define GS_USER_VIEW_SPARK_H

#include "user/view/canvas.h"

#define SPARK_NONE 255 /* a value that was not measured: a gap */

/* A share of a bar, 0 to 1, with how dark it is drawn: 0 lightest (idle) to 2 (solid). */
struct bar_part {
	double share;
	int darkness;
	enum style style;
};

/* Parts side by side over @width columns, rounded so that together they fill it; what the
 * parts leave is blank.  A share above 0 gets a column if there is one. */
void bar_draw(struct canvas *c, int row, int col, int width, const struct bar_part *parts,
	      size_t nparts);

/* The last @width of @n values from 0 to 100, oldest first, flush right. */
void spark_draw(struct canvas *c, int row, int col, int width, enum style style, const u8 *values,
		size_t n);

#endif
