/*
 * asyncio: the sites of the _asyncio modules at hand, and rows of event loops from slots as the
 * kernel side fills them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/family/family.h"
#include "user/model/fig_rows.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"
#include "user/target/module.h"
#include "user/view/view.h"

#define ASYNCIO GS_FAMILY_BIT(GS_FAMILY_ASYNCIO)
#define MODULE "/usr/lib/python3.11/lib-dynload/_asyncio.cpython-311-x86_64-linux-gnu.so"
#define KNOWN_BUILD "b71aa5978198c92067eb3086f596e03be4727d38" /* Debian 3.11.2-6+deb12u6 */

/* The sites of the module at @path; what binary_find_sites() returned in *@ret_r. */
static struct py_binary *load(const char *path, int *ret_r, struct err *e)
{
	struct py_binary *b = NULL;
	struct elf_file *f;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return NULL;
	assert_int_equal(elf_file_open(fd, path, &f, e), 0);
	close(fd);
	assert_int_equal(binary_new_module(f, path, &b), 0);
	*ret_r = binary_find_sites(b, f, ASYNCIO, 0, 0, e);
	elf_file_close(f);
	return b;
}

static void check_sites(const struct py_binary *b)
{
	assert_int_equal(b->nsites, 2);
	assert_int_equal(b->sites[0].event, GS_EVENT_ASYNCIO_STEP);
	assert_int_equal(b->sites[1].event, GS_EVENT_ASYNCIO_STEP_DONE);
	for (size_t i = 0; i < b->nsites; i++) {
		assert_true(b->sites[i].emulated);
		assert_int_equal(b->sites[i].family, GS_FAMILY_ASYNCIO);
		assert_non_null(b->sites[i].evidence);
	}
	/* On the straight line behind the call. */
	assert_in_range(b->sites[1].vaddr - b->sites[0].vaddr, 5, 20);
}

static void the_known_module_has_its_known_sites(void **state)
{
	struct err e = {};
	int r;
	struct py_binary *b = load(MODULE, &r, &e);

	(void)state;
	if (!b || !b->build_id || strcmp(b->build_id, KNOWN_BUILD)) {
		binary_free(b);
		skip();
	}
	assert_int_equal(r, 0);
	check_sites(b);
	assert_int_equal(b->sites[0].vaddr, 0x7e1d);
	assert_int_equal(b->sites[1].vaddr, 0x7e28);
	binary_free(b);
}

/* A copy of the module in which @what reads otherwise: 0, or -ENOENT without a module. */
static int forge(char *path, const char *what)
{
	static char bytes[4 << 20];
	int fd = open(MODULE, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));
	char *at = n > 0 ? memmem(bytes, n, what, strlen(what)) : NULL;

	if (fd >= 0)
		close(fd);
	if (!at)
		return -ENOENT;
	for (; at; at = memmem(at, bytes + n - at, what, strlen(what)))
		*at ^= 1;
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
	return 0;
}

/* Either half of the evidence alone is not enough. */
static void without_all_evidence_it_is_refused(void **state)
{
	static const char *const parts[] = { "step(): already done", "PyIter_Send" };

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char path[] = "/tmp/gilscope-test-XXXXXX";
		struct py_binary *b;
		struct err e = {};
		int r;

		if (forge(path, parts[i]))
			skip();
		b = load(path, &r, &e);
		unlink(path);
		assert_non_null(b);
		assert_int_equal(r, -ENOTSUP);
		assert_int_equal(e.code, GS_EXIT_UNSUPPORTED);
		assert_non_null(strstr(e.text, "task steps cannot be told"));
		assert_int_equal(b->nsites, 0);
		binary_free(b);
	}
}

static void a_file_without_asyncio_has_no_sites(void **state)
{
	struct err e = {};
	int r;
	struct py_binary *b = load("/proc/self/exe", &r, &e);

	(void)state;
	assert_int_equal(r, 0);
	assert_int_equal(b->nsites, 0);
	binary_free(b);
}

