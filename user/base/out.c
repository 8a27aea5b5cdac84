/*
 * Buffered output; see out.h.
 *
 * Numbers and texts are made in the buffer itself: room() makes place for the longest form
 * first, by writing out what is there.  After an error there is no room any more.
 */
#include "user/base/out.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/utf8.h"

#define ROOM (256U << 10)
#define LONGEST 32 /* of what room() is asked for: a number, an escaped character */

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

int out_init(struct out *o, int fd)
{
	*o = (struct out) { .fd = fd, .room = ROOM };
	o->buffer = malloc(ROOM);
	if (!o->buffer)
		o->err = -ENOMEM;
	return o->err;
}

/* A descriptor can be somebody's non-blocking pipe: then wait until it takes more. */
static int wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static void write_all(struct out *o, const char *data, size_t size)
{
	while (size && !o->err) {
		ssize_t n = write(o->fd, data, size);

		if (n > 0) {
			data += n;
			size -= (size_t)n;
		} else if (n == 0) {
			o->err = -EIO;
		} else if (errno == EAGAIN) {
			o->err = wait_writable(o->fd);
		} else if (errno != EINTR) {
			o->err = -errno;
		}
	}
}

int out_flush(struct out *o)
{
	write_all(o, o->buffer, o->used);
	o->used = 0;
	return o->err;
}

void out_done(struct out *o)
{
	free(o->buffer);
	o->buffer = NULL;
	o->used = o->room = 0;
}

/* Where up to LONGEST bytes can be written; NULL: nowhere, after an error. */
static inline char *room(struct out *o)
{
	if (o->err)
		return NULL;
	if (o->room - o->used < LONGEST && out_flush(o))
		return NULL;
	return o->buffer + o->used;
}

static inline void put(struct out *o, size_t size)
{
	o->used += size;
	o->total += size;
}

void out_bytes(struct out *o, const void *data, size_t size)
{
	if (o->err)
		return;
	if (size > o->room - o->used && out_flush(o))
		return;
	o->total += size;
	if (size > o->room) {
		write_all(o, data, size);
		return;
	}
	memcpy(o->buffer + o->used, data, size);
	o->used += size;
}

void out_char(struct out *o, char c)
{
	char *at = room(o);

	if (!at)
		return;
	*at = c;
	put(o, 1);
}

