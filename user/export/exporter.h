/*
 * An exporter writes figures in one format.  It knows no family, no BPF map and no screen.
 *
 * Every exporter, one line each: X(name).  A new one adds its line and user/export/<name>.c.
 */
#ifndef GS_USER_EXPORT_EXPORTER_H
#define GS_USER_EXPORT_EXPORTER_H

#include <stdio.h>

#include "user/model/figures.h"

#define EXPORTERS(X) \
	X(table) \
	X(json) \
	X(jsonl)

struct exporter_ops {
	const char *name; /* as in --format */
	const char *help;
	/*
	 * Write one set of figures: an interval's, or the whole measurement's.
	 * Return: 0 or a negative errno (of the write, or -ENOMEM).
	 */
	int (*write)(FILE *out, const struct figures *f);
};

#define X(name) extern const struct exporter_ops name##_exporter;
EXPORTERS(X)
#undef X

/* The exporter called @name, or NULL. */
const struct exporter_ops *exporter_find(const char *name);

#endif
