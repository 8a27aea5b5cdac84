/* The list of trace exporters, made from TRACE_EXPORTERS in trace_exporter.h. */
#include "user/export/trace_exporter.h"

#include <string.h>

#include "bpf/families.h"

/* NULL ends; there is a table even before there is an exporter. */
static const struct trace_exporter_ops *const exporters[] = {
#define X(name) &trace_##name##_exporter,
	TRACE_EXPORTERS(X)
#undef X
		NULL
};

const struct trace_exporter_ops *trace_exporter_at(size_t i)
{
	return i < sizeof(exporters) / sizeof(exporters[0]) ? exporters[i] : NULL;
}

bool trace_exporter_wants_figures(const struct trace_exporter_ops *ops,
				  const struct trace_info *info)
{
	return ops->wants_figures || (ops->wants_stacks && trace_measures(info, GS_FAMILY_STACKS));
}

const struct trace_exporter_ops *trace_exporter_find(const char *name)
{
	for (size_t i = 0; exporters[i]; i++)
		if (!strcmp(exporters[i]->name, name))
			return exporters[i];
	return NULL;
}
