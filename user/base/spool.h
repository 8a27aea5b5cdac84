/*
 * A temporary file that holds many streams of records, each a chain of blocks of its own.
 *
 * For formats that want grouped (by thread) what comes mixed: each record is appended to its
 * stream, and a whole stream is read back later, forwards or backwards.  In memory there is one
 * block per stream being written and nothing per record; blocks of dropped streams are used
 * again, so the file is as large as what is still wanted.
 *
 * The file has no name: nobody else can open it, and it is gone with the process.
 */
#ifndef GS_USER_BASE_SPOOL_H
#define GS_USER_BASE_SPOOL_H

#include <stddef.h>

#include "bpf/types.h"

#define SPOOL_BLOCK 4096 /* bytes, of which a few are the chain's */

struct spool;

/* One stream.  Zeroed, it is an empty one that costs nothing. */
struct spool_stream {
	u64 first, last; /* offsets of the first and the last block written; 0: none */
	u64 records; /* appended so far */
	u32 size; /* of each record, bytes */
	u8 *block; /* owned: being filled; NULL: nothing since the last spool_flush() */
};

/* Where temporary files are: $TMPDIR, else /var/tmp (which outlives memory file systems). */
const char *spool_folder(void);

/*
 * spool_new - a spool in a new file
 * @directory: NULL: spool_folder(), else, unless TMPDIR says so, /tmp
 *
 * Return: 0 or a negative errno.
 */
int spool_new(const char *directory, struct spool **ret_s);

/* Free it and close its file.  Streams must have been dropped before.  NULL is fine.
 * Returns NULL. */
struct spool *spool_free(struct spool *s);

/* Bytes the file takes. */
u64 spool_bytes(const struct spool *s);

/*
 * spool_append - add a record to @st
 * @size: at most SPOOL_RECORD_MAX, the same for all records of a stream
 *
 * Return: 0, -EINVAL for another size, -ENOMEM, or the negative errno of a write (-ENOSPC); after
 * a failed write the stream holds what it held before.
 */
#define SPOOL_RECORD_MAX 512
int spool_append(struct spool *s, struct spool_stream *st, const void *record, u32 size);

/* Hand the block being filled to the file and free it: for a stream that rests.  0 or a negative
 * errno. */
int spool_flush(struct spool *s, struct spool_stream *st);

/*
 * spool_each - hand every record of @st to @fn, the oldest first; or the newest, if @backwards
 * @fn: may append to other streams of the spool; a return other than 0 ends it
 *
 * Return: 0, what @fn returned, -ENOMEM, or the negative errno of a read (-EIO: cut short).
 */
int spool_each(struct spool *s, const struct spool_stream *st, bool backwards,
	       int (*fn)(void *ctx, const void *record), void *ctx);

/* Empty the stream; its blocks can be used again.  0 or a negative errno, with the blocks then
 * lost to the file, but the stream empty. */
int spool_drop(struct spool *s, struct spool_stream *st);

#endif
