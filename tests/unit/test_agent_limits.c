/* The agent's counters where there is no room for all series: what goes first, and where to. */
#include "tests/unit/agent_readings.h"
#include "user/agent/parts.h"

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
	config.max_series = c.series + n * (counters_cost(FIG_THREADS) + counters_cost(FIG_GILS));
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

static void thinning_is_told_since_when(void **state)
{
	static const char name[] = "gilscope_thinned{family=\"refs\"}",
			  since[] = "gilscope_thinned_since_timestamp_seconds{family=\"refs\"}";
	struct counters c;
	struct figures *f = reading(0);
	char *text;

	(void)state;
	assert_int_equal(counters_init(&c, &config), 0);
	take(&c, f, SEC);
	text = text_of(&c, METRICS_OPENMETRICS);
	assert_null(strstr(text, "gilscope_thinned")); /* there is no budget */
	free(text);
	f = reading(0);
	f->budget_share = 0.01;
	f->budget = (struct fig_budget) { .family = "refs", .state = "full" };
	take(&c, f, 2 * SEC);
	assert_true(value_of(&c, name) == 0);
	f = reading(0);
	f->budget_share = 0.01;
	f->budget = (struct fig_budget) { .family = "refs",
					  .state = "thinned",
					  .since_unix_ns = 1700000000 * SEC };
	take(&c, f, 3 * SEC);
	assert_true(value_of(&c, name) == 1);
	assert_true(value_of(&c, since) == 1700000000);
	counters_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beyond_the_limit_all_is_in_other),
		cmocka_unit_test(types_leave_room_for_others),
		cmocka_unit_test(types_of_processes_are_left_out_first),
		cmocka_unit_test(every_table_has_its_rank),
		cmocka_unit_test(thinning_is_told_since_when),
	};

	return cmocka_run_group_tests(tests, defaults, NULL);
}
