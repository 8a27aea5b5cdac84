/* stacks: what is known of threads, shared out over their stacks; the names of stacks, each once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/family/family.h"
#include "user/model/stack_rows.h"
#include "user/ingest/stack_store.h"
#include "user/ingest/stacks_private.h"
#include "user/model/fig_rows.h"

#define A 100 /* tids */
#define B 200

/* A process with two threads, and its stacks. */
struct scene {
	struct fig_process now;
	struct stack_rows stacks;
	struct family_input in;
};

static void begin(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->stacks.period_ns = 1000;
	s->in.stacks = &s->stacks;
}

/* The threads as of a new reading. */
static struct fig_thread *thread(struct scene *s, u32 tid, u64 held, u64 off, u64 wait)
{
	struct fig_thread *t = fig_row_add(FIG_THREADS, &s->now);

	assert_non_null(t);
	t->tid = tid;
	t->held_ns = held;
	t->held_offcpu_ns = off;
	t->held_preempted_ns = 0;
	t->wait_ns = wait;
	return t;
}

static void next_reading(struct scene *s)
{
	free(s->now.threads);
	free(s->now.stacks);
	free(s->now.blame);
	free(s->now.types);
	free(s->now.gc);
	memset(&s->now, 0, sizeof(s->now));
}

static void end(struct scene *s)
{
	next_reading(s);
	free(s->stacks.rows);
}

static struct gs_stack_cost *cost(struct scene *s, u32 tid, u64 id)
{
	return &stack_rows_row(&s->stacks, tid, id)->cost;
}

static void read_stacks(struct scene *s)
{
	assert_int_equal(stacks_family.process(&s->in, &s->now), 0);
	assert_true(s->now.stacks_measured);
}

static struct fig_stack row(const struct scene *s, u32 tid, u64 id)
{
	for (size_t i = 0; i < s->now.nstacks; i++)
		if (s->now.stacks[i].tid == tid && s->now.stacks[i].id == id)
			return s->now.stacks[i];
	return (struct fig_stack) { 0 };
}

static void held_time_by_samples_and_as_measured(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	thread(&s, A, 1000, 200, 0);
	cost(&s, A, 1)->samples = 3;
	cost(&s, A, 2)->samples = 1;
	cost(&s, A, 2)->off_blocked_ns = 150;
	read_stacks(&s);
	assert_int_equal(row(&s, A, 1).held_ns, 600);
	assert_int_equal(row(&s, A, 2).held_ns, 200 + 150);
	assert_int_equal(row(&s, A, 2).held_offcpu_ns, 150);
	assert_int_equal(row(&s, A, 0).held_ns, 50); /* of no stack */
	assert_int_equal(row(&s, A, 0).held_offcpu_ns, 50);

	/* What comes later is of the samples that came later; without any, as before. */
	next_reading(&s);
	thread(&s, A, 1500, 200, 0);
	cost(&s, A, 2)->samples = 2;
	read_stacks(&s);
	assert_int_equal(row(&s, A, 1).held_ns, 600);
	assert_int_equal(row(&s, A, 2).held_ns, 200 + 500 + 150);
	next_reading(&s);
	thread(&s, A, 2000, 200, 0);
	read_stacks(&s);
	assert_int_equal(row(&s, A, 1).held_ns, 600 + 300);
	assert_int_equal(row(&s, A, 2).held_ns, 200 + 500 + 150 + 200);
	end(&s);
}

static void without_samples_it_is_no_stack(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	thread(&s, A, 1000, 0, 70);
	cost(&s, A, 1)->wait_ns = 50;
	read_stacks(&s);
	assert_int_equal(row(&s, A, 1).held_ns, 0);
	assert_int_equal(row(&s, A, 0).held_ns, 1000);
	assert_int_equal(row(&s, A, 1).wait_ns, 50);
	assert_int_equal(row(&s, A, 0).wait_ns, 20);
	end(&s);
}

static void add_blame(struct scene *s, u32 holder, u64 ns)
{
	struct fig_blame *b = fig_row_add(FIG_BLAME, &s->now);

	b->holder_tid = holder;
	b->waiter_tid = B;
	b->waits = 1;
	b->wait_ns = ns;
	s->now.blame_measured = true;
}

static void others_waits_as_blamed(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	thread(&s, A, 1000, 0, 0);
	thread(&s, B, 0, 0, 900);
	add_blame(&s, A, 600);
	add_blame(&s, 0, 200);
	add_blame(&s, 333, 100); /* it has ended */
	cost(&s, A, 1)->off_caused_ns = 1000;
	cost(&s, A, 2)->waiters = 2; /* of 1000 ns each */
	cost(&s, B, 3)->waiters = 2;
	read_stacks(&s);
	assert_int_equal(row(&s, A, 1).caused_wait_ns, 200);
	assert_int_equal(row(&s, A, 2).caused_wait_ns, 400);
	assert_int_equal(row(&s, B, 3).caused_wait_ns, 0);
	assert_int_equal(row(&s, 0, 0).caused_wait_ns, 300);
	end(&s);
}

