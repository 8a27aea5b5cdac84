/*
 * Recorded memory: what a walk over the frames of a real thread read, the code objects it met, and
 * the stack as the program itself told it.  Text, a line each:
 *
 *   layout NUMBER...      struct gs_frame_layout, in its order
 *   lines KIND            enum py_lines
 *   tstate ADDRESS
 *   memory ADDRESS HEX
 *   code ADDRESS FIRST-LINE NAME HEX   its table of lines
 *   frame NAME LINE       newest first
 */
#ifndef GS_TESTS_FRAMES_IMAGE_H
#define GS_TESTS_FRAMES_IMAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/frames.h"
#include "user/target/layout_frames.h"

#define IMAGE_PARTS 4096
#define IMAGE_LAYOUT (sizeof(struct gs_frame_layout) / sizeof(u32))

struct image_part {
	u64 addr;
	u8 *bytes; /* owned */
	size_t n;
};

struct image_code {
	struct image_part lines; /* at the address of the code object */
	s32 first_line;
	char name[128];
};

struct image_frame {
	char name[128];
	s32 line;
};

struct image {
	struct gs_memory ops; /* first */
	struct gs_frame_layout layout;
	enum py_lines lines;
	u64 tstate;
	struct image_part parts[IMAGE_PARTS];
	size_t nparts;
	struct image_code codes[GS_FRAMES_MAX];
	size_t ncodes;
	struct image_frame frames[GS_FRAMES_MAX];
	size_t nframes;
	u64 reads; /* so far */
};

static int image_read(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	struct image *m = (struct image *)ops;
	size_t i;

	m->reads++;
	for (i = 0; i < m->nparts; i++) {
		const struct image_part *p = &m->parts[i];

		if (from < p->addr || from - p->addr > p->n || size > p->n - (from - p->addr))
			continue;
		memcpy(to, p->bytes + (from - p->addr), size);
		return 0;
	}
	return -1;
}

static struct image_part image_part(u64 addr, const char *hex)
{
	struct image_part p = { .addr = addr, .n = strlen(hex) / 2 };
	unsigned int byte;

	p.bytes = malloc(p.n ? p.n : 1);
	for (size_t i = 0; p.bytes && i < p.n; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			abort();
		p.bytes[i] = (u8)byte;
	}
	return p;
}

static void image_layout(struct image *m, const char *text)
{
	u32 v[IMAGE_LAYOUT];
	char *end;

	for (size_t i = 0; i < IMAGE_LAYOUT; i++) {
		v[i] = (u32)strtoul(text, &end, 10);
		text = end;
	}
	memcpy(&m->layout, v, sizeof(m->layout));
}

static void image_line(struct image *m, const char *line)
{
	static char hex[1 << 16];
	struct image_code *c = &m->codes[m->ncodes];
	struct image_frame *f = &m->frames[m->nframes];
	unsigned long long addr;
	int n;

	hex[0] = '\0';
	if (!strncmp(line, "layout ", 7))
		image_layout(m, line + 7);
	else if (sscanf(line, "lines %d", &n) == 1)
		m->lines = (enum py_lines)n;
	else if (sscanf(line, "tstate %llx", &addr) == 1)
		m->tstate = addr;
	else if (m->nparts < IMAGE_PARTS && sscanf(line, "memory %llx %65535s", &addr, hex) == 2)
		m->parts[m->nparts++] = image_part(addr, hex);
	else if (m->ncodes < GS_FRAMES_MAX && sscanf(line, "code %llx %d %127s %65535s", &addr,
						     &c->first_line, c->name, hex) == 4)
		m->codes[m->ncodes++].lines = image_part(addr, hex);
	else if (m->nframes < GS_FRAMES_MAX &&
		 sscanf(line, "frame %127s %d", f->name, &f->line) == 2)
		m->nframes++;
}

/* The image in tests/unit/frames/@name; NULL: there is none. */
static struct image *image_load(const char *name)
{
	static char line[1 << 17];
	struct image *m = calloc(1, sizeof(*m));
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "tests/unit/frames/%s", name);
	f = fopen(path, "re");
	while (m && f && fgets(line, sizeof(line), f))
		image_line(m, line);
	if (f)
		fclose(f);
	if (!m || !f) {
		free(m);
		return NULL;
	}
	m->ops.read = image_read;
	return m;
}

static void image_free(struct image *m)
{
	for (size_t i = 0; i < m->nparts; i++)
		free(m->parts[i].bytes);
	for (size_t i = 0; i < m->ncodes; i++)
		free(m->codes[i].lines.bytes);
	free(m);
}

#endif
