/* --format json: one indented object per set of figures. */
#include "user/export/exporter.h"
#include "user/export/json_figures.h"

static int write_json(FILE *out, const struct figures *f)
{
	return json_figures_print(out, f, true);
}

const struct exporter_ops json_exporter = {
	.name = "json",
	.help = "everything measured, as one indented JSON object",
	.write = write_json,
};
