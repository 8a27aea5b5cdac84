/* Events into packets and back, through libbabeltrace2: nothing changes but what has no room. */
#include <errno.h>

#include "bpf/state.h"
#include "tests/unit/recording_helpers.h"
#include "user/trace/layout.h"

static u64 largest(const struct event_field *f)
{
	return UINT64_MAX >> (64 - f->bits);
}

/* A number of a list has its last one as its largest. */
static u64 greatest(const struct event_field *f)
{
	if (f->type == EVENT_CALL)
		return GS_IO_COUNT - 1;
	if (f->offset == offsetof(struct event, generation))
		return GS_GC_GENERATIONS - 1;
	if (f->offset == offsetof(struct event, what))
		return EVENT_OPEN_IO;
	return largest(f);
}

static u64 get(const struct event *ev, const struct event_field *f)
{
	const char *at = (const char *)ev + f->offset;

	switch (f->type) {
	case EVENT_U32:
	case EVENT_FLAG:
	case EVENT_CALL:
		return *(const u32 *)at;
	case EVENT_U64:
	case EVENT_S64:
		return *(const u64 *)at;
	default:
		return 0;
	}
}

static void set(struct event *ev, const struct event_field *f, u64 v)
{
	char *at = (char *)ev + f->offset;

	switch (f->type) {
	case EVENT_U32:
	case EVENT_FLAG:
	case EVENT_CALL:
		*(u32 *)at = (u32)v;
		break;
	case EVENT_U64:
	case EVENT_S64:
		*(u64 *)at = v;
		break;
	default:
		break;
	}
}

enum variant { LEAST, MIDDLE, GREATEST, UNKNOWN, VARIANTS };

static u64 value(const struct event_field *f, enum variant v)
{
	if (v == LEAST)
		return f->type == EVENT_S64 ? (u64) - (s64)(largest(f) / 2) - 1 : 0;
	if (v == MIDDLE)
		return f->type == EVENT_S64 ? (u64)-5 : greatest(f) / 3;
	if (f->type == EVENT_S64)
		return largest(f) / 2;
	if (f->type == EVENT_U64 && v == UNKNOWN && f->offset != offsetof(struct event, ns))
		return EVENT_UNKNOWN;
	/* all ones of 48 bits are the unknown's */
	if (f->type == EVENT_U64 && f->bits < 64)
		return largest(f) - 1;
	return greatest(f);
}

static struct event made(u32 kind, enum variant v, u64 ts_ns)
{
	static const char *const texts[VARIANTS] = { "", "a text", "äöü € 🐍", "\"quotes\" \\ %s" };
	struct event ev = { .kind = (enum event_kind)kind, .ts_ns = ts_ns };

	for (const struct event_field *f = event_descs[kind].fields; f->name; f++) {
		if (f->type == EVENT_TEXT)
			ev.text[f->offset] = texts[v];
		else
			set(&ev, f, value(f, v));
	}
	return ev;
}

/* The events expected, in order. */
struct expected {
	struct event events[VARIANTS * EVENT_KIND_COUNT];
	size_t n, seen;
};

static int compare(void *ctx, const struct event *ev)
{
	struct expected *x = ctx;
	const struct event *want = &x->events[x->seen++];

	assert_true(x->seen <= x->n);
	assert_int_equal(ev->kind, want->kind);
	assert_int_equal(ev->ts_ns, want->ts_ns);
	for (const struct event_field *f = event_descs[ev->kind].fields; f->name; f++) {
		if (f->type == EVENT_TEXT)
			assert_string_equal(ev->text[f->offset], want->text[f->offset]);
		else if (get(ev, f) != get(want, f))
			fail_msg("%s.%s: %llx, not %llx", event_descs[ev->kind].name, f->name,
				 (unsigned long long)get(ev, f), (unsigned long long)get(want, f));
	}
	return 0;
}

