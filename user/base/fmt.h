/*
 * Figures for people: short, with a unit, of bounded width, so that columns line up.
 *
 * Each function returns its text by value, to be used as fmt_ns(t).s within one expression.
 * What was not measured (UINT64_MAX, NAN) is "-".
 */
#ifndef GS_USER_BASE_FMT_H
#define GS_USER_BASE_FMT_H

#include <stddef.h>

#include "bpf/types.h"

struct fmt {
	char s[24];
};

/* A time: "0 ns", "999 ns", "1.53 us", "15.3 ms", "153 ms", "99.9 s", "1m40s", "2h46m",
 * "3d04h".  At most 7 characters below 1,000 days. */
struct fmt fmt_ns(u64 ns);

/* A number: "0", "9999", "12.3k", "123k", "1.23M" …  At most 5 characters. */
struct fmt fmt_count(u64 n);

/* Things per second: @n of them in @over_ns: "0", "0.25", "15.3", "1234", "12.3k".  At most 5
 * characters; "-" if @over_ns is 0. */
struct fmt fmt_rate(u64 n, u64 over_ns);

/* The same of a number worked out already; "-" if it is not finite. */
struct fmt fmt_real(double v);

/* A share, 1.0 being all: "0.0%", "<0.1%", "12.3%", "100.0%", "1234%".  At most 6 characters
 * below 100,000 %. */
struct fmt fmt_percent(double ratio);

/* @part of @whole as a ratio; NAN if either is UINT64_MAX or @whole is 0. */
double fmt_ratio(u64 part, u64 whole);

#endif
