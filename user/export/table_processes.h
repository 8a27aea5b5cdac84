/* The processes of a measurement as one table, above the details of each; a part of table.c. */
#ifndef GS_USER_EXPORT_TABLE_PROCESSES_H
#define GS_USER_EXPORT_TABLE_PROCESSES_H

#include <stdio.h>

#include "user/model/figures.h"

#define TABLE_PROCESSES_TOP 20

/*
 * table_processes_order - the processes of @f, those first that held their GIL longest
 * Up to TABLE_PROCESSES_TOP they stay in the order they have.
 * Return: a malloc'd list of f->nprocs pointers into @f; NULL without memory.
 */
const struct fig_process **table_processes_order(const struct figures *f);

/* Write the table: a row for each of the first @n of @list, and their sums; nothing for one. */
void table_processes(FILE *out, const struct figures *f, const struct fig_process *const *list,
		     size_t n);

#endif
