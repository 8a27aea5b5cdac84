/*
 * Exported type objects and accessors, read for their offsets.
 *
 * A PyMemberDef (descrobject.h, structmember.h) is { name, int type, offset, int flags, doc }: 40
 * bytes.  tp_members is six pointers before tp_dictoffset (cpython/object.h, 3.8 to 3.15).
 *
 * An accessor's answer is the one place behind its argument (or in _PyRuntime) that it loads a
 * pointer or number of 8 bytes from; one that loads several tells nothing.
 */
#include "user/target/layout_exports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/code.h"
#include "user/sym/elf_file.h"
#include "user/sym/flow.h"

#define MEMBERS_BEFORE_DICTOFFSET 48
#define MEMBER_BYTES 40
#define MEMBER_OFFSET 16
#define MEMBERS_MAX 64 /* of one type that are looked at */
#define NAME_MAX_BYTES 32
#define STRUCT_MAX 65536 /* no field of an object is further from its beginning */

#define FIELD(name) ((u32)offsetof(struct py_layout, name))

static const struct {
	const char *type, *member;
	u32 at;
} members[] = {
	/* typeobject.c, type_members; in the order of types, which are looked at once */
	{ "PyType_Type", "__basicsize__", FIELD(tp_basicsize) },
	{ "PyType_Type", "__flags__", FIELD(tp_flags) },
	{ "PyType_Type", "__dictoffset__", FIELD(tp_dictoffset) },
	/* moduleobject.c */
	{ "PyModule_Type", "__dict__", FIELD(md_dict) },
	/* codeobject.c */
	{ "PyCode_Type", "co_flags", FIELD(frames.code_flags) },
	{ "PyCode_Type", "co_firstlineno", FIELD(frames.code_first_line) },
	{ "PyCode_Type", "co_filename", FIELD(frames.code_filename) },
	{ "PyCode_Type", "co_name", FIELD(frames.code_name) },
	{ "PyCode_Type", "co_qualname", FIELD(frames.code_qualname) },
	{ "PyCode_Type", "co_lnotab", FIELD(frames.code_lines) },
	{ "PyCode_Type", "co_linetable", FIELD(frames.code_lines) },
	/* frameobject.c, 3.8 to 3.10 */
	{ "PyFrame_Type", "f_back", FIELD(frames.object_back) },
	{ "PyFrame_Type", "f_code", FIELD(frames.object_code) },
	{ "PyFrame_Type", "f_lasti", FIELD(frames.object_lasti) },
};

#define TYPES_MAX 4

/* tp_basicsize of a type says where something is in its instances. */
static const struct {
	const char *type;
	u32 at;
	u32 less; /* than that size */
} sizes[] = {
	{ "PyCode_Type", FIELD(frames.code_adaptive), 0 }, /* 3.11+: the code is behind it */
	{ "PyBytes_Type", FIELD(frames.bytes_data), 1 }, /* PyBytesObject_SIZE: and a zero */
	{ "PyUnicode_Type", FIELD(str_compact_data), 8 }, /* PyUnicodeObject has a pointer more */
	{ "PyLong_Type", FIELD(ob_digit), 0 },
};

/* Accessors: Python/pystate.c, Objects/frameobject.c. */
static const struct {
	const char *function;
	u32 at;
	enum { IN_RUNTIME, IN_ARGUMENT, IN_WHAT_THAT_HAS } where;
} accessors[] = {
	{ "PyInterpreterState_Head", FIELD(runtime_interpreters_head), IN_RUNTIME },
	{ "PyInterpreterState_Main", FIELD(runtime_interpreters_main), IN_RUNTIME },
	{ "PyInterpreterState_Next", FIELD(interp_next), IN_ARGUMENT },
	{ "PyInterpreterState_GetID", FIELD(interp_id), IN_ARGUMENT },
	{ "PyInterpreterState_ThreadHead", FIELD(interp_threads_head), IN_ARGUMENT },
	{ "PyThreadState_Next", FIELD(tstate_next), IN_ARGUMENT },
	{ "PyThreadState_GetInterpreter", FIELD(tstate_interp), IN_ARGUMENT },
	{ "PyThreadState_GetFrame", FIELD(frames.tstate_frame), IN_ARGUMENT },
	{ "PyThreadState_GetFrame", FIELD(frames.cframe_frame), IN_WHAT_THAT_HAS },
	{ "PyFrame_GetCode", FIELD(frames.object_code), IN_ARGUMENT }, /* 3.9, 3.10 */
	{ "PyFrame_GetCode", FIELD(frames.code), IN_WHAT_THAT_HAS }, /* 3.11+ */
};

