/* OTLP's requests: every series is in one of them, whatever its labels are; none is too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/agent/otlp.pb-c.h"
#include "user/agent/otlp_message.h"
#include "user/agent/otlp_send.h"
#include "user/model/fig_rows.h"

#define NOW 5000000000ULL

static struct agent_config config;

struct requests {
	Otlp__ExportMetricsServiceRequest *all[64];
	size_t count, points;
};

static void take(void *ctx, u8 *bytes, size_t size, size_t points)
{
	struct requests *r = ctx;

	assert_true(r->count < 64);
	assert_in_range(points, 1, OTLP_POINTS);
	r->all[r->count] = otlp__export_metrics_service_request__unpack(NULL, size, bytes);
	assert_non_null(r->all[r->count]);
	r->count++;
	r->points += points;
	free(bytes);
}

static void done(struct requests *r)
{
	for (size_t i = 0; i < r->count; i++)
		otlp__export_metrics_service_request__free_unpacked(r->all[i], NULL);
}

/* @nprocs programs, numbered if there are several, with @waits waits. */
static void read_into(struct counters *c, size_t nprocs, const char *command, u64 waits)
{
	struct figures *f = figures_new();
	struct err e = {};

	assert_int_equal(config_load(NULL, &config, &e), 0);
	config.max_series = 1000000;
	assert_int_equal(counters_init(c, &config), 0);
	f->procs = calloc(nprocs, sizeof(*f->procs));
	f->nprocs = nprocs;
	for (size_t i = 0; i < nprocs; i++) {
		struct fig_process *p = &f->procs[i];
		struct fig_thread *t;
		char name[64];

		snprintf(name, sizeof(name), "%s", command);
		if (nprocs > 1)
			snprintf(name, sizeof(name), "%s%zu.py", command, i);
		p->pid = p->ns_pid = (u32)i + 1;
		p->start_ns = 1;
		p->command = strdup(name);
		p->cgroup = strdup("/system.slice/a.service");
		p->python.version = strdup("3.11.2");
		t = fig_row_add(FIG_THREADS, p);
		t->tid = p->pid;
		t->name = strdup("MainThread");
		t->contended_takes = waits;
		t->wait_ns = waits * 3000000;
		t->wait = (struct fig_hist) { .valid = true,
					      .count = waits,
					      .sum_ns = waits * 3000000 };
		t->wait.bucket[gs_hist_index(3000000)] = (u32)waits;
		p->measured_ns = NOW;
	}
	assert_int_equal(counters_take(c, f, NOW), 0);
}

static void make(const struct counters *c, struct requests *r)
{
	const struct agent_state state = { .started_unix_ns = 7 };
	const struct otlp_taker to = { take, r };

	assert_int_equal(otlp_message(c, &state, "host-1", NOW, &to), 0);
}

static const char *text_of(Otlp__KeyValue **a, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(a[i]->key, key))
			return a[i]->value->string_value;
	return NULL;
}

/* The next metric called @name of service @service; *@at says where the last one was. */
static Otlp__Metric *next_metric(const struct requests *r, const char *service, const char *name,
				 size_t *at)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->all[i]->n_resource_metrics; k++) {
			Otlp__ResourceMetrics *m = r->all[i]->resource_metrics[k];
			Otlp__Resource *about = m->resource;

			if (strcmp(text_of(about->attributes, about->n_attributes, "service.name"),
				   service))
				continue;
			assert_string_equal(
				text_of(about->attributes, about->n_attributes, "host.name"),
				"host-1");
			for (size_t j = 0; j < m->scope_metrics[0]->n_metrics; j++)
				if (!strcmp(m->scope_metrics[0]->metrics[j]->name, name) &&
				    n++ == *at) {
					++*at;
					return m->scope_metrics[0]->metrics[j];
				}
		}
	return NULL;
}

static void test_point(void **state)
{
	struct requests r = {};
	struct counters c;
	Otlp__Metric *m;
	size_t at = 0;

	(void)state;
	read_into(&c, 1, "python3 job.py", 4);
	make(&c, &r);
	assert_int_equal(r.count, 1);
	m = next_metric(&r, "a.service", "gilscope_gil_wait_seconds", &at);
	assert_non_null(m);
	assert_string_equal(m->unit, "s");
	assert_int_equal(m->data_case, OTLP__METRIC__DATA_SUM);
	assert_true(m->sum->is_monotonic);
	assert_int_equal(m->sum->n_data_points, 1);
	assert_true(m->sum->data_points[0]->as_double == 0.012);
	assert_int_equal(m->sum->data_points[0]->start_time_unix_nano, 7);
	assert_int_equal(m->sum->data_points[0]->time_unix_nano, NOW);
	assert_string_equal(text_of(m->sum->data_points[0]->attributes,
				    m->sum->data_points[0]->n_attributes, "process"),
			    "job.py");
	assert_null(next_metric(&r, "a.service", "gilscope_gil_wait_seconds", &at));
	at = 0;
	m = next_metric(&r, "a.service", "gilscope_gil_wait_duration_seconds", &at);
	assert_non_null(m);
	assert_int_equal(m->histogram->data_points[0]->count, 4);
	/* 3 ms: above 1.05 ms, the sixth bound, and not above 4.2 ms */
	assert_int_equal(m->histogram->data_points[0]->bucket_counts[6], 4);
	at = 0;
	assert_non_null(next_metric(&r, "gilscope", "gilscope_agent_readings", &at));
	done(&r);
	counters_done(&c);
}

/* What has the quotes of labels in it comes out as it was. */
static void test_quoted(void **state)
{
	struct requests r = {};
	struct counters c;
	Otlp__Metric *m;
	size_t at = 0;

	(void)state;
	read_into(&c, 1, "/x/a\",service=\"b\\", 1);
	make(&c, &r);
	m = next_metric(&r, "a.service", "gilscope_gil_wait_seconds", &at);
	assert_non_null(m);
	assert_string_equal(text_of(m->sum->data_points[0]->attributes,
				    m->sum->data_points[0]->n_attributes, "process"),
			    "a\",service=\"b\\");
	at = 0;
	assert_null(next_metric(&r, "b", "gilscope_gil_wait_seconds", &at));
	done(&r);
	counters_done(&c);
}

/* Many: several requests, each program's figure in exactly one of them. */
static void test_split(void **state)
{
	struct requests r = {};
	struct counters c;
	size_t at = 0, seen = 0;
	Otlp__Metric *m;

	(void)state;
	read_into(&c, 1500, "python3 job", 4);
	make(&c, &r);
	assert_true(r.count > 2);
	while ((m = next_metric(&r, "a.service", "gilscope_gil_wait_seconds", &at))) {
		seen += m->sum->n_data_points;
		for (size_t i = 0; i < m->sum->n_data_points; i++)
			assert_true(m->sum->data_points[i]->as_double == 0.012);
	}
	assert_int_equal(seen, 1500);
	done(&r);
	counters_done(&c);
}

static void test_retry_after(void **state)
{
	(void)state;
	assert_int_equal(otlp_retry_after(NULL), 0);
	assert_int_equal(otlp_retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), 0);
	assert_int_equal(otlp_retry_after("-1"), 0);
	assert_int_equal(otlp_retry_after("99999999999999999999"), 0);
	assert_int_equal(otlp_retry_after("2"), 2000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_point),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_retry_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
