/* Figures for people; see fmt.h.  A value is rounded first and given its unit then, so that
 * 999.95 us is "1.00 ms" and never "1000 us". */
#include "user/base/fmt.h"

#include <math.h>
#include <stdio.h>

#define NS_PER_SEC 1000000000ULL
#define MINUTE (60 * NS_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Decimals that leave three significant digits to 0 <= @v < 1000. */
static int decimals(double v)
{
	if (v < 9.995)
		return 2;
	return v < 99.95 ? 1 : 0;
}

static struct fmt none(void)
{
	return (struct fmt) { "-" };
}

struct fmt fmt_ns(u64 ns)
{
	static const char *const units[] = { "us", "ms", "s" };
	double v = (double)ns / 1e3;
	size_t unit = 0;
	struct fmt f;

	if (ns == UINT64_MAX)
		return none();
	if (ns < 1000) {
		snprintf(f.s, sizeof(f.s), "%u ns", (unsigned int)ns);
	} else if (ns < 99950000000ULL) {
		for (; v >= 999.5; v /= 1e3)
			unit++;
		snprintf(f.s, sizeof(f.s), "%.*f %s", decimals(v), v, units[unit]);
	} else if (ns < HOUR) {
		snprintf(f.s, sizeof(f.s), "%um%02us", (unsigned int)(ns / MINUTE),
			 (unsigned int)(ns % MINUTE / NS_PER_SEC));
	} else if (ns < DAY) {
		snprintf(f.s, sizeof(f.s), "%uh%02um", (unsigned int)(ns / HOUR),
			 (unsigned int)(ns % HOUR / MINUTE));
	} else {
		snprintf(f.s, sizeof(f.s), "%ud%02uh", (unsigned int)(ns / DAY),
			 (unsigned int)(ns % DAY / HOUR));
	}
	return f;
}

/* 0 <= @v, four digits as they are, from there with a suffix. */
static struct fmt with_suffix(double v, int places)
{
	static const char suffixes[] = "kMGTPE";
	const char *suffix = suffixes;
	struct fmt f;

	if (v < 9999.5) {
		snprintf(f.s, sizeof(f.s), "%.*f", places, v);
		return f;
	}
	for (v /= 1e3; v >= 999.5 && suffix[1]; v /= 1e3)
		suffix++;
	snprintf(f.s, sizeof(f.s), "%.*f%c", decimals(v), v, *suffix);
	return f;
}

struct fmt fmt_count(u64 n)
{
	return n == UINT64_MAX ? none() : with_suffix((double)n, 0);
}

struct fmt fmt_rate(u64 n, u64 over_ns)
{
	if (n == UINT64_MAX || !over_ns)
		return none();
	return fmt_real((double)n * 1e9 / (double)over_ns);
}

struct fmt fmt_real(double v)
{
	return isfinite(v) ? with_suffix(v, v > 0 ? decimals(v) : 0) : none();
}

struct fmt fmt_percent(double ratio)
{
	double v = ratio * 100;
	struct fmt f;

	if (!isfinite(v))
		return none();
	if (v > 0 && v < 0.05)
		snprintf(f.s, sizeof(f.s), "<0.1%%");
	else
		snprintf(f.s, sizeof(f.s), "%.*f%%", v < 999.95 ? 1 : 0, v < 1e15 ? v : 1e15);
	return f;
}

double fmt_ratio(u64 part, u64 whole)
{
	if (part == UINT64_MAX || whole == UINT64_MAX || !whole)
		return NAN;
	return (double)part / (double)whole;
}
