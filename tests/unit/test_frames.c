/*
 * bpf/frames.h, as it is compiled for us: the stacks of real threads of each version, recorded;
 * then the same memory damaged in every place, and memory that is nothing.
 *
 * test_frames --record PID TID writes an image instead (frames/record.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/frames_image.h"
#include "tests/unit/frames_record.h"
#include "user/target/py_lines.h"

#define READS_MAX (GS_FRAMES_STEPS * 10ULL) /* a walk may take */

static const char *const versions[] = { "3.9", "3.11", "3.13", "3.14", "3.15" };
#define VERSIONS (sizeof(versions) / sizeof(versions[0]))

static struct gs_frames out;

static void walk(struct image *m)
{
	m->reads = 0;
	memset(&out, 0xa5, sizeof(out));
	gs_frames_walk(&m->layout, &m->ops, m->tstate, &out);
	assert_true(out.n <= GS_FRAMES_MAX && out.end <= GS_FRAMES_TORN);
	assert_true(m->reads <= READS_MAX);
	for (u32 i = 0; i < out.n; i++) {
		assert_true(out.frame[i].code && !(out.frame[i].code & 7));
		assert_in_range(out.frame[i].offset + 2, 0, GS_FRAME_OFFSET_MAX + 2);
	}
}

static struct image *load(const char *name)
{
	struct image *m = image_load(name);

	if (!m)
		fail_msg("tests/unit/frames/%s: cannot be read; run it in the root of the sources",
			 name);
	return m;
}

static const struct image_code *code_at(const struct image *m, u64 addr)
{
	for (size_t i = 0; i < m->ncodes; i++)
		if (m->codes[i].lines.addr == addr)
			return &m->codes[i];
	return NULL;
}

/* Names and lines are the program's own. */
static void stacks_are_what_the_program_said(void **state)
{
	(void)state;
	for (size_t v = 0; v < VERSIONS; v++) {
		struct image *m = load(versions[v]);

		walk(m);
		assert_int_equal(out.end, GS_FRAMES_WHOLE);
		assert_true(m->nframes > 20);
		assert_int_equal(out.n, m->nframes);
		for (u32 i = 0; i < out.n; i++) {
			const struct image_code *c = code_at(m, out.frame[i].code);

			assert_non_null(c);
			assert_string_equal(c->name, m->frames[i].name);
			assert_int_equal(py_line_at(m->lines, c->lines.bytes, c->lines.n,
						    c->first_line, out.frame[i].offset),
					 m->frames[i].line);
		}
		/* What began the thread was called by C, the next newer one of Python not by it. */
		assert_true(out.frame[out.n - 1].flags & GS_FRAME_FROM_C);
		assert_int_equal(!!(out.frame[0].flags & GS_FRAME_FROM_C), v == 0);
		image_free(m);
	}
}

static void set_word(struct image_part *p, u64 value)
{
	memcpy(p->bytes, &value, p->n < sizeof(value) ? p->n : sizeof(value));
}

/* Each word that was read, replaced by others: a walk ends, and has no frame that was not there. */
static void damage_ends_the_walk(void **state)
{
	(void)state;
	for (size_t v = 0; v < VERSIONS; v++) {
		struct image *m = load(versions[v]);
		const size_t n = m->nparts;
		u32 torn = 0;

		for (size_t i = 0; i < n; i++) {
			struct image_part *p = &m->parts[i];
			const u64 lies[] = {
				0, 1, ~0ULL, p->addr, m->parts[n / 2].addr, m->tstate, 1ULL << 62
			};
			u8 old[8];

			assert_true(p->n <= sizeof(old));
			memcpy(old, p->bytes, p->n);
			for (size_t k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
				set_word(p, lies[k]);
				walk(m);
				torn += out.end == GS_FRAMES_TORN;
			}
			memcpy(p->bytes, old, p->n);
			/* Not there at all. */
			m->parts[i].addr ^= 1ULL << 63;
			walk(m);
			m->parts[i].addr ^= 1ULL << 63;
		}
		assert_true(torn > n); /* and it says so */
		walk(m);
		assert_int_equal(out.n, m->nframes);
		image_free(m);
	}
}

static u64 word_at(const struct image *m, u64 addr)
{
	u64 v = 0;

	assert_int_equal(image_read(&m->ops, &v, sizeof(v), addr), 0);
	return v;
}

