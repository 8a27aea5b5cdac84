/* Bars and sparklines; see spark.h. */
#include "user/view/spark.h"

#define LEVELS 8

static const wchar_t spark_utf8[LEVELS + 1] = L"▁▂▃▄▅▆▇█";
static const wchar_t spark_ascii[LEVELS + 1] = L"_.:-=+*#";
static const wchar_t bar_utf8[] = L"░▒█";
static const wchar_t bar_ascii[] = L".=#";

void bar_draw(struct canvas *c, int row, int col, int width, const struct bar_part *parts,
	      size_t nparts)
{
	const wchar_t *ramp = c->utf8 ? bar_utf8 : bar_ascii;
	double end = 0;
	int at = 0;

	for (size_t i = 0; i < nparts; i++) {
		int to;

		if (!(parts[i].share > 0)) /* NAN too */
			continue;
		end += parts[i].share;
		to = (int)((end < 1 ? end : 1) * width + 0.5);
		if (to == at)
			to++;
		for (; at < to && at < width; at++)
			canvas_char(c, row, col + at, parts[i].style, ramp[parts[i].darkness]);
	}
}

void spark_draw(struct canvas *c, int row, int col, int width, enum style style, const u8 *values,
		size_t n)
{
	const wchar_t *ramp = c->utf8 ? spark_utf8 : spark_ascii;

	for (int i = 0; i < width && (size_t)i < n; i++) {
		u8 v = values[n - 1 - (size_t)i];

		if (v == SPARK_NONE)
			continue;
		v = v > 100 ? 100 : v;
		canvas_char(c, row, col + width - 1 - i, style, ramp[v * (LEVELS - 1) / 100]);
	}
}
