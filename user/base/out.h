/*
 * Buffered output of text and bytes, for exporters that write millions of values.
 *
 * The first error is kept; later writes do nothing.  Check once, with out_flush().
 */
#ifndef GS_USER_BASE_OUT_H
#define GS_USER_BASE_OUT_H

#include <stddef.h>

#include "bpf/types.h"

struct out {
	int fd;
	int err; /* the first one, a negative errno; 0 */
	u64 total; /* bytes written or buffered so far */
	char *buffer; /* owned */
	size_t used, room;
};

/* Write to @fd, which stays the caller's.  0 or -ENOMEM. */
int out_init(struct out *o, int fd);

/* Hand everything to the kernel.  0, or the first error of all writes: a negative errno. */
int out_flush(struct out *o);

/* Free the buffer; what was not flushed is dropped. */
void out_done(struct out *o);

void out_bytes(struct out *o, const void *data, size_t size);
void out_char(struct out *o, char c);
void out_str(struct out *o, const char *s); /* as it is */
void out_u64(struct out *o, u64 v); /* decimal */
void out_s64(struct out *o, s64 v);

/* @ns as a decimal of a unit of 10^@digits ns, all digits kept: out_decimal(o, 1234567, 3) is
 * "1234.567". */
void out_decimal(struct out *o, u64 ns, unsigned int digits);

/* A double with 17 significant digits at most; "null" if not finite. */
void out_real(struct out *o, double v);

/*
 * @s as a JSON string in quotes: control characters, quotes and backslashes escaped; what is
 * not valid UTF-8 becomes U+FFFD; '<', '>' and '&' as \u003c and so on, so that it may stand in a
 * script of an HTML page.
 */
void out_json(struct out *o, const char *s);

/* @s as a CSV field (RFC 4180), in quotes where needed; a leading = + - @ is kept as it is. */
void out_csv(struct out *o, const char *s);

/* @s as HTML text or attribute value. */
void out_html(struct out *o, const char *s);

__attribute__((format(printf, 2, 3))) void out_printf(struct out *o, const char *fmt, ...);

#endif
