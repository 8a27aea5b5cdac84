/* gilscope dump: what is told of a process, and who tells it to whom. */
#ifndef GS_USER_DUMP_H
#define GS_USER_DUMP_H

#include <jansson.h>

#include "user/target/py_objects.h"
#include "user/target/py_stack.h"

/* A thread as it was when its stack was read; threads are read one after the other. */
struct dump_thread {
	struct py_thread thread;
	char name[PY_STR_MAX]; /* Python's name of it, or else the kernel's; printable */
	int waits; /* as py_thread_waits() */
	struct py_stack stack;
};

/* What the stacks of a process add up to. */
struct dump_counts {
	size_t threads;
	size_t unsteady; /* it ran on while its stack was read, at every try */
	size_t torn; /* its frames ended in what is none */
	size_t frames, unknown; /* frames, and those of them whose code object could not be read */
};

/* To stdout, for people. */
void dump_print_process(const struct py_process *p);
void dump_print_interp(const struct py_interp *i, pid_t holder_tid);
void dump_print_thread(const struct dump_thread *t);
void dump_print_counts(const struct dump_counts *c);

/* The same for programs.  NULL without memory. */
json_t *dump_json_process(const struct py_process *p);
json_t *dump_json_interp(const struct py_interp *i, pid_t holder_tid);
json_t *dump_json_thread(const struct dump_thread *t);
json_t *dump_json_counts(const struct dump_counts *c);

#endif
