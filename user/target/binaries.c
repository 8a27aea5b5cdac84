/* Invariant: a py_binary handed out stays where it is until the cache is freed. */
#include "user/target/binaries.h"

#include <errno.h>
#include <stdlib.h>

#include "user/target/process.h"

struct binaries {
	const char *count_symbol;
	struct py_binary **list;
	size_t n;
};

struct binaries *binaries_new(const char *count_symbol)
{
	struct binaries *b = calloc(1, sizeof(*b));

	if (b)
		b->count_symbol = count_symbol;
	return b;
}

void binaries_free(struct binaries *b)
{
	size_t i;

	if (!b)
		return;
	for (i = 0; i < b->n; i++)
		binary_free(b->list[i]);
	free(b->list);
	free(b);
}

static s64 mtime_of(const struct stat *st)
{
	return (s64)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Of the same file, unchanged; NULL: none. */
static struct py_binary *find(const struct binaries *c, const struct stat *st)
{
	for (size_t i = 0; i < c->n; i++) {
		struct py_binary *b = c->list[i];

		if (b->dev == st->st_dev && b->ino == st->st_ino && b->mtime_ns == mtime_of(st))
			return b;
	}
	return NULL;
}

/* Take @b over, of the file @st. */
static int add(struct binaries *c, struct py_binary *b, const struct stat *st)
{
	struct py_binary **more = realloc(c->list, (c->n + 1) * sizeof(struct py_binary *));

	if (!more) {
		binary_free(b);
		return -ENOMEM;
	}
	c->list = more;
	c->list[c->n++] = b;
	b->dev = st->st_dev;
	b->ino = st->st_ino;
	b->ctime_ns = (s64)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
	b->mtime_ns = mtime_of(st);
	b->count_symbol = c->count_symbol;
	return 0;
}

int binaries_get(struct binaries *c, struct elf_file *f, const char *path, const char *root,
		 const struct stat *st, struct py_binary **ret_b, struct err *e)
{
	struct py_binary *b = find(c, st);
	int r = 0;

	if (!b) {
		r = binary_new(f, path, root, &b, e);
		if (!r)
			r = add(c, b, st);
	}
	if (!r)
		*ret_b = b;
	return r;
}

int binaries_get_module(struct binaries *c, struct elf_file *f, const char *path,
			const struct stat *st, struct py_binary **ret_b)
{
	struct py_binary *b = find(c, st);
	int r = 0;

	if (!b) {
		r = binary_new_module(f, path, &b);
		if (!r)
			r = add(c, b, st);
	}
	if (!r)
		*ret_b = b;
	return r;
}
