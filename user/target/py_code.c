/*
 * What is kept of code objects.  Invariant: what is in the cache was read of an object whose type
 * is called "code", with names of type "str" and a table of type "bytes"; sizes are ours.
 */
#include "user/target/py_code.h"

#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"
#include "user/target/process.h"
#include "user/target/py_lines.h"
#include "user/target/py_objects.h"

#define BUCKETS 4096 /* a power of two */
#define LINES_MAX (1 << 20) /* bytes of a table of lines */
#define KEPT_MAX (64 << 20) /* bytes in all */
#define HEAD_MAX 256 /* enough of PyCodeObject */

/* CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR (cpython/code.h) */
#define FLAG_GENERATOR 0x20
#define FLAG_COROUTINE 0x80
#define FLAG_ASYNC_GENERATOR 0x200

/* What in the memory of a code object tells it from another. */
struct identity {
	u64 type, filename, name, lines;
	s32 first_line, flags;
	u32 mark, unused;
};

struct entry {
	struct py_code code;
	struct entry *next; /* in its bucket */
	u64 addr;
	struct identity id;
	u8 *lines; /* owned, as are the texts */
	size_t nlines;
};

struct py_codes {
	struct gs_memory ops; /* first: what gs_frames_mark() knows of it */
	struct gs_frame_layout walk;
	struct py_memory memory;
	u64 code_type, str_type, bytes_type; /* addresses of the types, once seen; 0: not yet */
	size_t kept; /* bytes */
	struct entry *buckets[BUCKETS];
};

static int read_for_mark(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	return process_read(((const struct py_codes *)ops)->memory.pid, from, to, size);
}

struct py_codes *py_codes_new(pid_t pid, const struct py_layout *layout)
{
	struct py_codes *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->ops.read = read_for_mark;
	c->walk = layout_frames_walk(&layout->frames);
	c->memory = (struct py_memory) { .pid = pid, .layout = layout };
	return c;
}

static void entry_free(struct entry *e)
{
	if (!e)
		return;
	free((char *)e->code.function);
	free((char *)e->code.file);
	free(e->lines);
	free(e);
}

static void forget_all(struct py_codes *c)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (c->buckets[i]) {
			struct entry *e = c->buckets[i];

			c->buckets[i] = e->next;
			entry_free(e);
		}
	}
	c->kept = 0;
}

void py_codes_free(struct py_codes *c)
{
	if (c)
		forget_all(c);
	free(c);
}

void py_codes_trim(struct py_codes *c)
{
	if (c->kept > KEPT_MAX)
		forget_all(c);
}

/* Is @type the type called @name?  Kept in @ret_known once it was seen. */
static bool is_type(const struct py_codes *c, u64 type, const char *name, u64 *ret_known)
{
	const size_t n = strlen(name) + 1;
	char seen[8];
	u64 at;

	if (*ret_known)
		return type == *ret_known;
	if (!type || n > sizeof(seen) ||
	    py_read_u64(&c->memory, type + c->memory.layout->tp_name, &at) ||
	    process_read(c->memory.pid, at, seen, n) || memcmp(seen, name, n))
		return false;
	*ret_known = type;
	return true;
}

static bool is_object(const struct py_codes *c, u64 addr, const char *type, u64 *ret_known)
{
	u64 its;

	return addr && !(addr & 7) &&
	       !py_read_u64(&c->memory, addr + c->memory.layout->ob_type, &its) &&
	       is_type(c, its, type, ret_known);
}

static u64 u64_in(const u8 *head, u32 at)
{
	u64 v;

	memcpy(&v, head + at, sizeof(v));
	return v;
}

static s32 s32_in(const u8 *head, u32 at)
{
	s32 v;

	memcpy(&v, head + at, sizeof(v));
	return v;
}

/*
 * Has an object of these first bytes owners?  One that is freed has none, or where its count was
 * the allocator has an address (obmalloc.c): its names may be others' by then though it looks
 * whole. Counts are of 32 bits; above are flags, not in the lower half (3.14+), or nothing.
 */
static bool is_owned(const struct py_codes *c, const u8 *head)
{
	return c->memory.layout->ob_type != 8 || /* free-threaded: two counts */
	       (s32_in(head, 0) && !(u64_in(head, 0) >> 32 & 0xffff));
}

