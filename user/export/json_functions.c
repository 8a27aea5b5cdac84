/*
 * "functions" of gilscope.stat/1: what the stacks of a process add up to.
 *
 * The members of a function are its names and, of each weight, its self and its total; null names
 * could not be read.  A native function (--native) says so, and has no line.  What no stack was
 * taken of is the row with `kind` "no_stack".
 */
#include "user/export/json_functions.h"

#include <stdio.h>

#include "user/model/fig_functions.h"

/* As the members of "stacks" are called. */
static const char *const names[FIG_BY_COUNT][2] = {
	[FIG_BY_HELD] = { "held_self_ns", "held_total_ns" },
	[FIG_BY_WAITED] = { "wait_self_ns", "wait_total_ns" },
	[FIG_BY_CAUSED] = { "caused_wait_self_ns", "caused_wait_total_ns" },
	[FIG_BY_BLOCKED] = { "held_offcpu_self_ns", "held_offcpu_total_ns" },
	[FIG_BY_PAUSED] = { "paused_self_ns", "paused_total_ns" },
	[FIG_BY_DEALLOC] = { "deallocs_self", "deallocs_total" },
};

static void function(struct json_writer *w, const struct fig_function *fn)
{
	const struct fig_label *l = &fn->label;

	json_open(w, '{');
	json_key(w, "kind");
	json_put_text(w, l->kind == FIG_LABEL_NO_STACK ? "no_stack" : "function");
	json_key(w, "function");
	json_put_text(w, l->text);
	json_key(w, "file");
	json_put_text(w, l->file);
	json_member_u64(w, "first_line", l->first_line ? l->first_line : FIG_NULL);
	if (l->native) {
		json_key(w, "native");
		json_put_bool(w, true);
	}
	for (u32 by = 0; by < FIG_BY_COUNT; by++) {
		json_member_u64(w, names[by][0], fn->self[by]);
		json_member_u64(w, names[by][1], fn->total[by]);
	}
	json_close(w, '}');
}

void json_put_functions(struct json_writer *w, const struct fig_process *p)
{
	struct fig_functions l;

	if (!p->stacks_measured) {
		json_put_null(w);
		return;
	}
	if (fig_functions_of(p, 1, 0, &l))
		w->failed = true;
	fig_functions_sort(&l, FIG_BY_HELD, false);
	json_open(w, '[');
	for (size_t i = 0; i < l.n; i++)
		function(w, &l.list[i]);
	json_close(w, ']');
	fig_functions_done(&l);
}
