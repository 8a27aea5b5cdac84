/* generators: functions that give one value after the other. */
#include <inttypes.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_generator.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "tour/show.h"
#include "tour/tour.h"

static uint64_t yields;

/* [program] */
#define N 20000 /* squares, of which the 17 up to 256 exist anyway */

/* def squares(): for i in range(N): yield i * i */
static struct rt_object *squares(struct rt_generator *self)
{
	struct rt_object *sent;

	for (int64_t i = 0; i < N; i++) {
		yields++;
		sent = rt_yield(self, rt_int_new(i * i)); /* waits here for the next next() */
		if (!sent)
			return NULL; /* closed, or thrown into */
		rt_unref(sent);
	}
	return rt_none;
}

/* sum(iterable), and the most objects and bytes there were meanwhile. */
static struct rt_mem_stats add_up(const char *what, struct rt_object *iterable)
{
	struct rt_object *it = rt_iter(iterable), *x;
	struct rt_mem_stats mem;
	int64_t sum = 0, v;

	while (rt_iter_next(it, &x) > 0) {
		rt_int_value(x, &v);
		sum += v;
		rt_unref(x);
	}
	rt_mem_get_stats(&mem);
	tour_say("%s: sum %" PRId64 "; at most %" PRIu64 " objects, %" PRIu64 " bytes", what, sum,
		 mem.peak_objects, mem.peak_bytes);
	rt_unref(it);
	rt_unref(iterable);
	rt_mem_reset_peak();
	return mem;
}
/* [end] */

static void compare_sizes(void)
{
	struct rt_object *generator = rt_generator_new("squares", squares, NULL);
	struct rt_object *list = rt_list_from_iterable(generator);
	struct rt_mem_stats of_list, of_generator;

	rt_unref(generator);
	of_list = add_up("a list of 20000", list);
	of_generator = add_up("a generator of 20000", rt_generator_new("squares", squares, NULL));
	tour_expect(of_list.peak_objects >= N - 16, "the list's items all exist at once");
	tour_expect(of_generator.peak_objects < 10, "of the generator's only one at a time");
	tour_expect(of_list.peak_bytes > 100 * of_generator.peak_bytes, "the list is far larger");
}

/* What the next one did, in the order it did it. */
static struct rt_object *log_list;

static void note(const char *text)
{
	rt_list_append_stolen(log_list, rt_str_new(text));
}

/*
 * def echo():
 *     try:
 *         while True:
 *             try:
 *                 got = yield got
 *             except ValueError:
 *                 got = "a ValueError"
 *     finally:
 *         note("cleaned up")
 */
static struct rt_object *echo(struct rt_generator *self)
{
	struct rt_object *got = rt_none;

	note("started");
	for (;;) {
		yields++;
		got = rt_yield(self, got);
		if (!got && rt_error_catch(RT_VALUE_ERROR))
			got = rt_str_new("a ValueError");
		if (!got)
			break;
	}
	note("cleaned up");
	return NULL; /* the error goes on: GeneratorExit when it is closed */
}

static void show_log(const char *code, const char *expected)
{
	tour_show(code, log_list, expected);
	log_list = rt_list_new();
}

static void converse(void)
{
	struct rt_object *g = rt_generator_new("echo", echo, NULL);

	log_list = rt_list_new();
	show_log("g = echo(); what ran so far", "[]");
	tour_show("next(g)", rt_next(g), "None");
	show_log("what ran so far", "['started']");
	tour_show("g.send('hello')", rt_call_method(g, "send", 1, rt_str_new("hello")), "'hello'");
	tour_show("g.throw(ValueError)", rt_generator_throw(g, rt_type_object(RT_VALUE_ERROR)),
		  "'a ValueError'");
	tour_show("g.close()", rt_call_method(g, "close", 0), "None");
	show_log("what ran so far", "['cleaned up']");
	tour_show("next(g)", rt_next(g), "StopIteration");
	rt_unref(g);
	g = rt_generator_new("echo", echo, NULL);
	rt_unref(rt_next(g));
	rt_unref(g);
	show_log("g = echo(); next(g); del g", "['started', 'cleaned up']");
	g = rt_generator_new("echo", echo, NULL);
	rt_unref(rt_next(g));
	tour_show("g = echo(); next(g); g.throw(KeyError)",
		  rt_generator_throw(g, rt_type_object(RT_KEY_ERROR)), "KeyError");
	tour_show("next(g)", rt_next(g), "StopIteration");
	rt_unref(g);
	log_list = rt_unref(log_list);
}

static void run_and_tell(void)
{
	yields = 0;
	compare_sizes();
	converse();
	tour_show_nothing_left();
	tour_figure("yields", "probes[event=called].hits", yields, 0, 0);
	tour_figure("generator: made", "types[type=generator].allocs", 5, 0, 0);
	tour_figure_type("generator");
	tour_figure_type("int");
	tour_figure_type("list");
}

const struct tour_stop stop_generators = {
	.name = "generators",
	.title = "functions that give one value after the other",
	.about = "A function with `yield` in it gives a generator when it is called, and runs\n"
		 "only when a value is asked for: up to the next yield, where it is suspended\n"
		 "with its variables.  So a million values take the room of one, while a list\n"
		 "holds them all.  send() gives the yield a value, throw() raises an error there,\n"
		 "and close() raises GeneratorExit, so that `finally` runs; a suspended generator\n"
		 "that nobody refers to any more is closed too.  Here each has a stack of its own\n"
		 "(of which a page or two is used, not counted in the bytes below); in CPython\n"
		 "its frame is (since 3.11) part of the generator object, and is entered again.",
	.families = "refs",
	.count = "rt_yield",
	.run = run_and_tell,
};
