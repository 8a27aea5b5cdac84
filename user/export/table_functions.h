/* Python functions in --format table; a part of table.c. */
#ifndef GS_USER_EXPORT_TABLE_FUNCTIONS_H
#define GS_USER_EXPORT_TABLE_FUNCTIONS_H

#include <stdio.h>

#include "user/model/figures.h"

/* The hottest of them, by what they held, waited for and made others wait; nothing if stacks are
 * not measured.  0 or -ENOMEM; write errors are left in @out. */
int table_functions(FILE *out, const struct fig_process *p);

#endif
