/* The hottest functions as text: for each weight that somebody looks for first, a short table. */
#include "user/export/table_functions.h"

#include "user/base/fmt.h"
#include "user/export/text_table.h"
#include "user/model/fig_functions.h"

#define TOP 10
#define INDENT 2
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

_Static_assert(TOP < TEXT_ROWS, "a table holds the top rows");

static void cells(struct text_table *t, u64 ns, u64 all_ns)
{
	text_table_cell(t, fmt_ns(ns).s);
	text_table_cell(t, fmt_percent(fmt_ratio(ns, all_ns)).s);
}

static void hottest(FILE *out, struct fig_functions *l, enum fig_stack_weight by, const char *title)
{
	static const struct text_column columns[] = {
		{ "FUNCTION", true }, { "WHERE", true }, { "SELF" },
		{ "SELF%" },	      { "TOTAL" },	 { "TOTAL%" },
	};
	struct text_table t;
	char text[TEXT_CELL];

	if (l->all[by] == FIG_NULL || !l->all[by])
		return;
	fig_functions_sort(l, by, false);
	text_table_init(&t, columns, COUNT(columns));
	for (size_t i = 0; i < l->n && i < TOP && l->list[i].self[by]; i++) {
		const struct fig_function *fn = &l->list[i];
		bool is_function = fn->label.kind == FIG_LABEL_FUNCTION;

		text_table_row(&t);
		text_table_cell(&t, fig_label_text(&fn->label, text, sizeof(text)));
		text_table_cell(&t, is_function
					    ? fig_label_place(fn->label.file, fn->label.first_line,
							      TEXT_WIDTH, text, sizeof(text))
					    : "-");
		cells(&t, fn->self[by], l->all[by]);
		cells(&t, fn->total[by], l->all[by]);
	}
	fprintf(out, "\n%s\n", title);
	text_table_print(&t, out, INDENT);
}

int table_functions(FILE *out, const struct fig_process *p)
{
	struct fig_functions l;
	int err;

	if (!p->stacks_measured)
		return 0;
	err = fig_functions_of(p, 1, 0, &l);
	if (err)
		return err;
	hottest(out, &l, FIG_BY_HELD, "Functions, by the time they held the GIL themselves");
	hottest(out, &l, FIG_BY_CAUSED, "Functions, by how long others waited for them");
	hottest(out, &l, FIG_BY_WAITED, "Functions, by how long they waited for the GIL");
	fprintf(out,
		"%sstacks: %s different, of them %s too deep to be whole, %s torn; samples on the "
		"CPU: %s\n",
		l.stacks ? "  " : "\nFunctions: none seen; ", fmt_count(l.stacks).s,
		fmt_count(l.truncated).s, fmt_count(l.torn).s, fmt_count(l.samples).s);
	fig_functions_done(&l);
	return 0;
}