static void without_blame_all_waits_are_shared(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	thread(&s, A, 1000, 0, 300);
	thread(&s, B, 0, 0, 900);
	cost(&s, A, 1)->waiters = 2;
	cost(&s, B, 1)->waiters = 1;
	read_stacks(&s);
	assert_int_equal(row(&s, A, 1).caused_wait_ns, 800);
	assert_int_equal(row(&s, B, 1).caused_wait_ns, 400);
	end(&s);
}

static void deallocations_and_pauses(void **state)
{
	struct fig_type *type;
	struct fig_gc *gc;
	struct scene s;

	(void)state;
	begin(&s);
	thread(&s, A, 0, 0, 0);
	type = fig_row_add(FIG_TYPES, &s.now);
	type->deallocs = 1000;
	s.now.types_measured = true;
	gc = fig_row_add(FIG_GC, &s.now);
	gc->pause = (struct fig_hist) { .valid = true, .count = 2, .sum_ns = 100 };
	cost(&s, A, 1)->deallocs = 30;
	cost(&s, A, 2)->deallocs = 10;
	cost(&s, A, 2)->paused_ns = 70;
	read_stacks(&s);
	assert_int_equal(row(&s, A, 1).deallocs, 750);
	assert_int_equal(row(&s, A, 2).deallocs, 250);
	assert_int_equal(row(&s, A, 2).paused_ns, 70);
	assert_int_equal(row(&s, 0, 0).paused_ns, 30);

	/* Not asked for: not measured. */
	next_reading(&s);
	thread(&s, A, 0, 0, 0);
	read_stacks(&s);
	assert_true(row(&s, A, 2).deallocs == FIG_NULL);
	end(&s);
}

/* Nothing is lost when ended threads become one row, and an interval does not see it as news. */
static void ended_threads_become_one(void **state)
{
	struct figures from = { 0 }, to = { 0 }, *between;
	struct scene s;

	(void)state;
	begin(&s);
	thread(&s, A, 1000, 0, 0);
	thread(&s, B, 500, 0, 0);
	cost(&s, A, 1)->samples = 4;
	cost(&s, B, 1)->samples = 2;
	cost(&s, B, 2)->samples = 2;
	read_stacks(&s);
	from.procs = &(struct fig_process) { .pid = 1 };
	*from.procs = s.now;
	from.nprocs = 1;

	memset(&s.now, 0, sizeof(s.now));
	thread(&s, A, 1000, 0, 0);
	thread(&s, 0, 700, 0, 0);
	cost(&s, B, 1)->samples = 4; /* told late */
	read_stacks(&s);
	assert_int_equal(row(&s, B, 1).samples, 0);
	assert_int_equal(row(&s, 0, 1).held_ns, 250 + 200);
	assert_int_equal(row(&s, 0, 2).held_ns, 250);
	to.procs = &s.now;
	to.nprocs = 1;
	between = figures_interval(&from, &to);
	assert_non_null(between);
	for (size_t i = 0; i < between->procs->nstacks; i++) {
		const struct fig_stack *r = &between->procs->stacks[i];

		assert_int_equal(r->held_ns, !r->tid && r->id == 1 ? 200 : 0);
	}
	figures_free(between);
	free(from.procs->threads);
	free(from.procs->stacks);
	end(&s);
}

static const struct fig_frames *put(struct stack_store *s, const char *function, u32 line, u64 code,
				    u64 *ret_id)
{
	char room[sizeof(struct fig_frames) + 2 * sizeof(struct fig_frame)]
		__attribute__((aligned(8))) = { 0 };
	struct fig_frames *f = (struct fig_frames *)room;
	char copy[64] = "file.py"; /* texts need not stay */

	f->n = 2;
	f->frame[0] = (struct fig_frame) { .function = function, .file = copy, .line = line };
	f->frame[1] = (struct fig_frame) { .function = "main", .file = copy, .line = 7 };
	return stack_store_put(s, f, (const u64[]) { code, 0 }, ret_id);
}

