/* --format jsonl: one object per line, so that a reader can follow intervals as they come. */
#include "user/export/exporter.h"
#include "user/export/json_figures.h"

static int write_jsonl(FILE *out, const struct figures *f)
{
	return json_figures_print(out, f, false);
}

const struct exporter_ops jsonl_exporter = {
	.name = "jsonl",
	.help = "the same on one line; one line per interval with -i",
	.write = write_jsonl,
};
