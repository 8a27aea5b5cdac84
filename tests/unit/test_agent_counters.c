/* The agent's counters: they never go back, and nothing is in them twice. */
#include "tests/unit/agent_readings.h"

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
		cmocka_unit_test(a_service_without_processes_is_forgotten_in_time),
		cmocka_unit_test(processes_without_end_leave_no_growth),
		cmocka_unit_test(processes_and_threads_are_told_when_asked_for),
		cmocka_unit_test(another_configuration_loses_nothing),
		cmocka_unit_test(names_cannot_leave_their_label),
	};

	return cmocka_run_group_tests(tests, defaults, NULL);
}
