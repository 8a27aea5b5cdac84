/* The agent's counters: they never go back, nothing is in them twice, and they have a limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/agent/counters.h"
#include "user/agent/expose.h"
#include "user/agent/parts.h"
#include "user/model/fig_rows.h"

#define SEC 1000000000ULL

static struct agent_config config;

static int defaults(void **state)
{
	struct err e = {};

	(void)state;
	return config_load(NULL, &config, &e);
}

static struct figures *reading(size_t nprocs)
{
	struct figures *f = figures_new();

	f->procs = calloc(nprocs, sizeof(*f->procs));
	f->nprocs = nprocs;
	return f;
}

/* A process that has waited @waits times, 3 ms each, in one thread. */
static struct fig_process *process(struct figures *f, size_t i, u32 pid, u64 start_ns,
				   const char *command, const char *cgroup, u64 waits)
{
	struct fig_process *p = &f->procs[i];
	struct fig_thread *t;

	p->pid = p->ns_pid = pid;
	p->start_ns = start_ns;
	p->command = strdup(command);
	p->cgroup = strdup(cgroup);
	p->python.version = strdup("3.11.2");
	t = fig_row_add(FIG_THREADS, p);
	t->tid = pid;
	t->name = strdup("MainThread");
	t->contended_takes = waits;
	t->wait_ns = waits * 3000000;
	t->wait = (struct fig_hist) { .valid = true, .count = waits, .sum_ns = waits * 3000000 };
	t->wait.bucket[gs_hist_index(3000000)] = (u32)waits;
	p->measured_ns = SEC;
	return p;
}

/* The exposition of @c, to be freed. */
static char *text_of(struct counters *c, enum trace_metric_form form)
{
	static const struct agent_state state;
	int fd = memfd_create("test", 0);
	struct out out;
	char *text;

	assert_int_equal(out_init(&out, fd), 0);
	expose_write(&out, form, c, &state);
	assert_int_equal(out_flush(&out), 0);
	text = calloc(1, out.total + 1);
	assert_int_equal(pread(fd, text, out.total, 0), out.total);
	out_done(&out);
	close(fd);
	return text;
}

/* The value behind the series @series ("" labels: all of the line up to the blank); -1: none. */
static double value_of(struct counters *c, const char *series)
{
	char *text = text_of(c, METRICS_PROMETHEUS), *at = text;
	size_t len = strlen(series);
	double v = -1;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (!strncmp(at, series, len) && at[len] == ' ')
			v = strtod(at + len, NULL);
	free(text);
	return v;
}

#define WEB "service=\"web.service\",process=\"app.py\",python=\"3.11.2\""
#define WAITS "gilscope_gil_contended_takes_total{" WEB "}"

static void take(struct counters *c, struct figures *f, u64 now_ns)
{
	assert_int_equal(counters_take(c, f, now_ns), 0);
}

static struct fig_process *web(struct figures *f, size_t i, u32 pid, u64 start_ns, u64 waits)
{
	return process(f, i, pid, start_ns, "/usr/bin/python3 -B /srv/app.py --port 1",
		       "/system.slice/web.service", waits);
}

static void what_has_ended_stays_in_its_service(void **state)
{
	struct counters c;
	struct figures *f;

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	f = reading(2);
	web(f, 0, 10, 1, 5);
	web(f, 1, 11, 2, 7);
	take(&c, f, SEC);
	assert_true(value_of(&c, WAITS) == 12);
	assert_true(value_of(&c, "gilscope_processes{" WEB "}") == 2);
	f = reading(2);
	web(f, 0, 10, 1, 6);
	web(f, 1, 11, 2, 9)->exited = true;
	take(&c, f, 2 * SEC);
	assert_true(value_of(&c, WAITS) == 15);
	assert_true(value_of(&c, "gilscope_processes{" WEB "}") == 1);
	f = reading(1); /* 11 is gone; its pid begins anew at once */
	web(f, 0, 11, 3, 4);
	take(&c, f, 3 * SEC);
	assert_true(value_of(&c, WAITS) == 19);
	assert_true(value_of(&c, "gilscope_process_starts_total{" WEB "}") == 3);
	assert_true(value_of(&c, "gilscope_measured_seconds_total{" WEB "}") == 3);
	assert_true(value_of(&c, "gilscope_gil_wait_seconds_total{" WEB "}") == 0.057);
	assert_true(value_of(&c, "gilscope_gil_wait_duration_seconds_count{" WEB "}") == 19);
	assert_true(value_of(&c, "gilscope_gil_wait_duration_seconds_bucket{" WEB
				 ",le=\"0.004194303\"}") == 19);
	assert_true(value_of(&c, "gilscope_gil_wait_duration_seconds_bucket{" WEB
				 ",le=\"0.001048575\"}") == 0);
	assert_true(value_of(&c, "gilscope_gil_takes_total{" WEB "}") == -1); /* not measured */
	counters_done(&c);
}

