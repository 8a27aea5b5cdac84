/*
 * Functions of a module, by address: their names from .symtab, else from its debug file here
 * (/usr/lib/debug, by build id), else from .dynsym; and where there is no name, where the function
 * begins (.eh_frame), so that all of it is one function.
 *
 * A table is made when a stack first goes through the module, and its file is closed again.
 * Files may be made to do harm: a process's tables have SYMBOLS_MAX bytes in all, and what comes
 * after that has no names.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/target/native_private.h"

#define DEBUG_FILES "/usr/lib/debug/.build-id"
#define SYMBOLS_MAX (256U << 20)
#define NAME_BYTES 200 /* of a symbol that is kept; longer ones are cut */
#define NESTED_MAX 16 /* functions that begin between an address and the one that has it */

struct native_symbol {
	u64 vaddr, size;
	u32 name; /* where it begins in the text */
};

struct native_symbols {
	u64 base; /* the vaddr that the module begins at */
	struct native_symbol *list; /* owned; by address */
	size_t n;
	char *text; /* owned */
	struct fde_table fdes;
	bool fdes_tried;
	size_t bytes; /* of the three */
};

static struct elf_file *open_module(const struct native *n, const struct native_module *m)
{
	int fd = native_module_open(n, m);
	struct elf_file *elf = NULL;
	struct err e = {};

	if (fd < 0)
		return NULL;
	(void)elf_file_open(fd, m->path, &elf, &e);
	close(fd);
	return elf;
}

/* The debug file of the build @id, which it must say itself. */
static struct elf_file *open_debug(const char *id)
{
	char path[sizeof(DEBUG_FILES) + 160], *own;
	struct elf_file *elf = NULL;
	struct err e = {};
	int fd;

	snprintf(path, sizeof(path), DEBUG_FILES "/%.2s/%s.debug", id, id + 2);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	(void)elf_file_open(fd, path, &elf, &e);
	close(fd);
	own = elf ? elf_file_build_id(elf) : NULL;
	if (!own || strcmp(own, id))
		elf = elf_file_close(elf);
	free(own);
	return elf;
}

/* Of several names of one place, the one that programs call it by: fewer underscores first. */
static bool is_better(const char *name, const char *than)
{
	size_t a = strspn(name, "_"), b = strspn(than, "_");

	return a != b ? a < b : strcmp(name, than) < 0;
}

/* What a compiler appends to a clone's name (.isra.0, .cold), and a linker to a version's (@@). */
static size_t bare(const char *name)
{
	size_t len = 1 + strcspn(name + 1, ".@");

	return len < NAME_BYTES ? len : NAME_BYTES - 1;
}

static void fill(struct native *n, struct native_symbols *s, const struct elf_function *list,
		 size_t count)
{
	size_t bytes = 0, used = 0, room = 0;

	for (size_t i = 0; i < count; i++)
		bytes += bare(list[i].name) + 1;
	room = bytes + count * sizeof(*s->list);
	if (room > SYMBOLS_MAX - n->symbols_bytes)
		return;
	s->text = malloc(bytes);
	s->list = malloc(count * sizeof(*s->list));
	for (size_t i = 0; s->text && s->list && i < count; i++) {
		size_t len = bare(list[i].name);

		if (i && list[i].vaddr == list[i - 1].vaddr) {
			if (is_better(s->text + s->list[s->n - 1].name, list[i].name))
				continue;
			s->n--;
		}
		memcpy(s->text + used, list[i].name, len);
		s->text[used + len] = '\0';
		s->list[s->n++] = (struct native_symbol) { list[i].vaddr, list[i].size, (u32)used };
		used += len + 1;
	}
	s->bytes += room;
	n->symbols_bytes += room;
}

static void read_names(struct native *n, struct native_symbols *s, struct elf_file *elf)
{
	struct elf_section symtab;
	struct elf_file *debug = NULL;
	struct elf_function *list;
	size_t count;
	char *id = NULL;

	if (elf_file_section(elf, ".symtab", &symtab))
		id = elf_file_build_id(elf);
	if (id && strlen(id) > 2)
		debug = open_debug(id);
	count = elf_file_functions(debug ? debug : elf, &list);
	if (count)
		fill(n, s, list, count);
	free(list);
	free(id);
	elf_file_close(debug);
}

static struct native_symbols *read_symbols(struct native *n, const struct native_module *m)
{
	struct native_symbols *s = calloc(1, sizeof(*s));
	struct elf_file *elf = s ? open_module(n, m) : NULL;
	const struct elf_segment *first;

	if (!elf)
		return s;
	first = elf_file_segment(elf, 0, NULL);
	s->base = first ? first->vaddr & ~0xfffULL : 0;
	read_names(n, s, elf);
	elf_file_close(elf);
	return s;
}

size_t native_symbols_bytes(const struct native_symbols *s)
{
	return s ? s->bytes : 0;
}

void native_symbols_free(struct native_symbols *s)
{
	if (!s)
		return;
	free(s->list);
	free(s->text);
	free(s->fdes.ranges);
	free(s);
}

static const struct native_symbol *symbol_at(const struct native_symbols *s, u64 vaddr)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->list[middle].vaddr <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < NESTED_MAX && i < low; i++) {
		const struct native_symbol *one = &s->list[low - 1 - i];

		if (vaddr - one->vaddr < one->size)
			return one;
	}
	return NULL;
}

/* Without them each address is by itself. */
static void read_fdes(struct native *n, const struct native_module *m)
{
	struct native_symbols *s = m->symbols;
	struct elf_file *elf = open_module(n, m);
	size_t room;

	s->fdes_tried = true;
	if (elf && !fde_table_read(elf, &s->fdes)) {
		room = s->fdes.n * sizeof(*s->fdes.ranges);
		if (room > SYMBOLS_MAX - n->symbols_bytes) {
			free(s->fdes.ranges);
			s->fdes = (struct fde_table) {};
			room = 0;
		}
		s->bytes += room;
		n->symbols_bytes += room;
	}
	elf_file_close(elf);
}

static u64 begin_of(struct native *n, const struct native_module *m, u64 vaddr)
{
	const struct code_range *range;

	if (!m->symbols->fdes_tried)
		read_fdes(n, m);
	range = fde_find(&m->symbols->fdes, vaddr);
	return range ? range->start : vaddr;
}

struct native_found native_symbol_at(struct native *n, struct native_module *m, u64 pc)
{
	const struct native_symbol *symbol;
	u64 vaddr = pc - m->start;

	if (!m->symbols)
		m->symbols = read_symbols(n, m);
	if (!m->symbols)
		return (struct native_found) { .vaddr = vaddr };
	vaddr += m->symbols->base;
	symbol = symbol_at(m->symbols, vaddr);
	if (symbol)
		return (struct native_found) { m->symbols->text + symbol->name, symbol->vaddr };
	return (struct native_found) { .vaddr = begin_of(n, m, vaddr) };
}