static void the_same_stack_is_kept_once(void **state)
{
	struct stack_store *s = stack_store_new(), *other = stack_store_new();
	const struct fig_frames *f, *again;
	u64 id, id2, id3;
	size_t bytes;

	(void)state;
	f = put(s, "work", 3, 0, &id);
	bytes = stack_store_bytes(s);
	again = put(s, "work", 3, 99, &id2);
	assert_ptr_equal(f, again);
	assert_true(id && id == id2);
	assert_int_equal(stack_store_bytes(s), bytes);
	assert_string_equal(f->frame[0].function, "work");
	assert_ptr_equal(f->frame[0].file, f->frame[1].file);
	assert_ptr_not_equal(put(s, "work", 4, 0, &id2), f);
	assert_int_not_equal(id, id2);
	assert_non_null(put(s, NULL, 0, 16, &id2)); /* unknown, at two places */
	assert_non_null(put(s, NULL, 0, 32, &id3));
	assert_int_not_equal(id2, id3);
	put(other, "work", 3, 0, &id2); /* an id is of what it says */
	assert_int_equal(id, id2);
	/* Whoever else has it keeps it. */
	stack_store_share(s);
	stack_store_drop(s);
	assert_string_equal(f->frame[1].function, "main");
	stack_store_drop(s);
	stack_store_drop(other);
}

static void it_grows_up_to_its_bound(void **state)
{
	struct stack_store *s = stack_store_new();
	char name[4096];
	u64 id, first = 0;
	u32 n = 0;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	for (; n < 100000; n++) {
		name[n % 4000] = (char)('a' + n % 26 + n / 26 % 2);
		if (!put(s, name, n, 0, &id))
			break;
		first = first ? first : id;
	}
	assert_in_range(n, 1000, 99999);
	assert_true(stack_store_bytes(s) < STACK_STORE_MAX + 3 * sizeof(name));
	memset(name, 'x', sizeof(name) - 1);
	name[0] = 'a';
	assert_non_null(put(s, name, 0, 0, &id)); /* what is there is found */
	assert_int_equal(id, first);
	stack_store_drop(s);
}

static void tables_forget_what_is_not_used(void **state)
{
	static const struct kmaps none = { .stacks_known_fd = -1 };
	struct stacks s = { .maps = &none, .reading = 1 };
	struct stack_read *r;
	struct gs_stack_key key = { .pid = 1 };

	(void)state;
	assert_null(stacks_known_find(&s, 5));
	for (u64 i = 1; i <= 5000; i++) {
		struct stack_known *k = stacks_known_add(&s, i * 64);

		k->used = i % 2;
		k->frames = calloc(1, 8);
	}
	assert_int_equal(s.nknown, 5000);
	assert_int_equal(stacks_known_find(&s, 64)->stack, 64);
	s.cleaned = 1;
	stacks_clean_known(&s);
	assert_int_equal(s.nknown, 2500);
	assert_non_null(stacks_known_find(&s, 64));
	assert_null(stacks_known_find(&s, 2 * 64));
	for (u32 i = 1; i <= 5000; i++) {
		key.tid = i;
		key.stack = i % 7;
		r = stacks_read_of(&s, &key);
		r->last.samples = i;
		r->gone = i > 100;
	}
	stacks_reads_trim(&s);
	assert_int_equal(s.nreads, 100);
	key.tid = 50;
	key.stack = 50 % 7;
	assert_int_equal(stacks_read_of(&s, &key)->last.samples, 50);
	stacks_tables_free(&s);
}

/* How many wait and for how long they have, in one word. */
static void waits_in_one_word(void **state)
{
	u64 w = 0, at = 3ULL << 60; /* any time at all */

	(void)state;
	w += GS_WAITED_COMES(at);
	w += GS_WAITED_COMES(at + 10);
	assert_int_equal(w & 0xffff, 2);
	assert_int_equal(GS_WAITED_SINCE(GS_WAITED_NS(w, at + 30), GS_WAITED_NS(w, at + 20)), 20);
	w += GS_WAITED_LEAVES(at + 40);
	assert_int_equal(GS_WAITED_NS(w, at + 50), 40 + 40);
	w += GS_WAITED_LEAVES(at + 60);
	assert_int_equal(w & 0xffff, 0);
	assert_int_equal(GS_WAITED_NS(w, at + 1000), 40 + 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_time_by_samples_and_as_measured),
		cmocka_unit_test(without_samples_it_is_no_stack),
		cmocka_unit_test(others_waits_as_blamed),
		cmocka_unit_test(without_blame_all_waits_are_shared),
		cmocka_unit_test(deallocations_and_pauses),
		cmocka_unit_test(ended_threads_become_one),
		cmocka_unit_test(the_same_stack_is_kept_once),
		cmocka_unit_test(it_grows_up_to_its_bound),
		cmocka_unit_test(tables_forget_what_is_not_used),
		cmocka_unit_test(waits_in_one_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
