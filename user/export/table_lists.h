/* What only recordings have, below the tables of --format table; parts of table.c. */
#ifndef GS_USER_EXPORT_TABLE_LISTS_H
#define GS_USER_EXPORT_TABLE_LISTS_H

#include <stdio.h>

#include "user/model/figures.h"

/* Each writes nothing if the figures are not from a recording; write errors are left in @out. */
void table_longest(FILE *out, const struct figures *f);
void table_lost_ranges(FILE *out, const struct figures *f);

/* What is wrong with the recording, if anything is. */
void table_recording(FILE *out, const struct figures *f);

#endif
