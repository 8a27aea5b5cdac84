/* Expressions and their results; see show.h. */
#include "tour/show.h"

#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_gc.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_str.h"
#include "tour/tour.h"

void tour_show(const char *code, struct rt_object *result, const char *expected)
{
	struct rt_object *repr = result ? rt_repr(result) : NULL;
	const char *text = repr ? rt_str_chars(repr) : rt_error_text();

	tour_say("%-40s %s", code, text);
	if (expected && strcmp(text, expected) != 0)
		tour_say("%-40s %s was promised", "", expected);
	tour_expect(!expected || !strcmp(text, expected), code);
	rt_error_clear();
	rt_unref(repr);
	rt_unref(result);
}

void tour_show_nothing_left(void)
{
	struct rt_mem_stats mem;

	rt_gc_collect(2);
	rt_mem_get_stats(&mem);
	tour_expect(!rt_error_pending(), "no error is pending at the end");
	tour_expect(mem.live_objects == 0, "no object is left at the end");
}
