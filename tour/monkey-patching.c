/* monkey-patching: replacing a part of something while it is used. */
#include <inttypes.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_error.h"
#include "runtime/rt_function.h"
#include "runtime/rt_int.h"
#include "runtime/rt_module.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_monkey_patching_noon(const struct rt_args *args);

static uint64_t calls;

/* def function(*args): return text */
#define SAYS(function, text) \
	static struct rt_object *function(const struct rt_args *args) \
	{ \
		(void)args; \
		return rt_str_new(text); \
	} \
	static const struct rt_function_spec function##_spec[] = { \
		{ #function, function, "*args" }, { 0 } \
	}

/* [program] */
SAYS(bark, "woof");
SAYS(sing, "la la la");
SAYS(now, "the real time");

/* In place of now(): */
__attribute__((noinline)) struct rt_object *tour_monkey_patching_noon(const struct rt_args *args)
{
	(void)args;
	calls++;
	return rt_str_new("noon");
}

/* An attribute of a class: all its instances look there, old ones too. */
static void patch_a_class(struct rt_object *Dog, struct rt_object *song)
{
	struct rt_object *rex = rt_call_of(Dog, 0), *lassie = rt_call_of(Dog, 0);

	tour_show("rex.bark()", rt_call_method(rex, "bark", 0), "'woof'");
	rt_setattr(Dog, "bark", song);
	tour_show("Dog.bark = sing; rex.bark()", rt_call_method(rex, "bark", 0), "'la la la'");
	tour_show("lassie.bark()", rt_call_method(lassie, "bark", 0), "'la la la'");
	rt_unref(rex);
	rt_unref(lassie);
}

/* An attribute of a module: seen by those who ask the module, not by those who asked before. */
static void patch_a_module(struct rt_object *clock, struct rt_object *noon)
{
	struct rt_object *own_name = rt_getattr(clock, "now"); /* from clock import now */

	tour_show("clock.now()", rt_call_method(clock, "now", 0), "'the real time'");
	rt_setattr(clock, "now", noon);
	tour_show("clock.now = noon; clock.now()", rt_call_method(clock, "now", 0), "'noon'");
	tour_show("now()            imported before", rt_call_of(own_name, 0), "'the real time'");
	rt_setattr(clock, "now", own_name); /* a test puts it back */
	tour_show("clock.now = now; clock.now()", rt_call_method(clock, "now", 0),
		  "'the real time'");
	rt_unref(own_name);
}
/* [end] */

/* One instance alone; and special methods, which are looked for in the class only. */
static void patch_an_instance(struct rt_object *Dog, struct rt_object *noon)
{
	struct rt_object *rex = rt_call_of(Dog, 0), *lassie = rt_call_of(Dog, 0), *text;

	rt_setattr(rex, "bark", noon);
	tour_show("rex.bark = noon; rex.bark()", rt_call_method(rex, "bark", 0), "'noon'");
	tour_show("lassie.bark()", rt_call_method(lassie, "bark", 0), "'la la la'");
	rt_delattr(rex, "bark");
	tour_show("del rex.bark; rex.bark()", rt_call_method(rex, "bark", 0), "'la la la'");
	rt_setattr(rex, "__str__", noon);
	text = rt_to_str(rex);
	tour_show("rex.__str__ = noon; str(rex) == 'noon'", rt_bool(rt_str_is(text, "noon")),
		  "False");
	rt_unref(text);
	rt_setattr(Dog, "__str__", noon);
	tour_show("Dog.__str__ = noon; str(rex)", rt_to_str(rex), "'noon'");
	rt_unref(rex);
	rt_unref(lassie);
}

/* Built-in types are constants, shared by the whole process. */
static void not_everything(struct rt_object *song)
{
	rt_setattr(rt_type_object(&rt_int_type), "bark", song);
	tour_show("int.bark = sing", NULL,
		  "TypeError: cannot set 'bark' attribute of immutable type 'int'");
	rt_setattr(rt_int_new(1), "bark", song);
	tour_show("(1).bark = sing", NULL, "AttributeError: 'int' object has no attribute 'bark'");
}

static void run_and_tell(void)
{
	static const struct rt_function_spec noon_spec = { "noon", tour_monkey_patching_noon,
							   "*args" };
	struct rt_object *Dog = rt_class_from_methods("Dog", NULL, bark_spec);
	struct rt_object *clock = rt_module_new("clock", now_spec);
	struct rt_object *song = rt_function_new(sing_spec, NULL, NULL);
	struct rt_object *noon = rt_function_new(&noon_spec, NULL, NULL);

	calls = 0;
	patch_a_class(Dog, song);
	patch_a_module(clock, noon);
	patch_an_instance(Dog, noon);
	not_everything(song);
	rt_unref(noon);
	rt_unref(song);
	rt_unref(clock);
	rt_unref(Dog);
	tour_show_nothing_left();
	tour_figure("calls of noon", "probes[event=called].hits", calls, 0, 0);
	tour_figure("Dog: made", "types[type=Dog].allocs", 4, 0, 0);
	tour_figure_type("Dog");
	tour_figure_type("function");
	tour_figure_type("module");
}

const struct tour_stop stop_monkey_patching = {
	.name = "monkey-patching",
	.title = "replacing a part of something while it is used",
	.about = "A class and a module are objects with attributes, and attributes are looked\n"
		 "up each time they are used.  So assigning to one replaces a method for all\n"
		 "instances, those made before included, or a function for all who call it\n"
		 "through its module; who has bound the old function to a name of their own\n"
		 "(from m import f) keeps it.  Tests do so with clocks and networks, and put\n"
		 "back what was there.  Special methods count in the class only, not in an\n"
		 "instance.  CPython caches what it found where, under a version number of the\n"
		 "class or module dict that changes with each such assignment; built-in types\n"
		 "cannot be changed.",
	.families = "refs",
	.count = "tour_monkey_patching_noon",
	.run = run_and_tell,
};
