/* The scripts of an exported page, and the events in them (user/export/trace_html.c). */
#ifndef GS_TESTS_HTML_EVENTS_H
#define GS_TESTS_HTML_EVENTS_H

#include <stdlib.h>
#include <string.h>

#include "bpf/types.h"

#define EVENTS "<script type=\"text/plain\" class=\"events\">"

/* The text of the script that begins with @tag, copied; *@at moves behind it.  NULL: none. */
static inline char *script(const char **at, const char *tag)
{
	const char *from = strstr(*at, tag), *to;

	if (!from)
		return NULL;
	from += strlen(tag);
	to = strstr(from, "</script>");
	assert_non_null(to);
	*at = to;
	return strndup(from, (size_t)(to - from));
}

/* The page's events, counted and summed by kind. */
struct sums {
	u64 events[16], ns[16];
	s64 last_ns;
};

static inline int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = strchr(digits, c);

	assert_true(c && at);
	return (int)(at - digits);
}

/* In place; returns how many bytes. */
static inline size_t from_base64(char *s)
{
	size_t n = 0;

	for (const char *p = s; *p; p += 4) {
		u32 v = (u32)digit(p[0]) << 18 | (u32)digit(p[1]) << 12;

		v |= p[2] == '=' ? 0 : (u32)digit(p[2]) << 6;
		v |= p[3] == '=' ? 0 : (u32)digit(p[3]);
		s[n++] = (char)(v >> 16);
		if (p[2] != '=')
			s[n++] = (char)(v >> 8);
		if (p[3] != '=')
			s[n++] = (char)v;
	}
	return n;
}

static inline u64 varint(const u8 **at)
{
	u64 v = 0;

	for (unsigned int shift = 0;; shift += 7) {
		v |= (u64)(**at & 127) << shift;
		if (!(*(*at)++ & 128))
			return v;
	}
}

static inline s64 zigzag(const u8 **at)
{
	u64 v = varint(at);

	return (s64)(v >> 1) ^ -(s64)(v & 1);
}

static inline void add_up(struct sums *s, const u8 *at, const u8 *end)
{
	static const int details[] = { [1] = 1, [2] = 3, [3] = 4, [4] = 1, [7] = 2, [10] = 2 };

	while (at < end) {
		u8 head = *at++, kind = head & 15;

		(void)varint(&at);
		s->last_ns += zigzag(&at);
		if (head & 64)
			(void)varint(&at); /* open ones apart */
		else
			s->ns[kind] += varint(&at);
		s->events[kind] += !(head & 64);
		for (int i = 0; i < details[kind]; i++)
			(void)varint(&at);
	}
	assert_ptr_equal(at, end);
}

static inline struct sums events_of(const char *page)
{
	struct sums s = { .last_ns = 0 };
	char *text;

	while ((text = script(&page, EVENTS))) {
		size_t n = from_base64(text);

		add_up(&s, (const u8 *)text, (const u8 *)text + n);
		free(text);
	}
	return s;
}

#endif