static void read_and_compare(const char *path, struct expected *x)
{
	const struct trace_sink sink = { .event = compare, .ctx = x };
	struct trace_reader *r;
	struct err e = { 0 };

	if (trace_open(path, &r, &e) || trace_read(r, &sink, &e))
		fail_msg("%s", e.text);
	assert_int_equal(x->seen, x->n);
	assert_null(trace_damage(r, 0));
	trace_close(r);
}

static void every_kind_comes_back_as_it_was(void **state)
{
	const char *path = in_test_dir("kinds");
	struct expected x = { .n = 0 };
	struct recording rec;
	u64 ts_ns = T0;

	(void)state;
	recording_begin(&rec, path);
	for (u32 kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		for (u32 v = 0; v < VARIANTS && kind != EVENT_LATE; v++) {
			x.events[x.n] = made(kind, v, ts_ns += 1000);
			recording_add(&rec, &x.events[x.n++]);
		}
	}
	recording_end(&rec);
	assert_int_equal(x.n, VARIANTS * (EVENT_KIND_COUNT - 1));
	read_and_compare(path, &x);
}

static void numbers_without_room_become_the_largest(void **state)
{
	const struct event holds[] = {
		{ .kind = EVENT_HOLD, .ts_ns = T0, .tid = UINT32_MAX, .ns = 1ULL << 48, .mid = 7 },
		{ .kind = EVENT_IO_CALL, .ts_ns = T0, .result = INT64_MIN },
		{ .kind = EVENT_IO_CALL, .ts_ns = T0, .result = 1LL << 40 },
	};
	struct expected x = { .n = 3 };
	struct recording rec;

	(void)state;
	recording_begin(&rec, in_test_dir("large"));
	for (size_t i = 0; i < x.n; i++) {
		recording_add(&rec, &holds[i]);
		x.events[i] = holds[i];
	}
	recording_end(&rec);
	x.events[0].tid = (1U << 22) - 1;
	x.events[0].ns = (1ULL << 48) - 2;
	x.events[0].mid = 1;
	x.events[1].result = INT32_MIN;
	x.events[2].result = INT32_MAX;
	read_and_compare(in_test_dir("large"), &x);
}

static void times_far_apart_and_late_ones_are_true(void **state)
{
	static const s64 steps[] = {
		0,
		1,
		(1 << 27) - 1,
		1 << 27,
		(1 << 27) + 1,
		-1,
		-(1 << 27),
		1LL << 40,
		-(1LL << 40),
		1LL << 40,
		5,
		-5,
		-5,
		1LL << 33,
		0,
	};
	struct expected x = { .n = 0 };
	struct recording rec;
	u64 ts_ns = T0;

	(void)state;
	recording_begin(&rec, in_test_dir("times"));
	for (size_t i = 0; i < COUNT(steps); i++) {
		ts_ns += (u64)steps[i];
		x.events[x.n] = made(EVENT_HOLD, MIDDLE, ts_ns);
		recording_add(&rec, &x.events[x.n++]);
		/* a late event and what tells so stay together */
		if (i == 4 || i == 7)
			recording_flush(&rec);
	}
	recording_end(&rec);
	read_and_compare(in_test_dir("times"), &x);
}

static void texts_are_cut_and_made_harmless(void **state)
{
	static char ascii[TRACE_TEXT_MAX + 100], wide[TRACE_TEXT_MAX + 100],
		cut[2][TRACE_TEXT_MAX + 1];
	struct expected x = { .n = 3 };
	struct recording rec;

	(void)state;
	memset(ascii, 'a', sizeof(ascii) - 1);
	memcpy(cut[0], ascii, TRACE_TEXT_MAX);
	strcpy(wide, "a");
	while (strlen(wide) < TRACE_TEXT_MAX + 3)
		strcat(wide, "€");
	/* 1 + 3 * 1365 = 4096 would fit: so one more byte in front */
	memmove(wide + 1, wide, strlen(wide) + 1);
	memcpy(cut[1], wide, 2 + 3 * 1364);
	x.events[0] = made(EVENT_THREAD, LEAST, T0);
	x.events[1] = x.events[2] = x.events[0];
	x.events[0].text[0] = ascii;
	x.events[1].text[0] = wide;
	x.events[2].text[0] = "a\033[1mb\nc\xff\xe2\x80\xae";
	recording_begin(&rec, in_test_dir("texts"));
	for (size_t i = 0; i < x.n; i++)
		recording_add(&rec, &x.events[i]);
	recording_end(&rec);
	x.events[0].text[0] = cut[0];
	x.events[1].text[0] = cut[1];
	x.events[2].text[0] = "a?[1mb?c????";
	read_and_compare(in_test_dir("texts"), &x);
}