static bool read_identity(struct py_codes *c, u64 addr, struct identity *ret_id)
{
	const struct py_frame_layout *l = &c->memory.layout->frames;
	const u32 name_at = l->code_qualname != GS_NO_FIELD ? l->code_qualname : l->code_name;
	const u32 ats[] = { l->code_filename,	name_at,       l->code_lines,
			    l->code_first_line, l->code_flags, c->memory.layout->ob_type };
	u64 room[GS_FRAME_ID_WORDS];
	u8 head[HEAD_MAX];
	size_t size = 0;

	for (size_t i = 0; i < sizeof(ats) / sizeof(ats[0]); i++) {
		if (ats[i] > sizeof(head) - 8)
			return false;
		size = ats[i] + 8 > size ? ats[i] + 8 : size;
	}
	if (!addr || addr & 7 || process_read(c->memory.pid, addr, head, size) ||
	    !is_owned(c, head))
		return false;
	*ret_id = (struct identity) {
		.type = u64_in(head, c->memory.layout->ob_type),
		.filename = u64_in(head, l->code_filename),
		.name = u64_in(head, name_at),
		.lines = u64_in(head, l->code_lines),
		.first_line = s32_in(head, l->code_first_line),
		.flags = s32_in(head, l->code_flags),
		.mark = gs_frames_mark(&c->walk, &c->ops, room, addr),
	};
	return is_type(c, ret_id->type, "code", &c->code_type);
}

static char *read_text(struct py_codes *c, u64 addr)
{
	char text[PY_CODE_TEXT_MAX];

	if (!is_object(c, addr, "str", &c->str_type) ||
	    py_str_read(&c->memory, addr, text, sizeof(text)))
		return NULL;
	str_printable(text);
	return strdup(text);
}

static bool read_lines(struct py_codes *c, u64 addr, struct entry *e)
{
	const struct py_frame_layout *l = &c->memory.layout->frames;
	u64 n;

	if (!is_object(c, addr, "bytes", &c->bytes_type) ||
	    py_read_u64(&c->memory, addr + l->bytes_size, &n) || n > LINES_MAX)
		return false;
	e->lines = malloc(n + 1);
	e->nlines = (size_t)n;
	return e->lines && !process_read(c->memory.pid, addr + l->bytes_data, e->lines, n);
}

static enum py_code_kind kind_of(s32 flags)
{
	if (flags & FLAG_ASYNC_GENERATOR)
		return PY_CODE_ASYNC_GENERATOR;
	if (flags & FLAG_COROUTINE)
		return PY_CODE_COROUTINE;
	return flags & FLAG_GENERATOR ? PY_CODE_GENERATOR : PY_CODE_FUNCTION;
}

static struct entry *read_code(struct py_codes *c, u64 addr, const struct identity *id)
{
	struct entry *e = calloc(1, sizeof(*e));
	struct identity after;

	if (!e)
		return NULL;
	e->addr = addr;
	e->id = *id;
	e->code.first_line = id->first_line;
	e->code.mark = id->mark;
	e->code.kind = kind_of(id->flags);
	e->code.function = read_text(c, id->name);
	e->code.file = read_text(c, id->filename);
	/* Still the same: then that is what its names were. */
	if (e->code.function && e->code.file && read_lines(c, id->lines, e) &&
	    read_identity(c, addr, &after) && !memcmp(&after, id, sizeof(after)))
		return e;
	entry_free(e);
	return NULL;
}

static struct entry **bucket_of(struct py_codes *c, u64 addr)
{
	return &c->buckets[(addr >> 4) * 0x9e3779b97f4a7c15ULL >> 52 & (BUCKETS - 1)];
}

const struct py_code *py_codes_find(struct py_codes *c, u64 addr)
{
	struct entry **at, *e;
	struct identity id;

	if (!read_identity(c, addr, &id))
		return NULL;
	/* What it was before stays until it is trimmed: somebody may hold it. */
	for (at = bucket_of(c, addr); (e = *at); at = &e->next)
		if (e->addr == addr && !memcmp(&e->id, &id, sizeof(id)))
			return &e->code;
	e = read_code(c, addr, &id);
	if (!e)
		return NULL;
	*at = e;
	c->kept += sizeof(*e) + e->nlines + strlen(e->code.function) + strlen(e->code.file);
	return &e->code;
}

bool py_code_is_own(const struct py_code *code)
{
	return !code->first_line && !strcmp(code->file, "__init__") &&
	       !strcmp(code->function, "__init__");
}

s32 py_code_line(const struct py_codes *c, const struct py_code *code, s32 offset)
{
	const struct entry *e = (const struct entry *)code; /* its first member */

	return py_line_at(c->memory.layout->frames.lines, e->lines, e->nlines, code->first_line,
			  offset);
}
