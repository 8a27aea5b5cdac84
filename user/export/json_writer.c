/* JSON text; see json_writer.h. */
#include "user/export/json_writer.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"

#define FIRST_ROOM (16U << 10)
#define REAL_DIGITS 9 /* as many as a ratio of two measured times can mean */

/* Where @n more bytes can be written; NULL without memory. */
static char *room(struct json_writer *w, size_t n)
{
	size_t room = w->room ? w->room : FIRST_ROOM;
	char *more;

	if (w->failed)
		return NULL;
	if (w->room - w->used >= n)
		return w->text + w->used;
	while (room - w->used < n)
		room *= 2;
	more = realloc(w->text, room);
	if (!more) {
		w->failed = true;
		return NULL;
	}
	w->text = more;
	w->room = room;
	return more + w->used;
}

static void bytes(struct json_writer *w, const char *s, size_t n)
{
	char *at = room(w, n);

	if (!at)
		return;
	memcpy(at, s, n);
	w->used += n;
}

static void new_line(struct json_writer *w)
{
	size_t n = 1 + 2 * (size_t)w->depth;
	char *at = w->indent ? room(w, n) : NULL;

	if (!at)
		return;
	memset(at, ' ', n);
	at[0] = '\n';
	w->used += n;
}

/* Something begins in the innermost object or array. */
static void next(struct json_writer *w)
{
	if (w->keyed) {
		w->keyed = false;
		return;
	}
	if (!w->depth)
		return;
	if (w->more)
		bytes(w, ",", 1);
	new_line(w);
	w->more = true;
}

void json_open(struct json_writer *w, char bracket)
{
	next(w);
	bytes(w, &bracket, 1);
	w->depth++;
	w->more = false;
}

void json_close(struct json_writer *w, char bracket)
{
	w->depth--;
	if (w->more)
		new_line(w);
	bytes(w, &bracket, 1);
	w->more = true;
}

static void quoted(struct json_writer *w, const char *s, size_t n)
{
	char *at = room(w, n + 2);

	if (!at)
		return;
	at[0] = '"';
	memcpy(at + 1, s, n);
	at[n + 1] = '"';
	w->used += n + 2;
}

void json_key(struct json_writer *w, const char *name)
{
	next(w);
	quoted(w, name, strlen(name));
	bytes(w, ": ", w->indent ? 2 : 1);
	w->keyed = true;
}

void json_put_null(struct json_writer *w)
{
	next(w);
	bytes(w, "null", 4);
}

void json_put_bool(struct json_writer *w, bool v)
{
	next(w);
	bytes(w, v ? "true" : "false", v ? 4 : 5);
}

void json_put_u64(struct json_writer *w, u64 v)
{
	char text[20], *end = text + sizeof(text), *at = end;

	if (v > INT64_MAX)
		v = INT64_MAX;
	do {
		*--at = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	next(w);
	bytes(w, at, (size_t)(end - at));
}

void json_put_address(struct json_writer *w, u64 v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);

	next(w);
	quoted(w, text, (size_t)n);
}

/* As jansson writes it: always a real ("1.0"), the exponent without '+' and leading zeroes. */
void json_put_real(struct json_writer *w, double v)
{
	char text[40], *e, *digits;
	int n;

	if (!isfinite(v)) {
		json_put_null(w);
		return;
	}
	n = snprintf(text, sizeof(text) - 3, "%.*g", REAL_DIGITS, v);
	e = strchr(text, 'e');
	if (!e && !strchr(text, '.')) {
		strcpy(text + n, ".0");
	} else if (e) {
		e += e[1] == '-' ? 2 : 1;
		digits = e + strspn(e, "+0");
		memmove(e, digits, strlen(digits) + 1);
	}
	next(w);
	bytes(w, text, strlen(text));
}

void json_put_text(struct json_writer *w, const char *s)
{
	char *copy, *from;
	size_t plain;

	if (!s) {
		json_put_null(w);
		return;
	}
	next(w);
	copy = strdup(s);
	if (!copy) {
		w->failed = true;
		return;
	}
	str_printable(copy);
	bytes(w, "\"", 1);
	for (from = copy; *from; from += plain) {
		plain = strcspn(from, "\"\\");
		if (!plain) {
			bytes(w, "\\", 1);
			plain = 1;
		}
		bytes(w, from, plain);
	}
	bytes(w, "\"", 1);
	free(copy);
}

void json_member_u64(struct json_writer *w, const char *name, u64 v)
{
	json_key(w, name);
	if (v == UINT64_MAX)
		json_put_null(w);
	else
		json_put_u64(w, v);
}

char *json_writer_take(struct json_writer *w)
{
	char *text;

	bytes(w, "", 1);
	text = w->text;
	if (w->failed) {
		free(text);
		text = NULL;
	}
	*w = (struct json_writer) { .indent = w->indent };
	return text;
}
