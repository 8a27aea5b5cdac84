/* duck-typing: what an object can do counts, not what it is. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_int.h"
#include "runtime/rt_list.h"
#include "runtime/rt_none.h"
#include "runtime/rt_str.h"
#include "runtime/rt_stream.h"
#include "runtime/rt_tuple.h"
#include "tour/show.h"
#include "tour/tour.h"

struct rt_object *tour_duck_typing_write(const struct rt_args *args);

static uint64_t calls;

/* [program] */
/* def copy(source, destination): while part := source.read(4): destination.write(part) */
static struct rt_object *copy(struct rt_object *source, struct rt_object *destination)
{
	struct rt_object *part, *written;
	ssize_t n;

	for (int64_t total = 0;; total += n) {
		part = rt_call_method(source, "read", 1, rt_int_new(4));
		n = part ? rt_len(part) : -1;
		if (n <= 0) {
			rt_unref(part);
			return n < 0 ? NULL : rt_int_new(total);
		}
		written = rt_call_method(destination, "write", 1, part);
		if (!written)
			return NULL;
		rt_unref(written);
	}
}

/* class Duck: def write(self, data): self.seen.append(data) */
__attribute__((noinline)) struct rt_object *tour_duck_typing_write(const struct rt_args *args)
{
	struct rt_object *seen = rt_getattr(args->v[0], "seen");

	calls++;
	rt_list_append(seen, args->v[1]);
	rt_unref(seen);
	return rt_none;
}

/* Four types that have nothing in common but the names of two methods. */
static void pass_on(struct rt_object *string, const char *path, struct rt_object *sockets,
		    struct rt_object *duck)
{
	struct rt_object *one_end = rt_tuple_at(sockets, 0), *other_end = rt_tuple_at(sockets, 1);
	struct rt_object *out = rt_file_open(path, "w"), *in = rt_file_open(path, "r");

	tour_show("copy(string, file)", copy(string, out), "19");
	tour_show("copy(file, one_end)", copy(in, one_end), "19");
	rt_unref(rt_call_method(one_end, "close", 0));
	tour_show("copy(other_end, duck)", copy(other_end, duck), "19");
	rt_unref(out);
	rt_unref(in);
}
/* [end] */

static const struct rt_function_spec methods[] = {
	{ "write", tour_duck_typing_write, "self, data" },
	{ 0 },
};

/* Nothing is asked beforehand: what is missing shows when it is needed. */
static void not_a_duck(struct rt_object *string, struct rt_object *duck)
{
	struct rt_object *more = rt_buffer_new("more"), *number = rt_int_new(1000);

	tour_show("duck.seen", rt_getattr(duck, "seen"),
		  "[b'a te', b'xt f', b'or t', b'hem ', b'all']");
	tour_show("copy(duck, string)", copy(duck, string),
		  "AttributeError: 'Duck' object has no attribute 'read'");
	tour_show("copy(more, 1000)", copy(more, number),
		  "AttributeError: 'int' object has no attribute 'write'");
	tour_show("hasattr(duck, 'write')", rt_bool(rt_hasattr(duck, "write") > 0), "True");
	rt_unref(more);
	rt_unref(number);
}

static void run_and_tell(void)
{
	struct rt_object *class = rt_class_from_methods("Duck", NULL, methods);
	struct rt_object *duck = rt_call_of(class, 0), *seen = rt_list_new();
	struct rt_object *string = rt_buffer_new("a text for them all"), *pair = rt_socket_pair();
	char path[] = "/tmp/gilscope-tour-XXXXXX";
	int fd = mkstemp(path);

	calls = 0;
	tour_expect(fd >= 0 && pair, "a file and a pair of sockets can be made");
	close(fd);
	rt_setattr(duck, "seen", seen);
	pass_on(string, path, pair, duck);
	unlink(path);
	not_a_duck(string, duck);
	rt_unref(seen);
	rt_unref(duck);
	rt_unref(class);
	rt_unref(string);
	rt_unref(pair);
	tour_show_nothing_left();
	tour_figure("calls of Duck.write", "probes[event=called].hits", calls, 0, 0);
	tour_figure_type("file");
	tour_figure_type("socket");
	tour_figure_type("buffer");
	tour_figure_type("Duck");
	tour_figure_type("bytes");
}

const struct tour_stop stop_duck_typing = {
	.name = "duck-typing",
	.title = "what an object can do counts, not what it is",
	.about = "What walks and quacks like a duck will do as one: a function that needs\n"
		 "read() and write() takes any object that has them, whatever its type.  Such\n"
		 "a set of methods is a protocol; file-like objects are the best known: files,\n"
		 "sockets, strings in memory, and whatever a program adds.  No common base is\n"
		 "needed and nothing is declared; a method is looked up by name at each call,\n"
		 "and if it is missing that call is an AttributeError.  In CPython for, with,\n"
		 "len() and [] are protocols too, but look in the type only; typing.Protocol\n"
		 "lets checkers verify one before the program runs.",
	.families = "refs",
	.count = "tour_duck_typing_write",
	.run = run_and_tell,
};
