/*
 * A recording's directory: made safely, filled packet by packet.
 *
 *   trace_writer_open -> { trace_writer_packet }* -> trace_writer_close
 */
#ifndef GS_USER_TRACE_WRITER_H
#define GS_USER_TRACE_WRITER_H

#include "user/base/err.h"
#include "user/model/trace.h"
#include "user/trace/packet.h"

struct trace_writer;

/* Who called sudo (SUDO_UID, SUDO_GID, if we are root and they are numbers), else ourselves. */
void trace_owner(u32 *ret_uid, u32 *ret_gid);

/*
 * trace_writer_open - make the directory and its metadata
 * @directory: must not exist, unless @force: then it must be a recording, or empty, and belong to
 *             the same owner; its recording (metadata, events_*) is removed first
 * @info:      goes into the metadata's env; `directory` and `mode` need not be literals
 *
 * Created with 0700 and its files with 0600, owned by trace_owner().  No symbolic link is
 * followed in the last component, nor within the directory; nothing but a recording is ever
 * removed.
 *
 * Return: 0 or a negative errno, @e set: exit code 1, or 2 if it exists.
 */
int trace_writer_open(const char *directory, bool force, const struct trace_info *info,
		      struct trace_writer **ret_w, struct err *e);

/* The uuid for packet_new(); random, 16 bytes. */
const u8 *trace_writer_uuid(const struct trace_writer *w);

/*
 * trace_writer_packet - append a complete packet
 *
 * Partly written ones (a full disk) are cut off again.  A limit on the size of files is such an
 * error, too, if SIGXFSZ is ignored.
 * Return: 0 or a negative errno, @e set, naming the file.
 */
int trace_writer_packet(struct trace_writer *w, const void *bytes, size_t size, struct err *e);

/* Bytes in all files so far, metadata included. */
u64 trace_writer_bytes(const struct trace_writer *w);

/* Close; 0 or the negative errno of a close that failed, @e set.  NULL is fine. */
int trace_writer_close(struct trace_writer *w, struct err *e);

/* The metadata text for @info and @uuid; NULL without memory.  Free with free(). */
char *trace_metadata(const struct trace_info *info, const u8 uuid[16]);

#endif
