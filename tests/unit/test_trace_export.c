/*
 * The text exporters of recordings: a made-up recording through each, read back by parsers that
 * are not ours (trace_check.py: Python's json and csv, SQLite; promtool), and compared with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "tests/unit/trace_sample.h"

#define CHECK "tests/unit/trace_check.py"

/* An exporter of its own: the events as they are, for trace_check.py. */
static int dump_begin(struct trace_export *x)
{
	(void)x;
	return 0;
}

static void hex(struct out *o, const char *s)
{
	for (; *s; s++)
		out_printf(o, "%02x", (unsigned char)*s);
}

static void dump_field(struct out *o, const struct event *ev, const struct event_field *f)
{
	const char *member = (const char *)ev + f->offset;

	if (f->type == EVENT_PAD || !strcmp(f->name, "tid") || !strcmp(f->name, "pid") ||
	    !strcmp(f->name, "ns"))
		return;
	out_printf(o, "\t%s=", f->name);
	if (f->type == EVENT_TEXT) {
		out_char(o, 'x');
		hex(o, ev->text[f->offset]);
	} else if (f->type == EVENT_U64 || f->type == EVENT_S64) {
		out_printf(o, f->type == EVENT_U64 ? "%llu" : "%lld", *(const long long *)member);
	} else {
		out_printf(o, "%u", *(const u32 *)member);
	}
}

static int dump_event(struct trace_export *x, const struct event *ev)
{
	out_printf(x->out, "%s\t%llu\t%llu\t%u\t%u\t", event_descs[ev->kind].name,
		   (unsigned long long)ev->ts_ns, (unsigned long long)ev->ns, ev->pid, ev->tid);
	if (ev->thread)
		hex(x->out, ev->thread->name);
	else
		out_char(x->out, '-');
	for (const struct event_field *f = event_descs[ev->kind].fields; f->name; f++)
		dump_field(x->out, ev, f);
	out_char(x->out, '\n');
	return 0;
}

static int dump_end(struct trace_export *x, const struct figures *f)
{
	(void)x;
	(void)f;
	return 0;
}

static const struct trace_exporter_ops dump = {
	.name = "dump",
	.begin = dump_begin,
	.event = dump_event,
	.end = dump_end,
};

struct exported {
	char path[32];
};

static struct exported export_to_file(struct trace_sample *s, const struct trace_exporter_ops *ops,
				      const char *by, const struct figures *f)
{
	struct exported e = { "/tmp/trace_export_XXXXXX" };
	int fd = mkstemp(e.path);

	assert_true(fd >= 0);
	assert_non_null(ops);
	assert_int_equal(trace_sample_export(s, ops, by, f, fd, NULL), 0);
	close(fd);
	return e;
}

static int run(const char *command)
{
	int rc = system(command);

	return rc == -1 ? -1 : WEXITSTATUS(rc);
}

static void need(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", tool);
	if (run(command))
		skip();
}

static void check_format(const char *name, const char *by)
{
	struct trace_sample s;
	struct exported truth, file;
	char command[256];
	int rc;

	need("python3");
	trace_sample_make(&s, 300);
	truth = export_to_file(&s, &dump, NULL, NULL);
	file = export_to_file(&s, trace_exporter_find(name), by, NULL);
	snprintf(command, sizeof(command), "python3 " CHECK " %s '%s%s%s' %s", truth.path, name,
		 by ? " " : "", by ? by : "", file.path);
	rc = run(command);
	unlink(truth.path);
	unlink(file.path);
	trace_sample_free(&s);
	assert_int_equal(rc, 0);
}

static void jsonl_says_every_field_of_every_event(void **state)
{
	(void)state;
	check_format("jsonl", NULL);
}

static void csv_says_every_field_and_sums_are_equal_in_sqlite(void **state)
{
	(void)state;
	check_format("csv", NULL);
}

static void chrome_slices_nest_and_arrows_pair_and_sums_are_equal(void **state)
{
	(void)state;
	check_format("chrome", NULL);
}

static void folded_sums_are_equal_for_each_weight(void **state)
{
	(void)state;
	check_format("folded", "held");
	check_format("folded", "waited");
	check_format("folded", "paused");
	check_format("folded", "blocked");
}

static void folded_refuses_a_weight_it_does_not_know(void **state)
{
	struct trace_sample s;
	char *none;

	(void)state;
	trace_sample_make(&s, 3);
	none = trace_sample_bytes(&s, trace_exporter_find("folded"), "weight", NULL, NULL);
	assert_null(none);
	trace_sample_free(&s);
}

/* Hostile names, two types of one name, a process that executed another program. */
static struct figures *hostile_figures(void)
{
	struct figures *f = sample_figures(10, 5);
	struct fig_process *p = &f->procs[1];

	free(f->procs[0].threads[1].name);
	f->procs[0].threads[1].name = strdup("a \"quoted\\\n</script> \xff,{}=#");
	f->procs[0].threads[2].takes = FIG_NULL;
	free(p->types[1].type);
	p->types[1].type = strdup(p->types[0].type);
	free(p->threads[1].name);
	p->threads[1].name = strdup(p->threads[0].name);
	p->threads[1].tid = p->threads[0].tid;
	p->pid = f->procs[0].pid;
	return f;
}

