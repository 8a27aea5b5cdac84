/* The tables below a process's header in --format table; parts of table.c. */
#ifndef GS_USER_EXPORT_TABLE_ROWS_H
#define GS_USER_EXPORT_TABLE_ROWS_H

#include <stdio.h>

#include "user/model/figures.h"

/* Each writes a title and its table, or that it was not measured.  0 or -ENOMEM; write errors
 * are left in @out. */
int table_threads(FILE *out, const struct fig_process *p);
int table_gc(FILE *out, const struct fig_process *p);
int table_io(FILE *out, const struct fig_process *p);
int table_ft(FILE *out, const struct fig_process *p); /* nothing in a build with a GIL */
int table_ft_threads(FILE *out, const struct fig_process *p); /* likewise */
int table_loops(FILE *out, const struct fig_process *p); /* nothing if they are not measured */
int table_types(FILE *out, const struct fig_process *p);
int table_blame(FILE *out, const struct fig_process *p);

#endif