static void an_exec_is_a_process_of_its_own(void **state)
{
	struct counters c;
	struct figures *f = reading(2);

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	web(f, 0, 10, 1, 5)->exited = true;
	web(f, 1, 10, 2, 7);
	take(&c, f, SEC);
	assert_true(value_of(&c, WAITS) == 12);
	f = reading(1);
	web(f, 0, 10, 2, 8);
	take(&c, f, 2 * SEC);
	assert_true(value_of(&c, WAITS) == 13);
	counters_done(&c);
}

/* It runs its parent's program until it executes its own: that is where it starts, if at all. */
static void a_child_that_executes_a_program_starts_once(void **state)
{
	static const char starts[] = "gilscope_process_starts_total{" WEB "}";
	struct counters c;
	struct figures *f = reading(4);

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	web(f, 0, 10, 1, 5);
	web(f, 1, 11, 2, 1)->exited = f->procs[1].execed = true; /* a shell now, say */
	web(f, 2, 12, 3, 1)->exited = f->procs[2].execed = true;
	process(f, 3, 12, 4, "python3 job.py", "/system.slice/web.service", 2);
	take(&c, f, SEC);
	assert_true(value_of(&c, starts) == 1);
	assert_true(value_of(&c, WAITS) == 7); /* what they did is in it all the same */
	assert_true(value_of(&c, "gilscope_process_starts_total{service=\"web.service\","
				 "process=\"job.py\",python=\"3.11.2\"}") == 1);
	f = reading(4);
	web(f, 0, 10, 1, 5);
	process(f, 1, 12, 4, "python3 job.py", "/system.slice/web.service", 2);
	web(f, 2, 13, 2 * SEC - 1000, 1); /* forked just now */
	web(f, 3, 14, 2 * SEC - 1000, 1)->exited = true; /* likewise, and has ended */
	take(&c, f, 2 * SEC);
	assert_true(value_of(&c, starts) == 2);
	f = reading(2);
	web(f, 0, 10, 1, 5);
	web(f, 1, 13, 2 * SEC - 1000, 1); /* it goes on as it is */
	take(&c, f, 3 * SEC);
	assert_true(value_of(&c, starts) == 3);
	f = reading(2);
	web(f, 0, 10, 1, 5);
	web(f, 1, 13, 2 * SEC - 1000, 1)->exited = f->procs[1].execed = true; /* at last, not */
	take(&c, f, 4 * SEC);
	assert_true(value_of(&c, starts) == 3);
	counters_done(&c);
}

/* Estimates may; a counter may not. */
static void what_goes_back_adds_nothing(void **state)
{
	static const u64 waits[] = { 10, 4, 9, 10, 12 };
	static const double expected[] = { 10, 10, 10, 10, 12 };
	struct counters c;

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct figures *f = reading(1);

		web(f, 0, 10, 1, waits[i]);
		take(&c, f, (i + 1) * SEC);
		assert_true(value_of(&c, WAITS) == expected[i]);
		assert_true(value_of(&c, "gilscope_gil_wait_duration_seconds_count{" WEB "}") ==
			    expected[i]);
	}
	counters_done(&c);
}

