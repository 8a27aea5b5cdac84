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

int binaries_get(struct binaries *c, struct elf_file *f, const char *path, const char *root,
		 const struct stat *st, struct py_binary **ret_b, struct err *e)
{
	s64 mtime_ns = (s64)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	struct py_binary *b, **more;
	size_t i;
	int r;

	for (i = 0; i < c->n; i++) {
		b = c->list[i];
		if (b->dev == st->st_dev && b->ino == st->st_ino && b->mtime_ns == mtime_ns) {
			*ret_b = b;
			return 0;
		}
	}
	r = binary_new(f, path, root, &b, e);
	if (r)
		return r;
	more = realloc(c->list, (c->n + 1) * sizeof(*more));
	if (!more) {
		binary_free(b);
		return -ENOMEM;
	}
	c->list = more;
	c->list[c->n++] = b;
	b->dev = st->st_dev;
	b->ino = st->st_ino;
	b->mtime_ns = mtime_ns;
	b->count_symbol = c->count_symbol;
	*ret_b = b;
	return 0;
}
