/* Every stop, one line each, in the order of the tour: X(identifier, "name").  The Makefile
 * reads these lines too. */
#ifndef TOUR_STOPS_H
#define TOUR_STOPS_H

/* clang-format off */
#define TOUR_STOPS(X) \
	X(gil, "gil") \
	X(race, "race") \
	X(threads_processes, "threads-processes") \
	X(select_poll_epoll, "select-poll-epoll") \
	X(coroutines, "coroutines") \
	X(futures, "futures") \
	X(asyncio, "asyncio") \
	X(server, "server") \
	X(profiling, "profiling") \
	X(decorators, "decorators") \
	X(closures, "closures") \
	X(iterators, "iterators") \
	X(generators, "generators") \
	X(comprehensions, "comprehensions") \
	X(containers, "containers") \
	X(is_vs_equal, "is-vs-equal") \
	X(assignment, "assignment") \
	X(copying, "copying") \
	X(refcount, "refcount") \
	X(cycles, "cycles") \
	X(generations, "generations") \
	X(refs_graph, "refs-graph") \
	X(typing, "typing") \
	X(duck_typing, "duck-typing") \
	X(monkey_patching, "monkey-patching") \
	X(introspection, "introspection")
/* clang-format on */

#endif