/* The kernel's buckets are 32 bits wide; those told are not. */
static void buckets_go_beyond_what_the_kernel_can_count(void **state)
{
	struct counters c;

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	for (u64 i = 1; i <= 3; i++) {
		struct figures *f = reading(1);

		web(f, 0, 10, 1, i * 3000000000ULL); /* bucket wraps in the second one */
		take(&c, f, i * SEC);
	}
	assert_true(value_of(&c, "gilscope_gil_wait_duration_seconds_bucket{" WEB
				 ",le=\"0.004194303\"}") == 9e9);
	assert_true(value_of(&c, "gilscope_gil_wait_duration_seconds_count{" WEB "}") == 9e9);
	counters_done(&c);
}

/* Services without end: the sum over all label sets is what was counted, whatever has room. */
static void beyond_the_limit_all_is_in_other(void **state)
{
	const size_t n = 300;
	struct figures *f = reading(n);
	struct counters c;
	char *text, *at;
	double sum = 0;
	size_t series = 0;

	(void)state;
	config.max_series = 3000;
	assert_int_equal(counters_init(&c, &config), 0);
	for (size_t i = 0; i < n; i++) {
		char cgroup[64];

		snprintf(cgroup, sizeof(cgroup), "/system.slice/s%zu.service", i);
		process(f, i, 100 + (u32)i, 1, "python3 x.py", cgroup, i + 1);
	}
	take(&c, f, SEC);
	text = text_of(&c, METRICS_PROMETHEUS);
	for (at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		series += *at != '#' && strstr(at, "service=") &&
			  strstr(at, "service=") < strchr(at, '\n');
		if (!strncmp(at, "gilscope_gil_contended_takes_total{", 35))
			sum += strtod(strchr(at, '}') + 1, NULL);
	}
	assert_true(sum == n * (n + 1) / 2.0);
	assert_in_range(series, 1000, 3000);
	assert_true(c.folded_processes + c.folded_rows > 200);
	assert_true(value_of(&c, "gilscope_agent_folded_total{what=\"process\"}") ==
		    (double)c.folded_processes);
	free(text);
	f = reading(1); /* they have all ended, and what was folded still adds up */
	process(f, 0, 399, 1, "python3 x.py", "/system.slice/s299.service", n + 10);
	take(&c, f, 2 * SEC);
	assert_true(
		value_of(&c,
			 "gilscope_gil_contended_takes_total{service=\"other\",process=\"other\","
			 "python=\"other\"}") > 10);
	counters_done(&c);
	config.max_series = 20000;
}

/* @n types of which process @p has had @each objects each. */
static void add_types(struct fig_process *p, size_t n, u64 each)
{
	p->types_measured = true;
	for (size_t i = 0; i < n; i++) {
		struct fig_type *t = fig_row_add(FIG_TYPES, p);
		char name[32];

		snprintf(name, sizeof(name), "type_%zu", i);
		t->type = strdup(name);
		t->deallocs = t->allocs = each;
	}
}

/* Over all label sets; *@ret_series: how many there are of the metric @name. */
static double sum_of(struct counters *c, const char *name, size_t *ret_series)
{
	char *text = text_of(c, METRICS_PROMETHEUS), *at = text;
	size_t len = strlen(name);
	double sum = 0;

	*ret_series = 0;
	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (strncmp(at, name, len) != 0 || at[len] != '{')
			continue;
		sum += strtod(strchr(at, '}') + 1, NULL);
		++*ret_series;
	}
	free(text);
	return sum;
}

/* A program of thousands of types: services that come later have their own figures of the GIL. */
static void types_leave_room_for_others(void **state)
{
	struct counters c;
	struct figures *f = reading(2);
	struct fig_process *p;
	size_t series;

	(void)state;
	config.max_series = 4000;
	assert_int_equal(counters_init(&c, &config), 0);
	p = process(f, 0, 20, 1, "python3 many.py", "/system.slice/many.service", 5);
	add_types(p, 5000, 3);
	p = web(f, 1, 10, 1, 7);
	add_types(p, 10, 2);
	take(&c, f, SEC);
	assert_true(value_of(&c, WAITS) == 7);
	assert_true(value_of(&c, "gilscope_gil_contended_takes_total{service=\"many.service\","
				 "process=\"many.py\",python=\"3.11.2\"}") == 5);
	assert_true(sum_of(&c, "gilscope_deallocations_total", &series) == 5000 * 3 + 10 * 2);
	assert_int_equal(series, 1000 + 1); /* half of 4000 with creations, and "other" */
	assert_int_equal(c.type_series, 2000);
	assert_true(value_of(&c, "gilscope_agent_folded_total{what=\"row\"}") == 4010);
	take(&c, reading(0), 2 * SEC); /* types leave with their service, and make room */
	take(&c, reading(0), 3 * SEC + config.forget_ns);
	assert_int_equal(c.type_series, 0);
	f = reading(1);
	add_types(web(f, 0, 11, 1, 7), 10, 2);
	take(&c, f, 4 * SEC + config.forget_ns);
	assert_int_equal(c.type_series, 20);
	counters_done(&c);
	config.max_series = 20000;
}

