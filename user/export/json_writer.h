/*
 * JSON text, written straight into memory: no tree of it is made first, which for a thousand
 * threads would cost several times what measuring them does.
 *
 * The layout is jansson's: JSON_COMPACT, or JSON_INDENT(2).  Without memory nothing more is
 * written, and json_writer_take() says so.
 */
#ifndef GS_USER_EXPORT_JSON_WRITER_H
#define GS_USER_EXPORT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/types.h"

struct json_writer {
	bool indent; /* set by the caller; the rest starts as zeroes */
	bool failed;
	bool more; /* the innermost object or array has something in it */
	bool keyed; /* a key has been written, its value comes next */
	unsigned int depth;
	char *text; /* owned */
	size_t used, room;
};

/* An object ('{', '}') or an array ('[', ']'). */
void json_open(struct json_writer *w, char bracket);
void json_close(struct json_writer *w, char bracket);

/* The next member's name, which is ASCII without quotes; its value follows. */
void json_key(struct json_writer *w, const char *name);

/* Values.  A text is made printable; NULL is null, as is a number that is not finite. */
void json_put_null(struct json_writer *w);
void json_put_bool(struct json_writer *w, bool v);
void json_put_u64(struct json_writer *w, u64 v); /* at most INT64_MAX: the readers' limit */
void json_put_address(struct json_writer *w, u64 v); /* as "0x…" */
void json_put_real(struct json_writer *w, double v);
void json_put_text(struct json_writer *w, const char *s);

/* A member that is a number; UINT64_MAX, not measured, is null. */
void json_member_u64(struct json_writer *w, const char *name, u64 v);

/* The text, to be freed; NULL without memory.  @w is then as new. */
char *json_writer_take(struct json_writer *w);

#endif