static void a_module_is_known_by_its_name(void **state)
{
	(void)state;
	assert_true(module_name_is(MODULE, "_asyncio"));
	assert_true(module_name_is(MODULE " (deleted)", "_asyncio"));
	assert_true(module_name_is("_asyncio.so", "_asyncio"));
	assert_false(module_name_is("/lib/_asyncio2.so", "_asyncio"));
	assert_false(module_name_is("/lib/_asyncio.so.bak", "_asyncio"));
	assert_false(module_name_is("/lib/_asyncio.", "_asyncio"));
	assert_false(module_name_is("/lib/_asyncio", "_asyncio"));
	assert_false(module_name_is("/_asyncio.so/other", "_asyncio"));
	assert_false(module_name_is("", "_asyncio"));
}

#define SLOTS 4

/* Four threads of process 0: slots 0 and 1 run loops, 2 does not, 3 is another process's. */
struct slots {
	struct gs_thread threads[SLOTS];
	struct gs_loop loops[SLOTS];
	struct gs_proc proc;
	struct fig_process kept;
	struct kmaps maps;
	struct family_input in;
	u32 used;
};

static void add_hist(struct gs_hist *h, u64 v)
{
	h->count++;
	h->sum += v;
	h->max = v > h->max ? v : h->max;
	h->bucket[gs_hist_index(v)]++;
}

static struct slots *make_slots(void)
{
	struct slots *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	for (u32 i = 0; i < SLOTS; i++) {
		s->threads[i].state = GS_SLOT_LIVE;
		s->threads[i].slot = i;
		s->threads[i].tid = 100 + i;
		s->threads[i].proc = i == 3;
		s->threads[i].born_ns = i == 1 ? 6000 : 10;
		s->loops[i].steps = i == 2 ? 0 : 10 + i;
		s->loops[i].slow = i;
		s->loops[i].slow_ns = i * 500;
		add_hist(&s->loops[i].iteration, 500);
		add_hist(&s->loops[i].step, 30);
	}
	s->used = SLOTS;
	s->proc.start_ns = 5000;
	s->maps = (struct kmaps) { .threads = s->threads,
				   .loops = s->loops,
				   .max_threads = SLOTS,
				   .threads_used = &s->used };
	s->in = (struct family_input) {
		.maps = &s->maps,
		.proc = &s->proc,
		.now_ns = 20000,
		.slow_ns = 100,
		.kept = &s->kept,
		.pid = (u32)getpid(),
	};
	return s;
}

static struct fig_process *read_rows(struct slots *s)
{
	struct fig_process *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_int_equal(asyncio_family.process(&s->in, p), 0);
	assert_true(p->asyncio_measured);
	return p;
}

static void free_rows(struct fig_process *p, bool all)
{
	for (size_t i = 0; i < p->nloops; i++)
		fig_row_clear(FIG_ASYNCIO, &p->loops[i]);
	free(p->loops);
	if (all)
		free(p);
}

static void threads_that_ran_steps_are_loops(void **state)
{
	struct slots *s = make_slots();
	struct fig_process *p = read_rows(s);

	(void)state;
	assert_int_equal(p->nloops, 2);
	assert_int_equal(p->loops[0].tid, 100);
	assert_int_equal(p->loops[0].start_ns, 0); /* there before the measurement */
	assert_int_equal(p->loops[1].start_ns, 6000);
	assert_int_equal(p->loops[1].steps, 11);
	assert_int_equal(p->loops[1].iterations, 1);
	assert_int_equal(p->loops[1].blocked, 1);
	assert_int_equal(p->loops[1].blocked_ns, 500);
	assert_int_equal(p->loops[1].blocked_over_ns, 100);
	assert_int_equal(p->loops[1].running_ns, 0);
	free_rows(p, true);
	free(s);
}

