/*
 * The self-description of 3.13 and later.  Invariant: an offset that gets out of here lies
 * within its struct, that within _PyRuntime, and agrees with the table's row where that knows it.
 */
#include "user/target/debug_offsets.h"

#include <errno.h>
#include <string.h>

#include "user/target/debug_offsets_frames.h"

#define STRUCT_MAX (64 << 20) /* of any of the structs; they are 0.3 MiB at most */
#define GC_STATS_ARRAY 72 /* three generations, before gc.collecting */

/* The fields used; names as in pycore_debug_offsets.h. */
#define FIELDS(X) \
	X(interpreters_head) \
	X(interp_size) \
	X(interp_id) \
	X(interp_next) \
	X(interp_threads_head) \
	X(interp_gc) \
	X(interp_modules) \
	X(interp_ceval_gil) \
	X(gil_runtime_state) \
	X(gil_locked) \
	X(gil_holder) \
	X(thread_size) \
	X(thread_next) \
	X(thread_interp) \
	X(thread_id) \
	X(thread_native_id) \
	X(ob_type) \
	X(tp_name) \
	X(tp_flags) \
	X(gc_size) \
	X(gc_collecting) \
	X(gc_stats_size) \
	X(gc_stats)

/* Where each is in the description; 0: this version has no such field. */
struct places {
	u32 minor; /* PY_VERSION_HEX >> 16 */
	u32 size;
#define X(name) u16 name;
	FIELDS(X)
#undef X
};

struct values {
#define X(name) u64 name;
	FIELDS(X)
#undef X
};

static const struct places places[] = {
	{ 0x030d,
	  584,
	  .interpreters_head = 40,
	  .interp_size = 48,
	  .interp_id = 56,
	  .interp_next = 64,
	  .interp_threads_head = 72,
	  .interp_gc = 80,
	  .interp_modules = 88,
	  .interp_ceval_gil = 112,
	  .gil_runtime_state = 120,
	  .gil_locked = 136,
	  .gil_holder = 144,
	  .thread_size = 152,
	  .thread_next = 168,
	  .thread_interp = 176,
	  .thread_id = 192,
	  .thread_native_id = 200,
	  .ob_type = 360,
	  .tp_name = 376,
	  .tp_flags = 392,
	  .gc_size = 568,
	  .gc_collecting = 576 },
	{ 0x030e,
	  760,
	  .interpreters_head = 40,
	  .interp_size = 48,
	  .interp_id = 56,
	  .interp_next = 64,
	  .interp_threads_head = 72,
	  .interp_gc = 88,
	  .interp_modules = 96,
	  .interp_ceval_gil = 120,
	  .gil_runtime_state = 128,
	  .gil_locked = 144,
	  .gil_holder = 152,
	  .thread_size = 176,
	  .thread_next = 192,
	  .thread_interp = 200,
	  .thread_id = 216,
	  .thread_native_id = 224,
	  .ob_type = 408,
	  .tp_name = 424,
	  .tp_flags = 440,
	  .gc_size = 648,
	  .gc_collecting = 656 },
	{ 0x030f,
	  888,
	  .interpreters_head = 40,
	  .interp_size = 48,
	  .interp_id = 56,
	  .interp_next = 64,
	  .interp_threads_head = 72,
	  .interp_gc = 88,
	  .interp_modules = 96,
	  .interp_ceval_gil = 120,
	  .gil_runtime_state = 128,
	  .gil_locked = 144,
	  .gil_holder = 152,
	  .thread_size = 176,
	  .thread_next = 192,
	  .thread_interp = 200,
	  .thread_id = 240,
	  .thread_native_id = 248,
	  .ob_type = 472,
	  .tp_name = 488,
	  .tp_flags = 504,
	  .gc_size = 752,
	  .gc_collecting = 760,
	  .gc_stats_size = 776,
	  .gc_stats = 784 },
};

static const struct places *places_of(u32 version_hex)
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].minor == version_hex >> 16)
			return &places[i];
	}
	return NULL;
}

size_t debug_offsets_size(u32 version_hex)
{
	const struct places *p = places_of(version_hex);

	return p ? p->size : 0;
}

static u64 u64_at(const struct debug_offsets_from *from, u32 at)
{
	u64 v;

	memcpy(&v, from->bytes + at, sizeof(v));
	return v;
}

static int disagree(const struct debug_offsets_from *from, struct err *e, const char *what,
		    u64 said, const char *who, u64 other)
{
	return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: _Py_DebugOffsets says 0x%lx for %s, %s says 0x%lx; one of them is wrong",
		    from->path, (unsigned long)said, what, who, (unsigned long)other);
}

static int outside(const struct debug_offsets_from *from, struct err *e, const char *what, u64 said,
		   u64 size)
{
	return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: _Py_DebugOffsets says %s is at 0x%lx, which is outside its 0x%lx bytes",
		    from->path, what, (unsigned long)said, (unsigned long)size);
}

static int check_header(const struct debug_offsets_from *from, const struct places *p,
			struct err *e)
{
	u64 version, free_threaded;

	if (!p || from->nbytes < p->size || memcmp(from->bytes, "xdebugpy", 8))
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "%s: CPython %u.%u without its _Py_DebugOffsets, so where its GIL is "
			    "cannot be told",
			    from->path, from->version_hex >> 24, from->version_hex >> 16 & 0xff);
	version = u64_at(from, 8);
	free_threaded = u64_at(from, 16);
	/* A version known by a name has its first two parts only. */
	if (version >> 16 != p->minor ||
	    (from->version_hex & 0xffff && version != from->version_hex))
		return disagree(from, e, "the version", version, from->version_found_by,
				from->version_hex);
	if (free_threaded != from->free_threaded)
		return disagree(from, e, "being free-threaded", free_threaded, "what it exports",
				from->free_threaded);
	return 0;
}