static void openmetrics_is_accepted_by_promtool(void **state)
{
	struct trace_sample s;
	struct figures *f = hostile_figures();
	struct exported file;
	char command[256];
	int rc;

	(void)state;
	need("promtool");
	need("python3");
	trace_sample_make(&s, 3);
	file = export_to_file(&s, trace_exporter_find("openmetrics"), NULL, f);
	snprintf(command, sizeof(command),
		 "promtool check metrics <%s && python3 " CHECK " - openmetrics %s", file.path,
		 file.path);
	rc = run(command);
	unlink(file.path);
	trace_sample_free(&s);
	figures_free(f);
	assert_int_equal(rc, 0);
}

static void has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (!at || (at != text && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("no such line: %s", line);
}

static void openmetrics_says_the_figures(void **state)
{
	struct trace_sample s;
	struct figures *f = hostile_figures();
	char *text;

	(void)state;
	trace_sample_make(&s, 3);
	text = trace_sample_bytes(&s, trace_exporter_find("openmetrics"), NULL, f, NULL);
	assert_non_null(text);
	has_line(text, "gilscope_gil_held_seconds_total{pid=\"4711\",tid=\"4712\","
		       "thread=\"a \\\"quoted\\\\\\n</script> \xef\xbf\xbd,{}=#\"} 2.000000000");
	has_line(text,
		 "cpython_gc_collections_total{pid=\"4711\",cpython_gc_generation=\"0\"} 400");
	has_line(text, "cpython_gc_collected_objects_total{pid=\"4711\","
		       "cpython_gc_generation=\"2\"} 18000");
	/* 400000 and 200000 of the two types that are now called alike */
	has_line(text, "gilscope_deallocations_total{pid=\"4711#2\",type=\"dict\"} 600000");
	/* 90000 and 45000 takes of the tid that was used again by a thread called alike */
	has_line(text, "gilscope_gil_takes_total{pid=\"4711#2\",tid=\"8000\","
		       "thread=\"MainThread\"} 135000");
	has_line(text, "gilscope_lost_events_total{cause=\"threads_full\","
		       "families=\"gil gc io sched\"} 120");
	has_line(text, "gilscope_duration_seconds 10.000000000");
	assert_null(strstr(text, "gilscope_gil_takes_total{pid=\"4711\",tid=\"4713\""));
	free(text);
	trace_sample_free(&s);
	figures_free(f);
}

/* Each value is in the histogram where it belongs, at the bounds' very edges. */
static void openmetrics_counts_exactly_at_the_bounds(void **state)
{
	struct trace_sample s;
	struct figures *f = sample_figures(1, 1);
	struct fig_hist *h = &f->procs[0].threads[0].hold;
	static const u64 values[] = { 1023, 1024, 4095, 4096, (1ULL << 36) - 1, 1ULL << 36 };
	char *text;

	(void)state;
	*h = (struct fig_hist) { .valid = true };
	for (size_t i = 0; i < 6; i++) {
		h->bucket[gs_hist_index(values[i])]++;
		h->count++;
		h->sum_ns += values[i];
	}
	trace_sample_make(&s, 3);
	text = trace_sample_bytes(&s, trace_exporter_find("openmetrics"), NULL, f, NULL);
	assert_non_null(text);
#define BUCKET(le, n) \
	has_line(text, "gilscope_gil_hold_duration_seconds_bucket{pid=\"4711\",tid=\"4711\"," \
		       "thread=\"MainThread\",le=\"" le "\"} " n)
	BUCKET("0.000001023", "1");
	BUCKET("0.000004095", "3");
	BUCKET("0.000016383", "4");
	BUCKET("17.179869183", "4");
	BUCKET("68.719476735", "5");
	BUCKET("+Inf", "6");
	has_line(text, "gilscope_gil_hold_duration_seconds_sum{pid=\"4711\",tid=\"4711\","
		       "thread=\"MainThread\"} 137.438963709");
	free(text);
	trace_sample_free(&s);
	figures_free(f);
}

static void every_exporter_is_found_by_its_name(void **state)
{
	size_t n = 0;

	(void)state;
	for (; trace_exporter_at(n); n++) {
		const struct trace_exporter_ops *ops = trace_exporter_at(n);

		assert_ptr_equal(trace_exporter_find(ops->name), ops);
		assert_true(*ops->help && ops->begin && ops->end);
		assert_true(ops->event || ops->wants_figures);
	}
	assert_true(n >= 5);
	assert_null(trace_exporter_at(n + 1));
	assert_null(trace_exporter_find("nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jsonl_says_every_field_of_every_event),
		cmocka_unit_test(csv_says_every_field_and_sums_are_equal_in_sqlite),
		cmocka_unit_test(chrome_slices_nest_and_arrows_pair_and_sums_are_equal),
		cmocka_unit_test(folded_sums_are_equal_for_each_weight),
		cmocka_unit_test(folded_refuses_a_weight_it_does_not_know),
		cmocka_unit_test(openmetrics_is_accepted_by_promtool),
		cmocka_unit_test(openmetrics_says_the_figures),
		cmocka_unit_test(openmetrics_counts_exactly_at_the_bounds),
		cmocka_unit_test(every_exporter_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
