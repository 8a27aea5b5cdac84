/* The metadata's values: their names, for who writes them and who reads them back. */
#ifndef GS_USER_TRACE_METADATA_H
#define GS_USER_TRACE_METADATA_H

#include "user/base/err.h"
#include "user/model/trace.h"

#define METADATA_FIRST_LINE "/* CTF 1.8 */\n"

/* Keys of the env block. */
#define METADATA_HOST "hostname"
#define METADATA_KERNEL "kernel_release"
#define METADATA_GILSCOPE "gilscope"
#define METADATA_FORMAT "gilscope_format"
#define METADATA_COMMAND "gilscope_command"
#define METADATA_MODE "gilscope_mode"
#define METADATA_FAMILIES "gilscope_families"
#define METADATA_STARTED "started_ns"
#define METADATA_STARTED_UNIX "started_unix_ns"
#define METADATA_HIT "probe_hit_ns"

/*
 * metadata_parse - the values in @text, which must be, but for them and its comments, what
 * trace_metadata() makes of them
 * @file:     to name in messages
 * @ret_info: its texts are allocated: metadata_free(); `directory` is left alone
 *
 * Return: 0 or a negative errno, @e set (exit code 1).
 */
int metadata_parse(const char *file, const char *text, struct trace_info *ret_info, u8 ret_uuid[16],
		   struct err *e);

void metadata_free(struct trace_info *info);

#endif