/* Where there is no room for all of each process, all have what matters more. */
static void types_of_processes_are_left_out_first(void **state)
{
	static const char last[] =
		"gilscope_process_gil_contended_takes_total{" WEB ",pid=\"109\"}";
	const size_t n = 10, types = 300;
	struct figures *f = reading(n);
	struct counters c;
	size_t series;

	(void)state;
	config.per_process = config.per_thread = true;
	config.max_series = 4000;
	assert_int_equal(counters_init(&c, &config), 0);
	for (size_t i = 0; i < n; i++)
		add_types(web(f, i, 100 + (u32)i, 1, 9), types, 2);
	take(&c, f, SEC);
	assert_true(value_of(&c, last) == 9);
	assert_true(sum_of(&c, "gilscope_process_gil_contended_takes_total", &series) == 90);
	assert_true(sum_of(&c, "gilscope_thread_gil_contended_takes_total", &series) == 90);
	assert_true(sum_of(&c, "gilscope_deallocations_total", &series) == n * types * 2.0);
	(void)sum_of(&c, "gilscope_process_deallocations_total", &series);
	assert_in_range(series, types, n * types - 1); /* the rest is counted, two series each */
	assert_true(value_of(&c, "gilscope_agent_series_left_out") ==
		    (double)(n * types - series) * 2);
	config.max_series =
		c.series + n * (counters_cost(FIG_THREADS) + counters_cost(FIG_GILS));
	(void)sum_of(&c, "gilscope_process_deallocations_total", &series);
	assert_int_equal(series, 0); /* not even for all threads is there room */
	config.per_process = config.per_thread = false;
	counters_done(&c);
	config.max_series = 20000;
}

/* What has series has a place in the order in which room is given. */
static void every_table_has_its_rank(void **state)
{
	(void)state;
	for (enum fig_table t = 0; t < FIG_TABLE_COUNT; t++) {
		size_t n = 0;

		for (size_t i = 0; i < PART_TABLES; i++)
			n += part_tables[i] == t;
		assert_int_equal(n, counters_cost(t) ? 1 : 0);
	}
	assert_int_equal(part_tables[PART_TABLES - 1], FIG_TYPES);
}

static void a_service_without_processes_is_forgotten_in_time(void **state)
{
	struct counters c;
	struct figures *f;
	size_t before;

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	before = c.series;
	f = reading(1);
	web(f, 0, 10, 1, 5);
	take(&c, f, SEC);
	assert_true(c.series > before);
	take(&c, reading(0), 2 * SEC);
	take(&c, reading(0), SEC + config.forget_ns);
	assert_true(value_of(&c, WAITS) == 5);
	take(&c, reading(0), 2 * SEC + config.forget_ns);
	assert_true(value_of(&c, WAITS) == -1);
	assert_int_equal(c.series, before);
	assert_int_equal(c.forgotten, 1);
	assert_int_equal(c.ngroups, 1);
	counters_done(&c);
}

/* 10,000 processes one after the other, in one service: nothing grows. */
static void processes_without_end_leave_no_growth(void **state)
{
	struct counters c;
	size_t series = 0;

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	for (u32 i = 0; i < 10000; i++) {
		struct figures *f = reading(1);

		web(f, 0, 100 + i % 50, i, 1);
		take(&c, f, i * SEC);
		if (i == 1)
			series = c.series;
	}
	assert_int_equal(c.series, series);
	assert_int_equal(c.nmembers, 1);
	assert_true(value_of(&c, WAITS) == 10000);
	counters_done(&c);
}

