/*
 * Streams of records in a file without a name.
 *
 *   block = struct head, records.  Written blocks of a stream are linked both ways; freed ones
 *   by `next` alone, from s->free on.  Offset 0 is never a block, so that 0 can say "none".
 *
 * A block's place (`here`) is chosen when its stream begins to fill it.  When a block is full, the
 * place of the next one is chosen before it is written, so that one write does; only the block
 * after a spool_flush() has to be made known to the one before it.
 */
#include "user/base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct head {
	u64 prev, next; /* offsets; 0: none */
	u64 here; /* where it is or will be */
	u32 used; /* bytes of records */
	u32 linked; /* the block before it knows of it */
};

#define ROOM (SPOOL_BLOCK - (u32)sizeof(struct head))

struct spool {
	int fd;
	u64 end; /* of the file; where the next new block goes */
	u64 free; /* first block that can be used again; 0: none */
};

static int unnamed_file(const char *directory)
{
	char path[4096];
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	size_t n = strlen(directory);

	/* Not every file system has O_TMPFILE. */
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd < 0 ? -errno : fd;
	if (n + sizeof("/gilscope-XXXXXX") > sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, directory, n);
	memcpy(path + n, "/gilscope-XXXXXX", sizeof("/gilscope-XXXXXX"));
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	return fd;
}

const char *spool_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && *tmp ? tmp : "/var/tmp";
}

int spool_new(const char *directory, struct spool **ret_s)
{
	struct spool *s = calloc(1, sizeof(*s));
	const char *tmp = getenv("TMPDIR");

	if (!s)
		return -ENOMEM;
	s->fd = unnamed_file(directory ? directory : spool_folder());
	if (s->fd < 0 && !directory && !(tmp && *tmp))
		s->fd = unnamed_file("/tmp");
	if (s->fd < 0) {
		int err = s->fd;

		free(s);
		return err;
	}
	s->end = SPOOL_BLOCK;
	*ret_s = s;
	return 0;
}

struct spool *spool_free(struct spool *s)
{
	if (s) {
		(void)close(s->fd);
		free(s);
	}
	return NULL;
}

u64 spool_bytes(const struct spool *s)
{
	return s->end;
}

static int read_at(const struct spool *s, u64 at, void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(s->fd, (char *)data + done, size - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

static int write_at(const struct spool *s, u64 at, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n =
			pwrite(s->fd, (const char *)data + done, size - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* A place for a block: a freed one, else at the end.  It is taken with take(). */
static int place(const struct spool *s, u64 *ret_at, u64 *ret_free)
{
	struct head h;
	int err;

	if (!s->free) {
		*ret_at = s->end;
		*ret_free = 0;
		return 0;
	}
	err = read_at(s, s->free, &h, sizeof(h));
	if (err)
		return err;
	*ret_at = s->free;
	*ret_free = h.next;
	return 0;
}

static void take(struct spool *s, u64 at, u64 next_free)
{
	s->free = next_free;
	if (at == s->end)
		s->end += SPOOL_BLOCK;
}

/* Begin a block behind @st->last. */
static int begin_block(struct spool *s, struct spool_stream *st)
{
	struct head *h = malloc(SPOOL_BLOCK);
	u64 at, next_free;
	int err;

	if (!h)
		return -ENOMEM;
	err = place(s, &at, &next_free);
	if (err) {
		free(h);
		return err;
	}
	take(s, at, next_free);
	*h = (struct head) { .prev = st->last, .here = at };
	st->block = (u8 *)h;
	return 0;
}

/* Write the block being filled; it stays in memory.  @next: of the block after it, or 0. */
static int write_block(struct spool *s, struct spool_stream *st, u64 next)
{
	struct head *h = (struct head *)st->block;
	int err;

	h->next = next;
	err = write_at(s, h->here, h, sizeof(*h) + h->used);
	if (err)
		return err;
	if (h->prev && !h->linked) {
		err = write_at(s, h->prev + offsetof(struct head, next), &h->here, sizeof(u64));
		if (err)
			return err;
		h->linked = 1;
	}
	st->first = st->first ? st->first : h->here;
	st->last = h->here;
	return 0;
}

int spool_flush(struct spool *s, struct spool_stream *st)
{
	int err = st->block ? write_block(s, st, 0) : 0;

	if (!err) {
		free(st->block);
		st->block = NULL;
	}
	return err;
}

/* The block is full: to the file with it, and begin the next one in the same memory. */
static int next_block(struct spool *s, struct spool_stream *st)
{
	struct head *h = (struct head *)st->block;
	u64 at, next_free;
	int err = place(s, &at, &next_free);

	if (!err)
		err = write_block(s, st, at);
	if (err)
		return err;
	take(s, at, next_free);
	*h = (struct head) { .prev = st->last, .here = at, .linked = 1 };
	return 0;
}

int spool_append(struct spool *s, struct spool_stream *st, const void *record, u32 size)
{
	struct head *h;
	int err = 0;

	if (!size || size > SPOOL_RECORD_MAX || (st->size && st->size != size))
		return -EINVAL;
	if (!st->block)
		err = begin_block(s, st);
	else if (((struct head *)st->block)->used + size > ROOM)
		err = next_block(s, st);
	if (err)
		return err;
	h = (struct head *)st->block;
	memcpy((u8 *)(h + 1) + h->used, record, size);
	h->used += size;
	st->size = size;
	st->records++;
	return 0;
}

/* Hand the records of a block to @fn. */
static int each_in(const struct head *h, u32 size, bool backwards,
		   int (*fn)(void *ctx, const void *record), void *ctx)
{
	const u8 *records = (const u8 *)(h + 1);
	u32 n = h->used / size;
	int err = 0;

	for (u32 i = 0; i < n && !err; i++)
		err = fn(ctx, records + (size_t)(backwards ? n - 1 - i : i) * size);
	return err;
}

int spool_each(struct spool *s, const struct spool_stream *st, bool backwards,
	       int (*fn)(void *ctx, const void *record), void *ctx)
{
	const struct head *filling = (const struct head *)st->block;
	u64 at = backwards ? st->last : st->first;
	struct head *h;
	int err = 0;

	if (!st->records)
		return 0;
	if (backwards && filling)
		err = each_in(filling, st->size, true, fn, ctx);
	h = malloc(SPOOL_BLOCK);
	if (!h)
		return -ENOMEM;
	while (at && !err) {
		/* Blocks behind the last used one may be shorter than a block: two reads. */
		err = read_at(s, at, h, sizeof(*h));
		if (!err && (h->here != at || h->used > ROOM))
			err = -EIO;
		if (!err)
			err = read_at(s, at + sizeof(*h), h + 1, h->used);
		if (!err)
			err = each_in(h, st->size, backwards, fn, ctx);
		if (!backwards && at == st->last)
			break;
		at = backwards ? h->prev : h->next;
	}
	free(h);
	if (!err && !backwards && filling)
		err = each_in(filling, st->size, false, fn, ctx);
	return err;
}

int spool_drop(struct spool *s, struct spool_stream *st)
{
	struct head *h = (struct head *)st->block;
	int err = 0;

	/* A block that was never written has a place all the same. */
	if (h) {
		h->used = 0;
		err = write_block(s, st, 0);
	}
	if (!err && st->last) {
		err = write_at(s, st->last + offsetof(struct head, next), &s->free, sizeof(u64));
		if (!err)
			s->free = st->first;
	}
	free(st->block);
	*st = (struct spool_stream) { 0 };
	return err;
}
