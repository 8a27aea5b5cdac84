/* Versions of the format, names of files, lengths of texts; see layout.h. */
#include "user/trace/layout.h"

#include <stdio.h>
#include <string.h>

#include "bpf/state.h"

static const struct trace_version versions[TRACE_FORMAT + 1] = {
	[1] = { .kinds = 20, .calls = 7 },
	[2] = { .kinds = 22, .calls = 7 }, /* asyncio:iteration, asyncio:step */
	[3] = { .kinds = 24, .calls = 7 }, /* gil:which, gil:contended_other */
	[4] = { .kinds = 26, .calls = 7 }, /* ft:time, ft:critical */
	[5] = { .kinds = 30, .calls = 7 }, /* sched:cpu, stacks:*; and event_field.since */
	[6] = { .kinds = 31, .calls = 7 }, /* gil:wait_part */
};

/* More kinds or calls are a new version: TRACE_FORMAT grows and gets a row above. */
_Static_assert((int)EVENT_KIND_COUNT == 31, "a new kind of event is a new version");
_Static_assert((int)GS_IO_COUNT == 7, "a new I/O call is a new version");

const struct trace_version *trace_version(u32 format)
{
	return format && format <= TRACE_FORMAT ? &versions[format] : NULL;
}

size_t trace_text_cut(const char *s, size_t max)
{
	size_t len = strnlen(s, max + 1), back = 0;

	if (len <= max)
		return len;
	/* s[max] is the first byte left out: a continuation byte takes its whole character along */
	while (back < 3 && back < max && (s[max - back] & 0xc0) == 0x80)
		back++;
	return (s[max - back] & 0xc0) == 0x80 ? max : max - back;
}

void trace_file_name(u32 number, char buf[TRACE_FILE_NAME_SIZE])
{
	snprintf(buf, TRACE_FILE_NAME_SIZE, TRACE_FILE_NAME, number % TRACE_FILES_MAX);
}

bool trace_file_number(const char *name, u32 *ret_number)
{
	static const char prefix[] = "events_";
	const char *digits = name + sizeof(prefix) - 1;
	u32 number = 0;

	if (strncmp(name, prefix, sizeof(prefix) - 1) || strlen(digits) != 6 ||
	    digits[strspn(digits, "0123456789")])
		return false;
	for (; *digits; digits++)
		number = number * 10 + (u32)(*digits - '0');
	*ret_number = number;
	return true;
}