static void processes_and_threads_are_told_when_asked_for(void **state)
{
	static const char one[] = "gilscope_process_gil_contended_takes_total{" WEB ",pid=\"10\"}",
			  thread[] = "gilscope_thread_gil_contended_takes_total{" WEB
				     ",pid=\"10\",tid=\"10\",thread=\"MainThread\"}";
	struct counters c;
	struct figures *f = reading(1);

	(void)state;
	config.per_process = config.per_thread = true;
	assert_int_equal(counters_init(&c, &config), 0);
	web(f, 0, 10, 1, 5);
	take(&c, f, SEC);
	assert_true(value_of(&c, one) == 5);
	assert_true(value_of(&c, thread) == 5);
	f = reading(1);
	web(f, 0, 10, 1, 6)->exited = true;
	take(&c, f, 2 * SEC);
	assert_true(value_of(&c, one) == -1);
	assert_true(value_of(&c, thread) == -1);
	assert_true(value_of(&c, WAITS) == 6);
	config.per_process = config.per_thread = false;
	assert_true(value_of(&c, one) == -1);
	counters_done(&c);
}

static void another_configuration_loses_nothing(void **state)
{
	struct agent_config other = config;
	struct counters c;
	struct figures *f = reading(1);

	(void)state;
	strcpy(other.rules[0].name, "shop");
	strcpy(other.rules[0].pattern, "*/web.*");
	other.nrules = 1;
	assert_int_equal(counters_init(&c, &config), 0);
	web(f, 0, 10, 1, 5);
	take(&c, f, SEC);
	counters_configure(&c, &other, SEC);
	f = reading(1);
	web(f, 0, 10, 1, 8);
	take(&c, f, 2 * SEC);
	assert_true(value_of(&c, WAITS) == 5);
	assert_true(
		value_of(&c,
			 "gilscope_gil_contended_takes_total{service=\"shop\",process=\"app.py\","
			 "python=\"3.11.2\"}") == 3);
	counters_done(&c);
}

static void names_cannot_leave_their_label(void **state)
{
	struct counters c;
	struct figures *f = reading(1);
	char *text;

	(void)state;
	config.per_thread = true;
	assert_int_equal(counters_init(&c, &config), 0);
	process(f, 0, 10, 1, "python3 /x/\"} 1\ngilscope_evil 1\n\033[2J\\",
		"/a\"b\\\n\xff\xe2\x80\xae", 5);
	free(f->procs[0].threads[0].name);
	f->procs[0].threads[0].name = strdup("t\",x=\"\n");
	take(&c, f, SEC);
	text = text_of(&c, METRICS_OPENMETRICS);
	assert_null(strstr(text, "\ngilscope_evil"));
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "thread=\"t\\\",x=\\\"\\n\""));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	for (char *at = text; *at; at = strchr(at, '\n') + 1)
		assert_true(*at == '#' || !strncmp(at, "gilscope_", 9) ||
			    !strncmp(at, "cpython_gc_", 11));
	free(text);
	config.per_thread = false;
	counters_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_ended_stays_in_its_service),
		cmocka_unit_test(an_exec_is_a_process_of_its_own),
		cmocka_unit_test(a_child_that_executes_a_program_starts_once),
		cmocka_unit_test(what_goes_back_adds_nothing),
		cmocka_unit_test(buckets_go_beyond_what_the_kernel_can_count),
		cmocka_unit_test(beyond_the_limit_all_is_in_other),
		cmocka_unit_test(types_leave_room_for_others),
		cmocka_unit_test(types_of_processes_are_left_out_first),
		cmocka_unit_test(every_table_has_its_rank),
		cmocka_unit_test(a_service_without_processes_is_forgotten_in_time),
		cmocka_unit_test(processes_without_end_leave_no_growth),
		cmocka_unit_test(processes_and_threads_are_told_when_asked_for),
		cmocka_unit_test(another_configuration_loses_nothing),
		cmocka_unit_test(names_cannot_leave_their_label),
	};

	return cmocka_run_group_tests(tests, defaults, NULL);
}