_Static_assert(sizeof(members) / sizeof(members[0]) + sizeof(sizes) / sizeof(sizes[0]) +
			       sizeof(accessors) / sizeof(accessors[0]) <=
		       LAYOUT_EXPORTS_MAX,
	       "each tells at most one");

struct reading {
	struct elf_file *f;
	const struct py_layout *l;
	u64 runtime, runtime_size;
	struct layout_export *list;
	size_t n;
};

static void tell(struct reading *r, const char *of, const char *what, u32 at, u64 value)
{
	if (value < STRUCT_MAX)
		r->list[r->n++] = (struct layout_export) { of, what, at, (u32)value };
}

static bool u64_at(struct elf_file *f, u64 vaddr, u64 *ret_v)
{
	const u8 *p = elf_file_bytes(f, vaddr, sizeof(*ret_v));

	if (p)
		memcpy(ret_v, p, sizeof(*ret_v));
	return p;
}

/* The row of @type's member @name; one that is not there has no place. */
static void tell_member(struct reading *r, const char *type, const char *name, u64 offset_at)
{
	u64 offset;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!strcmp(members[i].type, type) && !strcmp(members[i].member, name) &&
		    u64_at(r->f, offset_at, &offset))
			tell(r, type, members[i].member, members[i].at, offset);
}

/* All types' tables are looked up together, then all their names: two readings of relocations. */
struct tables {
	const char *types[TYPES_MAX];
	u64 at[TYPES_MAX]; /* vaddr of the table; 0: none */
	u64 names[TYPES_MAX * MEMBERS_MAX]; /* where the pointers to names are */
	u64 texts[TYPES_MAX * MEMBERS_MAX];
	size_t ntypes;
};

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* elf_file_pointers() for places in any order, which are left in order. */
static void pointers(struct elf_file *f, u64 *places, size_t n, u64 *ret)
{
	qsort(places, n, sizeof(*places), by_value);
	elf_file_pointers(f, places, n, ret);
}

static void find_tables(struct reading *r, struct tables *t)
{
	u64 places[TYPES_MAX], sorted[TYPES_MAX], values[TYPES_MAX];
	struct elf_symbol sym;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *type = members[i].type;

		if ((t->ntypes && !strcmp(t->types[t->ntypes - 1], type)) ||
		    t->ntypes == TYPES_MAX || elf_file_export(r->f, type, &sym))
			continue;
		places[t->ntypes] = sym.vaddr + r->l->tp_dictoffset - MEMBERS_BEFORE_DICTOFFSET;
		t->types[t->ntypes++] = type;
	}
	memcpy(sorted, places, t->ntypes * sizeof(places[0]));
	pointers(r->f, sorted, t->ntypes, values);
	for (size_t i = 0; i < t->ntypes; i++)
		for (size_t k = 0; k < t->ntypes; k++)
			if (sorted[k] == places[i])
				t->at[i] = values[k];
}

/* A table ends with an entry without a name: what is behind it is another's. */
static void read_table(struct reading *r, const struct tables *t, size_t type, size_t n)
{
	for (size_t m = 0; m < MEMBERS_MAX; m++) {
		u64 at = t->at[type] + m * MEMBER_BYTES, *found;
		const char *name;

		found = bsearch(&at, t->names, n, sizeof(at), by_value);
		name = found && t->texts[found - t->names]
			       ? elf_file_string(r->f, t->texts[found - t->names], NAME_MAX_BYTES)
			       : NULL;
		if (!found || !t->texts[found - t->names])
			return;
		if (name && r->n < sizeof(members) / sizeof(members[0]))
			tell_member(r, t->types[type], name, at + MEMBER_OFFSET);
	}
}

