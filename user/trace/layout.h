/*
 * What the writer and the reader of recordings agree on beyond format.h: what each version of the
 * format consists of, and how large things may be.
 */
#ifndef GS_USER_TRACE_LAYOUT_H
#define GS_USER_TRACE_LAYOUT_H

#include <stddef.h>

#include "user/model/event.h"
#include "user/trace/format.h"

#define TRACE_TEXT_MAX 4096 /* bytes of a text, without the NUL */
#define TRACE_NUMBERS_MAX 64 /* bytes of an event's numbers: more than any kind has */
#define TRACE_COMPACT_BITS 27 /* of the time in a compact event header */
#define TRACE_COMPACT_SIZE 4 /* bytes of a compact event header */
#define TRACE_EXTENDED 31 /* kind in an extended one */
#define TRACE_EXTENDED_SIZE 13
#define TRACE_FILES_MAX 1000000 /* as many names as TRACE_FILE_NAME has */
#define TRACE_METADATA_MAX (256 * 1024) /* bytes */

/*
 * Times end here, 146 years after a boot or 1970: the sum of a time and the clock's offset stays
 * within what libbabeltrace2 can express.
 */
#define TRACE_TIME_MAX ((1ULL << 62) - 1)

/* What a version of the format knows: the first so many kinds of events and I/O calls. */
struct trace_version {
	u32 kinds;
	u32 calls;
};

/* NULL: there is no such version, or a later program's. */
const struct trace_version *trace_version(u32 format);

/* Bytes of @s to keep, at most @max: not cut within a UTF-8 character. */
size_t trace_text_cut(const char *s, size_t max);

/* The name of file @number into @buf; @number below TRACE_FILES_MAX. */
#define TRACE_FILE_NAME_SIZE 16
void trace_file_name(u32 number, char buf[TRACE_FILE_NAME_SIZE]);

/* Whether @name is that of a file with packets; *@ret_number then is its number. */
bool trace_file_number(const char *name, u32 *ret_number);

#endif