/* What goes on is told as long as the loop's selector is there. */
static void a_running_iteration_is_told_unless_the_loop_was_closed(void **state)
{
	struct slots *s = make_slots();
	struct fig_process *p;
	int fd;

	(void)state;
	fd = epoll_create1(0);
	assert_true(fd >= 0);
	s->loops[0].since_ns = 12000;
	s->loops[0].selector = fd + 1;
	s->loops[1].since_ns = 12000;
	s->loops[1].selector = 1000000; /* no such descriptor */
	p = read_rows(s);
	assert_int_equal(p->loops[0].running_ns, 8000);
	assert_int_equal(p->loops[1].running_ns, 0);
	free_rows(p, true);
	s->loops[0].steps_before = s->loops[0].steps; /* a new loop that has run no task */
	p = read_rows(s);
	assert_int_equal(p->loops[0].running_ns, 0);
	free_rows(p, true);
	close(fd);
	free(s);
}

/* However many threads with loops end, nothing is lost from the sums. */
static void ended_loops_are_kept_then_folded(void **state)
{
	struct slots *s = make_slots();
	const u32 many = 700;
	u64 steps = 0, iterations = 0;
	struct fig_process *p;

	(void)state;
	s->threads[1].state = GS_SLOT_EXITED;
	for (u32 i = 0; i < many; i++) {
		s->threads[1].tid = 1000 + i;
		assert_int_equal(asyncio_family.ended(&s->in, &s->threads[1], "worker", &s->kept),
				 0);
	}
	assert_true(s->kept.nloops <= 256);
	s->loops[1].steps = 0;
	p = read_rows(s);
	assert_int_equal(p->nloops, s->kept.nloops + 1);
	for (size_t i = 0; i < p->nloops; i++) {
		steps += p->loops[i].steps;
		iterations += p->loops[i].iteration.count;
		assert_int_equal(p->loops[i].iteration.count, p->loops[i].iterations);
	}
	assert_int_equal(steps, 10 + many * 11);
	assert_int_equal(iterations, 1 + many);
	assert_int_equal(p->loops[1].tid, 0);
	assert_string_equal(p->loops[1].name, "[ended threads]");
	assert_int_equal(p->loops[p->nloops - 1].tid, 1000 + many - 1);
	free_rows(p, true);
	free_rows(&s->kept, false);
	free(s);
}

/* The panel of a process with these @loops, as text. */
static const char *panel(struct slots *s, u64 interval_ns)
{
	static char text[4096];
	const struct dash_opts opts = { .interval_ns = interval_ns };
	struct figures *f = figures_new();
	struct fig_process *p = read_rows(s);
	struct canvas c = {};
	struct view v;
	size_t len = 0;

	assert_non_null(f);
	p->pid = 1;
	p->measured_ns = interval_ns;
	f->procs = p;
	f->nprocs = 1;
	view_init(&v, &opts);
	assert_int_equal(canvas_resize(&c, 5, 120), 0);
	assert_int_equal(view_show(&v, f, f), 0);
	asyncio_panel(&v, &c, (struct area) { 0, 0, 5, 120 });
	for (int r = 0; r < 5; r++) {
		canvas_line(&c, r, text + len, sizeof(text) - len - 1);
		len += strlen(text + len);
		text[len++] = '\n';
	}
	text[len] = 0;
	canvas_free(&c);
	view_done(&v);
	figures_free(f);
	return text;
}

static void the_panel_shows_the_busiest_loop_first(void **state)
{
	struct slots *s = make_slots();
	const char *text;

	(void)state;
	add_hist(&s->loops[1].iteration, 250);
	text = panel(s, 1000);
	assert_non_null(strstr(text, "   LOOP THREAD "));
	assert_non_null(strstr(text, "  75.0%  "));
	assert_true(strstr(text, "\n    101 ") < strstr(text, "\n    100 "));
	s->loops[0].steps = s->loops[1].steps = 0;
	assert_non_null(strstr(panel(s, 1000), "no task of an event loop was run yet"));
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_known_module_has_its_known_sites),
		cmocka_unit_test(without_all_evidence_it_is_refused),
		cmocka_unit_test(a_file_without_asyncio_has_no_sites),
		cmocka_unit_test(a_module_is_known_by_its_name),
		cmocka_unit_test(threads_that_ran_steps_are_loops),
		cmocka_unit_test(a_running_iteration_is_told_unless_the_loop_was_closed),
		cmocka_unit_test(ended_loops_are_kept_then_folded),
		cmocka_unit_test(the_panel_shows_the_busiest_loop_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
