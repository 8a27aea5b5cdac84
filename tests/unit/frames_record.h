/* Writing an image (frames_image.h) of a thread of a running process; see frames/record.sh. */
#ifndef GS_TESTS_FRAMES_RECORD_H
#define GS_TESTS_FRAMES_RECORD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/binaries.h"
#include "user/target/py_stack.h"

struct recorder {
	struct gs_memory ops; /* first */
	pid_t pid;
};

static void record_hex(const u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	printf(n ? "\n" : "-\n"); /* an empty word would be none */
}

static int record_read(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	int r = process_read(((const struct recorder *)ops)->pid, from, to, size);

	if (r)
		return r;
	printf("memory %llx ", (unsigned long long)from);
	record_hex(to, size);
	return 0;
}

static void record_code(const struct py_process *p, struct py_codes *codes, u64 addr)
{
	const struct py_frame_layout *l = &p->binary->layout.frames;
	const struct py_code *code = py_codes_find(codes, addr);
	static u8 table[1 << 14];
	u64 lines = 0, n = 0;

	if (!code || process_read(p->pid, addr + l->code_lines, &lines, sizeof(lines)) ||
	    process_read(p->pid, lines + l->bytes_size, &n, sizeof(n)) || n > sizeof(table) ||
	    process_read(p->pid, lines + l->bytes_data, table, n))
		return;
	printf("code %llx %d %s ", (unsigned long long)addr, code->first_line, code->function);
	record_hex(table, n);
}

static void record_thread(const struct py_process *p, u64 tstate)
{
	struct recorder r = { .ops.read = record_read, .pid = p->pid };
	const struct py_layout *l = &p->binary->layout;
	struct gs_frame_layout walk = layout_frames_walk(&l->frames);
	struct py_codes *codes = py_codes_new(p->pid, l);
	static struct gs_frames frames;
	u32 v[sizeof(walk) / sizeof(u32)];

	memcpy(v, &walk, sizeof(v));
	printf("layout");
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		printf(" %u", v[i]);
	printf("\nlines %u\ntstate %llx\n", l->frames.lines, (unsigned long long)tstate);
	gs_frames_walk(&walk, &r.ops, tstate, &frames);
	for (u32 i = 0; i < frames.n; i++) {
		const struct gs_frame *f = &frames.frame[i];

		record_code(p, codes, f->code);
		printf("walked %llu %d %u\n", (unsigned long long)f->code, f->offset, f->flags);
	}
	py_codes_free(codes);
}

/* The thread @tid of @pid, to stdout; it has to stand still.  0, or 1. */
static int record(pid_t pid, pid_t tid)
{
	struct binaries *b = binaries_new(NULL);
	struct py_interp interps[1 + PY_INTERPS_MAX];
	struct py_thread *threads = NULL;
	struct py_process *p = NULL;
	struct err e = { 0 };
	int n = 0;

	if (b && !process_identify(pid, 0, b, &p, &e) && py_interps_read(p, interps) > 0)
		n = py_threads_read(p, &interps[0], &threads);
	for (int i = 0; i < n; i++)
		if (threads[i].tid == tid)
			record_thread(p, threads[i].tstate);
	if (n <= 0)
		fprintf(stderr, "%s\n", e.text);
	free(threads);
	process_free(p);
	binaries_free(b);
	return n <= 0;
}

#endif