/* Write it, whether it was recorded or not. */
static void put_word(struct image *m, u64 addr, u64 value)
{
	size_t i = 0;

	while (i < m->nparts && m->parts[i].addr != addr)
		i++;
	if (i == m->nparts) {
		assert_true(m->nparts < IMAGE_PARTS);
		m->parts[m->nparts++] = image_part(addr, "0000000000000000");
	}
	set_word(&m->parts[i], value);
}

/* The newest frames are left out, so many. */
static void check_left_out(struct image *m, const struct gs_frames *whole, u32 n)
{
	walk(m);
	assert_int_equal(out.end, GS_FRAMES_WHOLE);
	assert_int_equal(out.n, whole->n - n);
	assert_memory_equal(out.frame, &whole->frame[n], out.n * sizeof(out.frame[0]));
}

/* 3.11: where a loop has hung its C frame on the thread, but not yet its frame on that. */
static void a_loop_that_begins_is_left_out(void **state)
{
	struct image *m = load("3.11");
	const u64 caller = 1 << 20, lies[] = { 0, 1, 64, ~0ULL, m->tstate };
	const u64 cframe = word_at(m, m->tstate + m->layout.tstate_frame);
	const u64 newest = word_at(m, cframe + m->layout.cframe_frame);
	struct gs_frames whole;
	u64 frame = newest;
	u32 n = 0;

	(void)state;
	walk(m);
	whole = out;
	do /* the caller's newest frame */
		frame = word_at(m, frame + m->layout.previous);
	while (!(whole.frame[n++].flags & GS_FRAME_FROM_C));
	assert_true(frame && n + 1 < whole.n);
	put_word(m, cframe + m->layout.cframe_frame + 8, caller);
	put_word(m, caller + m->layout.cframe_frame, frame);
	check_left_out(m, &whole, 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		put_word(m, cframe + m->layout.cframe_frame, lies[i]);
		check_left_out(m, &whole, n);
	}
	/* What is there is a frame of a loop before, which another called. */
	put_word(m, cframe + m->layout.cframe_frame, newest);
	put_word(m, caller + m->layout.cframe_frame, word_at(m, frame + m->layout.previous));
	check_left_out(m, &whole, n + 1);
	image_free(m);
}

/* Wherever a frame's older one is the newest: that is a circle, however long. */
static void circles_are_torn(void **state)
{
	(void)state;
	for (size_t v = 0; v < VERSIONS; v++) {
		struct image *m = load(versions[v]);
		u64 first = 0;
		size_t seen = 0;

		assert_int_equal(image_read(&m->ops, &first, sizeof(first),
					    m->tstate + m->layout.tstate_frame),
				 0);
		if (m->layout.cframe_frame != GS_FRAME_NONE)
			assert_int_equal(image_read(&m->ops, &first, sizeof(first),
						    first + m->layout.cframe_frame),
					 0);
		for (u64 frame = first; frame; seen++) {
			u64 next = 0;

			for (size_t i = 0; i < m->nparts; i++) {
				struct image_part *p = &m->parts[i];

				if (p->addr != frame + m->layout.previous || p->n != 8)
					continue;
				memcpy(&next, p->bytes, sizeof(next));
				set_word(p, first);
				walk(m);
				assert_true(out.end == GS_FRAMES_TORN ||
					    out.end == GS_FRAMES_TRUNCATED);
				assert_true(seen > 40 || out.end == GS_FRAMES_TORN);
				set_word(p, next);
				break;
			}
			frame = next;
		}
		assert_true(seen >= m->nframes);
		image_free(m);
	}
}

/* Memory that is made up: frames of 3.13's shape from FRAMES on, FRAME bytes each, COUNT of them.
 */
struct made {
	struct gs_memory ops; /* first */
	u32 count;
	u32 bottom; /* owner of the one below them */
	u64 random; /* not 0: everything is noise */
	u64 reads;
};

#define FRAMES 0x10000ULL
#define FRAME 128ULL
#define CODE 0x900000ULL

static int made_read(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	struct made *m = (struct made *)ops;
	u64 i = (from - FRAMES) / FRAME, v = 0;

	m->reads++;
	if (m->random) {
		m->random = m->random * 6364136223846793005ULL + 1442695040888963407ULL;
		v = m->random >> 20 & (m->random >> 60 ? ~7ULL : ~0ULL);
		if (!(m->random >> 58 & 15))
			return -1;
	} else if (from == 0x1000 + 72) {
		v = FRAMES; /* current_frame */
	} else if (i > m->count) {
		return -1;
	} else if ((from - FRAMES) % FRAME == 8) {
		v = i < m->count ? FRAMES + (i + 1) * FRAME : 0; /* previous */
	} else if ((from - FRAMES) % FRAME == 70) {
		v = i < m->count ? 0 : m->bottom; /* owner */
	} else if ((from - FRAMES) % FRAME == 0) {
		v = CODE + 64 * i; /* f_executable */
	} else if ((from - FRAMES) % FRAME == 56) {
		v = CODE + 64 * i + 200 + 2 * i; /* instr_ptr */
	}
	memcpy(to, &v, size <= sizeof(v) ? size : sizeof(v));
	return 0;
}