void out_str(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

/* @v right-aligned before @end, at least @least digits; where it begins. */
static char *digits_before(char *end, u64 v, unsigned int least)
{
	char *stop = end - least;

	while (v >= 100) {
		u64 rest = v / 100;
		unsigned int two = (unsigned int)(v - rest * 100);

		*--end = (char)('0' + two % 10);
		*--end = (char)('0' + two / 10);
		v = rest;
	}
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (end > stop)
		*--end = '0';
	return end;
}

void out_u64(struct out *o, u64 v)
{
	char *at = room(o), text[LONGEST], *end = text + sizeof(text), *from;

	if (!at)
		return;
	from = digits_before(end, v, 1);
	memcpy(at, from, (size_t)(end - from));
	put(o, (size_t)(end - from));
}

void out_s64(struct out *o, s64 v)
{
	if (v < 0)
		out_char(o, '-');
	out_u64(o, v < 0 ? 0 - (u64)v : (u64)v);
}

void out_decimal(struct out *o, u64 ns, unsigned int digits)
{
	char *at, text[LONGEST], *end = text + sizeof(text), *from;
	size_t whole;

	if (digits > 19)
		digits = 19; /* more than a u64 has */
	at = room(o);
	if (!at)
		return;
	from = digits_before(end, ns, digits + 1);
	whole = (size_t)(end - from) - digits;
	memcpy(at, from, whole);
	if (!digits) {
		put(o, whole);
		return;
	}
	at[whole] = '.';
	memcpy(at + whole + 1, from + whole, digits);
	put(o, whole + 1 + digits);
}

void out_real(struct out *o, double v)
{
	char text[64];

	if (!isfinite(v)) {
		out_str(o, "null");
		return;
	}
	/* as few digits as give the same number again */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	out_str(o, text);
}

/* What has to be written otherwise in each kind of text; bits of `special`. */
enum { IN_JSON = 1, IN_HTML = 2, IN_CSV = 4 };

static const u8 special[256] = {
	[0] = IN_JSON | IN_HTML | IN_CSV,
	[1 ... 8] = IN_JSON | IN_HTML,
	[11 ... 12] = IN_JSON | IN_HTML,
	[14 ... 31] = IN_JSON | IN_HTML,
	['\n'] = IN_JSON | IN_CSV,
	['\r'] = IN_JSON | IN_HTML | IN_CSV,
	['\t'] = IN_JSON,
	['"'] = IN_JSON | IN_HTML | IN_CSV,
	[','] = IN_CSV,
	['\\'] = IN_JSON,
	['<'] = IN_JSON | IN_HTML,
	['>'] = IN_JSON | IN_HTML,
	['&'] = IN_JSON | IN_HTML,
	['\''] = IN_HTML,
	[127] = IN_JSON | IN_HTML,
	[128 ... 255] = IN_JSON | IN_HTML | IN_CSV,
};

/* The bytes at @s that are written as they are. */
static size_t plain(const char *s, u8 in)
{
	size_t n = 0;

	while (!(special[(u8)s[n]] & in))
		n++;
	return n;
}

/* One character that is not ASCII, or U+FFFD for a byte that is none; its length in @s. */
static size_t out_character(struct out *o, const char *s)
{
	u32 cp;
	size_t n = utf8_decode(s, &cp);

	if (n)
		out_bytes(o, s, n);
	else
		out_bytes(o, replacement, sizeof(replacement) - 1);
	return n ? n : 1;
}

static void json_escape(struct out *o, char c)
{
	static const char hex[] = "0123456789abcdef";
	char long_form[] = "\\u0000", short_form[] = "\\?";

	switch (c) {
	case '"':
	case '\\':
		short_form[1] = c;
		out_bytes(o, short_form, 2);
		return;
	case '\n':
		out_bytes(o, "\\n", 2);
		return;
	case '\t':
		out_bytes(o, "\\t", 2);
		return;
	case '\r':
		out_bytes(o, "\\r", 2);
		return;
	default:
		long_form[4] = hex[(u8)c >> 4];
		long_form[5] = hex[(u8)c & 15];
		out_bytes(o, long_form, 6);
	}
}

void out_json(struct out *o, const char *s)
{
	out_char(o, '"');
	for (;;) {
		size_t n = plain(s, IN_JSON);

		out_bytes(o, s, n);
		s += n;
		if (!*s)
			break;
		if ((u8)*s >= 128)
			s += out_character(o, s);
		else
			json_escape(o, *s++);
	}
	out_char(o, '"');
}

/* In quotes if it holds a comma, a quote, a line end, or blanks at its ends. */
static bool csv_quoted(const char *s)
{
	size_t n = strcspn(s, ",\"\r\n");

	return s[n] || (n && (s[0] == ' ' || s[n - 1] == ' ' || s[0] == '\t' || s[n - 1] == '\t'));
}

void out_csv(struct out *o, const char *s)
{
	bool quoted = csv_quoted(s);

	if (quoted)
		out_char(o, '"');
	for (;;) {
		size_t n = plain(s, IN_CSV);

		out_bytes(o, s, n);
		s += n;
		if (!*s)
			break;
		if ((u8)*s >= 128) {
			s += out_character(o, s);
			continue;
		}
		if (*s == '"')
			out_char(o, '"');
		out_char(o, *s++);
	}
	if (quoted)
		out_char(o, '"');
}

static const char *html_escape(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return replacement; /* a control character: HTML has no form of it */
	}
}

void out_html(struct out *o, const char *s)
{
	for (;;) {
		size_t n = plain(s, IN_HTML);

		out_bytes(o, s, n);
		s += n;
		if (!*s)
			return;
		if ((u8)*s >= 128)
			s += out_character(o, s);
		else
			out_str(o, html_escape(*s++));
	}
}

void out_printf(struct out *o, const char *fmt, ...)
{
	char text[512], *longer = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n >= (int)sizeof(text)) {
		va_start(args, fmt);
		n = vasprintf(&longer, fmt, args);
		va_end(args);
		if (n < 0)
			longer = NULL;
	}
	if (n >= 0)
		out_bytes(o, longer ? longer : text, (size_t)n);
	else if (!o->err)
		o->err = -ENOMEM;
	free(longer);
}
