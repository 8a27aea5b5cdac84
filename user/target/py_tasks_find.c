/*
 * Where a process has its tasks: by the section .AsyncioDebug of _asyncio, a library or a part of
 * the interpreter, and by _Py_DebugOffsets.  Invariant: an offset that gets out of here is within
 * the struct it is of, as far as its size is told, and small.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/sym/elf_file.h"
#include "user/target/module.h"
#include "user/target/proc_maps.h"
#include "user/target/py_tasks_private.h"

#define STRUCT_MAX (1 << 20)

/* struct _Py_AsyncioModuleDebugOffsets (3.14, 3.15 Modules/_asynciomodule.c), in its order */
enum word {
	TASK_SIZE,
	TASK_NAME,
	TASK_AWAITED_BY,
	TASK_IS_TASK,
	TASK_AWAITED_BY_IS_SET,
	TASK_CORO,
	TASK_NODE,
	INTERP_SIZE,
	INTERP_TASKS,
	THREAD_SIZE,
	THREAD_RUNNING_LOOP,
	THREAD_RUNNING_TASK,
	THREAD_TASKS,
	WORDS
};

/* In _Py_DebugOffsets (pycore_debug_offsets.h), and what no version tells there: the states of
 * generators and how their stacks end (pycore_frame.h; genobject.c, _PyGen_yf()). */
static const struct version {
	u32 minor; /* PY_VERSION_HEX >> 16 */
	u16 stackpointer, gen_frame, gen_state;
	u8 awaited_below;
	s8 created, yield_from;
} versions[] = {
	{ 0x030e, 296, 680, 688, 1, -3, -1 },
	{ 0x030f, 360, 808, 816, 2, 0, 2 },
};

static bool word_ok(u64 at, u64 size)
{
	return size <= STRUCT_MAX && at < size;
}

static bool words_ok(const u64 w[WORDS])
{
	return word_ok(w[TASK_NAME], w[TASK_SIZE]) && word_ok(w[TASK_AWAITED_BY], w[TASK_SIZE]) &&
	       word_ok(w[TASK_AWAITED_BY_IS_SET], w[TASK_SIZE]) &&
	       word_ok(w[TASK_CORO], w[TASK_SIZE]) && word_ok(w[TASK_NODE], w[TASK_SIZE]) &&
	       word_ok(w[INTERP_TASKS], w[INTERP_SIZE]) &&
	       word_ok(w[THREAD_RUNNING_TASK], w[THREAD_SIZE]) &&
	       word_ok(w[THREAD_TASKS], w[THREAD_SIZE]);
}

/* The section of the file open as @fd. */
static bool read_section(int fd, const char *path, u64 words[WORDS])
{
	struct elf_section s;
	struct err e = { 0 };
	struct elf_file *f = NULL;
	u8 *bytes = NULL;
	bool ok;

	ok = !elf_file_open(fd, path, &f, &e) && !elf_file_section(f, ".AsyncioDebug", &s) &&
	     s.size >= WORDS * sizeof(u64) && s.size < STRUCT_MAX &&
	     (bytes = elf_file_section_read(f, &s)) != NULL;
	if (ok)
		memcpy(words, bytes, WORDS * sizeof(u64));
	free(bytes);
	elf_file_close(f);
	return ok && words_ok(words);
}

/* In the library _asyncio, if it is mapped, or else in the interpreter's own file. */
static bool find_words(const struct py_process *p, u64 words[WORDS])
{
	struct proc_maps maps;
	char path[128];
	struct stat st;
	bool found = false;
	u64 seen = 0;

	if (proc_maps_read(p->pid, &maps))
		return false;
	for (size_t i = 0; i < maps.n && !found; i++) {
		const struct proc_map *m = &maps.list[i];
		int fd;

		if (!m->exec || m->inode == seen ||
		    (!module_name_is(m->path, "_asyncio") && m->inode != p->binary->ino))
			continue;
		seen = m->inode;
		fd = proc_map_open(p->pid, m, path, sizeof(path), &st);
		if (fd < 0)
			continue;
		found = read_section(fd, m->path, words);
		close(fd);
	}
	proc_maps_free(&maps);
	return found;
}

static const struct version *version_of(const struct py_binary *b)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].minor == b->version_hex >> 16)
			return &versions[i];
	return NULL;
}

/* One of _Py_DebugOffsets. */
static bool told(const struct py_tasks *t, u16 at, u32 *ret_offset)
{
	u64 v;

	if (py_read_u64(&t->memory, t->process->runtime_addr + at, &v) || v >= STRUCT_MAX)
		return false;
	*ret_offset = (u32)v;
	return true;
}

void py_tasks_find(struct py_tasks *t)
{
	const struct version *v = version_of(t->process->binary);
	struct py_tasks_at *at = &t->at;
	u64 w[WORDS];

	if (!v || !find_words(t->process, w) || !told(t, v->stackpointer, &at->frame_top) ||
	    !told(t, v->gen_frame, &at->gen_frame) || !told(t, v->gen_state, &at->gen_state))
		return;
	at->tstate_running = (u32)w[THREAD_RUNNING_TASK];
	at->tstate_tasks = (u32)w[THREAD_TASKS];
	at->interp_tasks = (u32)w[INTERP_TASKS];
	at->task_name = (u32)w[TASK_NAME];
	at->task_coro = (u32)w[TASK_CORO];
	at->task_awaited_by = (u32)w[TASK_AWAITED_BY];
	at->task_awaited_by_is_set = (u32)w[TASK_AWAITED_BY_IS_SET];
	at->task_node = (u32)w[TASK_NODE];
	at->awaited_below = v->awaited_below;
	at->state_created = v->created;
	at->state_yield_from = v->yield_from;
	at->listed = true;
}

static int read_for_walk(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	return process_read(((const struct py_tasks *)ops)->memory.pid, from, to, size);
}

struct py_tasks *py_tasks_new(const struct py_process *p)
{
	struct py_tasks *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->ops.read = read_for_walk;
	t->process = p;
	t->memory = (struct py_memory) { .pid = p->pid, .layout = &p->binary->layout };
	t->walk = layout_frames_walk(&p->binary->layout.frames);
	t->codes = py_codes_new(p->pid, &p->binary->layout);
	if (!t->codes) {
		free(t);
		return NULL;
	}
	py_tasks_find(t);
	return t;
}

void py_tasks_free(struct py_tasks *t)
{
	if (t)
		py_codes_free(t->codes);
	free(t);
}