static const struct gs_frame_layout layout_3_13 = {
	.tstate_frame = 72,
	.cframe_frame = GS_FRAME_NONE,
	.previous = 8,
	.instr = 56,
	.owner = 70,
	.is_entry = GS_FRAME_NONE,
	.tlbc_index = GS_FRAME_NONE,
	.code_adaptive = 200,
	.code_tlbc = GS_FRAME_NONE,
};

static void deep_stacks_are_truncated(void **state)
{
	static const u32 counts[] = { 1, 126, 127, 128, 300, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct made m = { .ops.read = made_read, .count = counts[i], .bottom = 3 };
		const u32 n = counts[i] < GS_FRAMES_MAX ? counts[i] : GS_FRAMES_MAX;

		gs_frames_walk(&layout_3_13, &m.ops, 0x1000, &out);
		assert_int_equal(out.n, n);
		assert_int_equal(out.end,
				 counts[i] > GS_FRAMES_MAX ? GS_FRAMES_TRUNCATED : GS_FRAMES_WHOLE);
		assert_int_equal(out.frame[n - 1].code, CODE + 64 * (n - 1));
		assert_int_equal(out.frame[n - 1].offset, 2 * (n - 1));
		assert_true(m.reads <= READS_MAX);
	}
}

/* It is just being put in, or taken out: nobody called it. */
static void a_stack_without_a_bottom_is_torn(void **state)
{
	struct made m = { .ops.read = made_read, .count = 1 };

	(void)state;
	gs_frames_walk(&layout_3_13, &m.ops, 0x1000, &out);
	assert_int_equal(out.end, GS_FRAMES_TORN);
}

static void noise_ends(void **state)
{
	(void)state;
	for (u64 seed = 1; seed < 20000; seed++) {
		struct made m = { .ops.read = made_read, .random = seed };

		gs_frames_walk(&layout_3_13, &m.ops, 0x1000, &out);
		assert_true(out.n <= GS_FRAMES_MAX && out.end <= GS_FRAMES_TORN);
		assert_true(m.reads <= READS_MAX);
	}
}

/* A thread's own copy of the code (3.14+, free-threaded): offsets count from that. */
static int copy_read(const struct gs_memory *ops, void *to, u32 size, u64 from)
{
	static const struct {
		u64 at, value;
	} words[] = {
		{ 0x1000 + 72, FRAMES },     { FRAMES, CODE | 1 }, { FRAMES + 8, 0x8000 },
		{ 0x8000 + 8, 0 },	     { 0x8000 + 78, 3 },   { FRAMES + 56, 0x5010 },
		{ FRAMES + 72, 3 },	     { FRAMES + 78, 0 },   { CODE + 224, 0x4000 },
		{ 0x4000 + 8 + 24, 0x5000 },
	};

	(void)ops;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].at != from)
			continue;
		memcpy(to, &words[i].value, size);
		return 0;
	}
	return -1;
}

static void copies_of_code_have_a_start_of_their_own(void **state)
{
	struct gs_frame_layout l = layout_3_13;
	struct gs_memory m = { copy_read };

	(void)state;
	l.owner = 78;
	l.tlbc_index = 72;
	l.code_adaptive = 232;
	l.code_tlbc = 224;
	l.code_tags = 3;
	gs_frames_walk(&l, &m, 0x1000, &out);
	assert_int_equal(out.end, GS_FRAMES_WHOLE);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.frame[0].code, CODE);
	assert_int_equal(out.frame[0].offset, 0x10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_what_the_program_said),
		cmocka_unit_test(damage_ends_the_walk),
		cmocka_unit_test(a_loop_that_begins_is_left_out),
		cmocka_unit_test(circles_are_torn),
		cmocka_unit_test(deep_stacks_are_truncated),
		cmocka_unit_test(a_stack_without_a_bottom_is_torn),
		cmocka_unit_test(noise_ends),
		cmocka_unit_test(copies_of_code_have_a_start_of_their_own),
	};

	if (argc == 4 && !strcmp(argv[1], "--record"))
		return record(atoi(argv[2]), atoi(argv[3]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