static void a_text_is_cut_between_characters(void **state)
{
	(void)state;
	assert_int_equal(trace_text_cut("abc", 3), 3);
	assert_int_equal(trace_text_cut("abcd", 3), 3);
	assert_int_equal(trace_text_cut("a€", 3), 1);
	assert_int_equal(trace_text_cut("a€", 2), 1);
	assert_int_equal(trace_text_cut("a€", 4), 4);
	assert_int_equal(trace_text_cut("€", 2), 0);
	/* no character at all: any place will do */
	assert_int_equal(trace_text_cut("\x80\x80\x80\x80\x80\x80", 5), 5);
}

static void a_full_packet_says_so_and_the_largest_event_fits_an_empty_one(void **state)
{
	static const u8 uuid[16];
	static char text[TRACE_TEXT_MAX + 1];
	struct packet *p = packet_new(uuid, 7);
	struct event ev = made(EVENT_PROBE, GREATEST, T0);
	size_t n = 0;

	(void)state;
	assert_non_null(p);
	memset(text, 'x', TRACE_TEXT_MAX);
	for (size_t i = 0; i < EVENT_TEXTS; i++)
		ev.text[i] = text;
	packet_end(p, 0);
	assert_int_equal(p->used, 0);
	packet_next(p);
	assert_int_equal(p->seq, 7); /* nothing was made: no number is used up */
	for (int round = 0; round < 3; round++) {
		for (n = 0; !packet_add(p, &ev); n++) {
			assert_true(p->used <= TRACE_PACKET_MAX);
			ev.ts_ns += round ? 1 : -1ULL; /* each one late, or none */
		}
		assert_int_equal(packet_add(p, &ev), -ENOSPC);
		assert_true(n >= 10);
		packet_end(p, 0);
		assert_true(p->used > TRACE_PACKET_MAX - 30 * 1024);
		packet_next(p);
		assert_int_equal(p->seq, 8 + round);
		assert_int_equal(p->used, 0);
	}
	free(p);
}

/* What packet.c and the metadata rely on. */
static void the_table_of_events_can_be_packed(void **state)
{
	(void)state;
	for (u32 kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		bool texts = false;
		size_t bits = 0;

		for (const struct event_field *f = event_descs[kind].fields; f->name; f++) {
			if (f->type == EVENT_TEXT) {
				texts = true;
				assert_true(f->offset < EVENT_TEXTS);
				continue;
			}
			assert_false(texts); /* numbers first */
			assert_in_range(f->bits, 1, 64);
			if (f->bits % 8 == 0)
				assert_int_equal(bits % 8, 0);
			assert_true(bits % 8 + f->bits <= 64);
			bits += f->bits;
		}
		assert_int_equal(bits % 8, 0);
		assert_true(bits / 8 <= TRACE_NUMBERS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back_as_it_was),
		cmocka_unit_test(numbers_without_room_become_the_largest),
		cmocka_unit_test(times_far_apart_and_late_ones_are_true),
		cmocka_unit_test(texts_are_cut_and_made_harmless),
		cmocka_unit_test(a_text_is_cut_between_characters),
		cmocka_unit_test(a_full_packet_says_so_and_the_largest_event_fits_an_empty_one),
		cmocka_unit_test(the_table_of_events_can_be_packed),
	};

	return cmocka_run_group_tests(tests, make_test_dir, remove_test_dir);
}
