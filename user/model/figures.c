/* Making and freeing figures, from the column tables: what a row owns, its columns say. */
#include "user/model/figures.h"

#include <math.h>
#include <stdlib.h>

struct figures *figures_new(void)
{
	return calloc(1, sizeof(struct figures));
}

static void free_texts(const struct fig_column *columns, char *row)
{
	for (const struct fig_column *c = columns; c->name; c++)
		if (c->kind == FIG_TEXT || c->kind == FIG_NAME)
			free(*(char **)(row + c->offset));
}

static void free_table(const struct fig_table_desc *t, const void *base)
{
	struct fig_rows rows = fig_rows(t, base);

	for (size_t i = 0; rows.row && i < rows.count; i++)
		free_texts(t->columns, rows.row + i * t->row_size);
	free(rows.row);
}

double fig_sampling_error(double ratio, u64 n)
{
	const double z = 1.959964; /* 95 % of a normal distribution */
	double z2 = z * z, middle, half;

	if (!n || isnan(ratio))
		return NAN;
	ratio = ratio > 1 ? 1 : ratio;
	middle = (ratio + z2 / (2 * n)) / (1 + z2 / n);
	half = z / (1 + z2 / n) * sqrt(ratio * (1 - ratio) / n + z2 / (4.0 * n * n));
	return fabs(middle - ratio) + half;
}

struct figures *figures_free(struct figures *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; f->procs && i < f->nprocs; i++) {
		struct fig_process *p = &f->procs[i];

		for (size_t t = 0; t < FIG_TABLE_COUNT; t++)
			free_table(&fig_tables[t], p);
		free_texts(fig_process_columns, (char *)p);
		free_texts(fig_python_columns, (char *)p);
	}
	for (size_t t = 0; t < FIG_TOP_TABLE_COUNT; t++)
		free_table(&fig_top_tables[t], f);
	free(f->procs);
	free(f);
	return NULL;
}
