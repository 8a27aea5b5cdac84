/* profiling: who was called how often, and where the time went. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_none.h"
#include "runtime/rt_profile.h"
#include "runtime/rt_truth.h"
#include "tour/tour.h"

static void work(uint64_t us)
{
	uint64_t until = rt_truth_now_ns() + us * 1000;

	while (rt_truth_now_ns() < until)
		;
}

static void call(const struct rt_function_spec *spec, int times)
{
	struct rt_object *function = rt_function_new(spec, NULL, NULL);

	for (int i = 0; i < times; i++)
		rt_unref(rt_call(function, 0, NULL, NULL));
	rt_unref(function);
}

/* [program] */
static __attribute__((noinline)) struct rt_object *leaf(const struct rt_args *args)
{
	(void)args;
	work(200); /* us */
	return rt_none;
}

static const struct rt_function_spec leaf_spec = { .name = "leaf", .call = leaf };

static struct rt_object *branch(const struct rt_args *args)
{
	(void)args;
	work(100);
	call(&leaf_spec, 3);
	return rt_none;
}

static const struct rt_function_spec branch_spec = { .name = "branch", .call = branch };

static struct rt_object *tree(const struct rt_args *args)
{
	(void)args;
	call(&branch_spec, 5);
	call(&leaf_spec, 10);
	return rt_none;
}

static const struct rt_function_spec tree_spec = { .name = "tree", .call = tree };

static void run(void)
{
	rt_profile_start();
	call(&tree_spec, 1);
	rt_profile_stop();
	rt_profile_print(stdout);
	rt_profile_print_folded(stdout); /* own us of each path of calls: a flame graph's input */
}
/* [end] */

static struct rt_profile_function named(const char *name)
{
	struct rt_profile_function *all = NULL, found = { 0 };
	ptrdiff_t n = rt_profile_functions(&all);

	for (ptrdiff_t i = 0; i < n; i++) {
		if (!strcmp(all[i].name, name))
			found = all[i];
	}
	if (n >= 0)
		rt_profile_free(all, (size_t)n);
	found.name = NULL; /* it was the array's */
	return found;
}

static void run_and_tell(void)
{
	struct rt_profile_function tree_row, branch_row, leaf_row;

	run();
	tree_row = named("tree");
	branch_row = named("branch");
	leaf_row = named("leaf");
	tour_expect(tree_row.calls == 1 && branch_row.calls == 5, "calls are counted");
	tour_expect(leaf_row.calls == 5 * 3 + 10, "calls from two places are counted together");
	tour_expect(tree_row.total_ns == tree_row.own_ns + branch_row.own_ns + leaf_row.own_ns,
		    "no time is lost, and none counts twice");
	tour_expect(leaf_row.own_ns >= 25 * 200000, "a leaf's time is its own");
	tour_expect(leaf_row.own_ns == leaf_row.total_ns, "a leaf has no other");
	tour_expect(branch_row.total_ns > branch_row.own_ns, "a branch's is not all its own");
	tour_figure("calls of leaf", "probes[event=called].hits", leaf_row.calls, 0, 0);
	rt_profile_reset();
}

const struct tour_stop stop_profiling = {
	.name = "profiling",
	.title = "who was called how often, and where the time went",
	.about = "A deterministic profiler notes the time at every call and every return.  A\n"
		 "function's total time is from call to return; its own time is that without\n"
		 "what it called, and own times add up to the whole.  Kept per path of calls\n"
		 "they are folded stacks, from which flame graphs are drawn.  This is how\n"
		 "CPython's cProfile works; the notes cost time, most in short functions.  A\n"
		 "tracer counts the calls of leaf from outside, without the program's help.",
	.families = "",
	.count = "leaf",
	.run = run_and_tell,
};
