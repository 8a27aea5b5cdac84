/* The list of exporters, made from EXPORTERS in exporter.h. */
#include "user/export/exporter.h"

#include <string.h>

static const struct exporter_ops *const exporters[] = {
#define X(name) &name##_exporter,
	EXPORTERS(X)
#undef X
};

const struct exporter_ops *exporter_find(const char *name)
{
	for (size_t i = 0; i < sizeof(exporters) / sizeof(exporters[0]); i++)
		if (!strcmp(exporters[i]->name, name))
			return exporters[i];
	return NULL;
}
