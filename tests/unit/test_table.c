/* --format table: what an operator looks for is there, aligned, and "-" where unmeasured. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/figures_sample.h"
#include "user/base/utf8.h"
#include "user/export/exporter.h"
#include "user/export/text_table.h"

static char *written(const struct figures *f)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(table_exporter.write(out, f), 0);
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_error("missing: %s\nin:\n%s\n", part, text);
	assert_non_null(strstr(text, part));
}

static void all_parts_are_there(void **state)
{
	static const char *const parts[] = {
		"Process 4711: Python 3.11.2, /usr/bin/python3.11",
		"command   python3 app.py --port 8080",
		"measured  10.0 s, mode exact",
		"gilscope 0.4% of a CPU",
		"LOST      threads_full 120",
		"held 80.0% of the time (exact); held now by 4712 worker-1",
		"takes 200k (20.0k/s), contended 70.0k (35.0%)",
		"... and 10 more",
		"Garbage collections\n",
		"epoll_wait     1500        1200",
		"Objects, by type: not measured",
		"Process 8000",
		"Garbage collections: not measured",
		"myapp.models.Row",
		"coverage: all but int",
		"120 threads_full (gil gc io sched): events of threads that got no slot",
	};
	struct figures *f = sample_figures(10, 30);
	char *text = written(f);

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_has(text, parts[i]);
	assert_null(strchr(text, '\x1b'));
	free(text);
	figures_free(f);
}

static void the_unmeasured_is_a_dash(void **state)
{
	struct figures *f = sample_figures(10, 1);
	struct fig_process *p = &f->procs[0];
	char *text;

	(void)state;
	f->overhead.target_cpu_ns_estimate = FIG_NULL;
	p->gils[0].holder_tid = FIG_NULL;
	p->gils[0].takes = FIG_NULL;
	p->threads[0].hold.valid = false;
	p->threads[0].takes = FIG_NULL;
	text = written(f);
	assert_has(text, "its probes about - of a CPU in all targets together");
	assert_has(text, "held now by: -");
	assert_has(text, "takes - (-/s)");
	free(text);
	p->gil_measured = false;
	text = written(f);
	assert_has(text, "GIL: not measured");
	free(text);
	f->nprocs = 0; /* what it owns is freed below */
	text = written(f);
	assert_has(text, "No process was measured.");
	free(text);
	f->nprocs = 2;
	figures_free(f);
}

/* Columns end where their titles end, whatever the names are made of. */
static void hostile_and_wide_names_keep_the_columns(void **state)
{
	static const char *const names[] = {
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		"e\xcc\x81\xcc\x81\xcc\x81",
		"\x1b[31mred",
		"a very long name that goes on and on and does not stop at any width",
		"\xff",
	};
	static const struct text_column columns[] = { { "NAME", true }, { "N" } };
	struct text_table t;
	char *text, *line;
	size_t size, width, first = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	text_table_init(&t, columns, 2);
	for (size_t i = 0; i < 5; i++) {
		text_table_row(&t);
		text_table_cell(&t, names[i]);
		text_table_cell(&t, "7");
		text_table_cell(&t, "one too many");
	}
	for (size_t i = 0; i < 2 * TEXT_ROWS; i++)
		text_table_row(&t);
	text_table_print(&t, out, 2);
	fclose(out);
	line = strtok(text, "\n");
	for (size_t i = 0; i < 6; i++, line = strtok(NULL, "\n")) {
		utf8_fit(line, SIZE_MAX, &width);
		first = first ? first : width;
		assert_int_equal(width, first);
		assert_null(strchr(line, '\x1b'));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parts_are_there),
		cmocka_unit_test(the_unmeasured_is_a_dash),
		cmocka_unit_test(hostile_and_wide_names_keep_the_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