/* Is a field of @size bytes at @at within its struct, and where a compiler would put it? */
static bool fits(u64 at, u64 size, u64 within)
{
	return within <= STRUCT_MAX && at <= within && size <= within - at && at % 4 == 0;
}

static int check_bounds(const struct debug_offsets_from *from, const struct values *v,
			struct err *e)
{
	const struct {
		const char *what;
		u64 at, size, within;
	} rows[] = {
		{ "runtime_state.interpreters_head", v->interpreters_head, 16, from->runtime_size },
		{ "_PyRuntime's main interpreter", 0, v->interp_size, from->runtime_size },
		{ "interpreter_state.id", v->interp_id, 8, v->interp_size },
		{ "interpreter_state.next", v->interp_next, 8, v->interp_size },
		{ "interpreter_state.threads_head", v->interp_threads_head, 8, v->interp_size },
		{ "interpreter_state.ceval_gil", v->interp_ceval_gil, 8, v->interp_size },
		{ "interpreter_state.gil_runtime_state", v->gil_runtime_state, 208,
		  v->interp_size },
		{ "interpreter_state.gc", v->interp_gc, v->gc_size, v->interp_size },
		{ "interpreter_state.imports_modules", v->interp_modules, 8, v->interp_size },
		{ "gc.collecting", v->gc_collecting, 4, v->gc_size },
		{ "thread_state.next", v->thread_next, 8, v->thread_size },
		{ "thread_state.interp", v->thread_interp, 8, v->thread_size },
		{ "thread_state.thread_id", v->thread_id, 8, v->thread_size },
		{ "thread_state.native_thread_id", v->thread_native_id, 8, v->thread_size },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!fits(rows[i].at, rows[i].size, rows[i].within))
			return outside(from, e, rows[i].what, rows[i].at, rows[i].within);
	}
	return 0;
}

/* What the table's row knows as well. */
static int check_row(const struct debug_offsets_from *from, const struct values *v,
		     const struct py_layout *l, struct err *e)
{
	const struct {
		const char *what;
		u64 said, row;
	} rows[] = {
		{ "gil.last_holder", v->gil_holder, v->gil_runtime_state + l->gil_last_holder },
		{ "gil.locked", v->gil_locked, v->gil_runtime_state + l->gil_locked },
		{ "pyobject.ob_type", v->ob_type, l->ob_type },
		{ "type_object.tp_name", v->tp_name, l->tp_name },
		{ "type_object.tp_flags", v->tp_flags, l->tp_flags },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].said != rows[i].row)
			return disagree(from, e, rows[i].what, rows[i].said, "the table of layouts",
					rows[i].row);
	}
	return 0;
}

/* The collector's books: three rows before gc.collecting, or rings behind a pointer. */
static int find_gc_stats(const struct debug_offsets_from *from, const struct values *v,
			 const struct py_layout *l, u32 *ret_at, struct err *e)
{
	u64 need;

	if (l->gc_ring_row == GS_NO_FIELD) {
		if (v->gc_collecting < GC_STATS_ARRAY)
			return outside(from, e, "gc.generation_stats", v->gc_collecting,
				       v->gc_size);
		*ret_at = (u32)(v->gc_collecting - GC_STATS_ARRAY);
		return 0;
	}
	need = l->gc_ring_newest[2] + 1;
	if (!fits(v->gc_stats, 8, v->gc_size))
		return outside(from, e, "gc.generation_stats", v->gc_stats, v->gc_size);
	if (v->gc_stats_size < need || v->gc_stats_size > need + 64)
		return disagree(from, e, "gc.generation_stats_size", v->gc_stats_size,
				"the table of layouts", need);
	*ret_at = (u32)v->gc_stats;
	return 0;
}

int debug_offsets_read(const struct debug_offsets_from *from, struct py_layout *l, struct err *e)
{
	const struct places *p = places_of(from->version_hex);
	struct values v = { 0 };
	u32 gc_stats = 0;
	int r = check_header(from, p, e);

	if (r)
		return r;
#define X(name) v.name = p->name ? u64_at(from, p->name) : 0;
	FIELDS(X)
#undef X
	r = check_bounds(from, &v, e);
	if (!r)
		r = check_row(from, &v, l, e);
	if (!r)
		r = find_gc_stats(from, &v, l, &gc_stats, e);
	if (!r)
		r = debug_offsets_frames(from, v.thread_size, &l->frames, e);
	if (r)
		return r;
	l->found_by = "debug_offsets";
	l->runtime_interpreters_head = (u32)v.interpreters_head;
	l->runtime_interpreters_main = (u32)v.interpreters_head + 8; /* struct pyinterpreters */
	/* It is the last member of _PyRuntime (pycore_runtime_structs.h). */
	l->runtime_main_interpreter = (u32)(from->runtime_size - v.interp_size);
	l->interp_next = (u32)v.interp_next;
	l->interp_id = (u32)v.interp_id;
	l->interp_threads_head = (u32)v.interp_threads_head;
	l->interp_gc = (u32)v.interp_gc;
	l->interp_modules = (u32)v.interp_modules;
	l->interp_gil_pointer = (u32)v.interp_ceval_gil;
	l->interp_gil = (u32)v.gil_runtime_state;
	l->gc_generation_stats = gc_stats;
	l->gc_collecting = (u32)v.gc_collecting;
	l->tstate_next = (u32)v.thread_next;
	l->tstate_interp = (u32)v.thread_interp;
	l->tstate_thread_id = (u32)v.thread_id;
	l->tstate_native_thread_id = (u32)v.thread_native_id;
	return 0;
}