static void read_members(struct reading *r)
{
	struct tables *t = calloc(1, sizeof(*t));
	size_t n = 0;

	if (!t)
		return; /* nothing is told */
	find_tables(r, t);
	for (size_t i = 0; i < t->ntypes; i++)
		for (size_t m = 0; t->at[i] && m < MEMBERS_MAX; m++)
			t->names[n++] = t->at[i] + m * MEMBER_BYTES;
	pointers(r->f, t->names, n, t->texts);
	for (size_t i = 0; i < t->ntypes; i++)
		if (t->at[i])
			read_table(r, t, i, n);
	free(t);
}

static void read_sizes(struct reading *r)
{
	struct elf_symbol sym;
	u64 size;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!elf_file_export(r->f, sizes[i].type, &sym) &&
		    u64_at(r->f, sym.vaddr + r->l->tp_basicsize, &size) && size > sizes[i].less)
			tell(r, sizes[i].type, "tp_basicsize", sizes[i].at, size - sizes[i].less);
}

/* Is @from behind what @base stands for; with @base 0, in _PyRuntime?  Then how far. */
static bool is_behind(const struct reading *r, struct flow_value from, u32 base, u64 *ret_offset)
{
	*ret_offset = (u64)from.disp - (base ? 0 : r->runtime);
	return from.base == base && *ret_offset < (base ? STRUCT_MAX : r->runtime_size);
}

/* The one place behind @base that is loaded; *@ret_base stands for what is there. */
static bool only_load(const struct reading *r, const struct flow *flow, u32 base, u64 *ret_offset,
		      u32 *ret_base)
{
	struct flow_loaded l;
	size_t at = 0, n = 0;
	u64 offset;

	while (flow_each_load(flow, &at, &l)) {
		if (!is_behind(r, l.from, base, &offset))
			continue;
		*ret_offset = offset;
		*ret_base = l.v.base;
		n++;
	}
	return n == 1;
}

static void read_accessor(struct reading *r, struct code *c, size_t i)
{
	static const struct code_targets all_return = { 0 };
	struct flow_value argument;
	struct elf_symbol sym;
	struct flow *flow;
	u32 base = 0;
	u64 offset;
	bool found;

	if (elf_file_export(r->f, accessors[i].function, &sym) || !sym.function ||
	    flow_new(c, sym.vaddr, &all_return, &flow))
		return;
	found = !flow_arg_at(flow, sym.vaddr, 0, &argument) && argument.base;
	if (found && accessors[i].where != IN_RUNTIME)
		base = argument.base;
	found = found && (base || r->runtime) && only_load(r, flow, base, &offset, &base);
	if (found && accessors[i].where == IN_WHAT_THAT_HAS)
		found = only_load(r, flow, base, &offset, &base);
	if (found)
		tell(r, accessors[i].function, "what it reads", accessors[i].at, offset);
	flow_free(flow);
}

size_t layout_exports_read(struct elf_file *f, u64 runtime, u64 runtime_size,
			   const struct py_layout *l, bool functions, struct layout_export *ret)
{
	struct reading r = {
		.f = f,
		.l = l,
		.runtime = runtime,
		.runtime_size = runtime_size,
		.list = ret,
	};
	struct code *c = NULL;

	read_members(&r);
	read_sizes(&r);
	if (functions && !code_new(f, &c, NULL))
		for (size_t i = 0; i < sizeof(accessors) / sizeof(accessors[0]); i++)
			read_accessor(&r, c, i);
	code_free(c);
	return r.n;
}

int layout_exports_agree(const struct layout_export *list, size_t n, const struct py_layout *l,
			 const char *path, struct err *e)
{
	int known = 0;

	for (size_t i = 0; i < n; i++) {
		u32 said;

		memcpy(&said, (const char *)l + list[i].at, sizeof(said));
		if (said == GS_NO_FIELD)
			continue;
		if (said != list[i].value)
			return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
				    "%s: its %s says %u for %s, its layout from %s says %u; one of "
				    "them is wrong",
				    path, list[i].of, list[i].value, list[i].what, l->found_by,
				    said);
		known++;
	}
	return known;
}
