/* gilscope dump: what is told of a process, and who tells it to whom. */
#ifndef GS_USER_DUMP_H
#define GS_USER_DUMP_H

#include <jansson.h>

#include "user/target/native.h"
#include "user/target/py_objects.h"
#include "user/target/py_stack.h"
#include "user/target/py_tasks.h"

/* How long something has been going on. */
struct dump_time {
	bool known;
	bool longer; /* or longer: it was there when we began to look, or we may have missed one */
	u64 ns;
};

/* --native: what became of a thread's native frames. */
enum dump_native_how {
	DUMP_NATIVE_NONE, /* not asked for */
	DUMP_NATIVE_MERGED,
	DUMP_NATIVE_CUT, /* as far as they could be walked */
	DUMP_NATIVE_UNMERGED, /* do not go with the Python frames: the newest are shown */
	DUMP_NATIVE_RUNS, /* it runs, or wants to: where it is cannot be read */
	DUMP_NATIVE_UNREAD, /* could not be read */
	DUMP_NATIVE_COUNT
};

struct dump_native_counts {
	size_t n[DUMP_NATIVE_COUNT]; /* threads */
};

/* A frame that is shown: one of the two. */
struct dump_frame {
	const struct py_frame *python;
	const struct native_name *native;
};

/* An interpreter. */
struct dump_interp {
	const struct py_interp *interp;
	pid_t holder_tid; /* who holds its GIL; 0: nobody, or not known */
	struct dump_time held; /* since nobody else has taken it */
	struct dump_time collecting; /* its collection */
};

/* A thread as it was when its stack was read; threads are read one after the other. */
struct dump_thread {
	struct py_thread thread;
	char name[PY_STR_MAX]; /* Python's name of it, or else the kernel's; printable */
	int waits; /* as py_thread_waits() */
	struct dump_time waiting;
	u64 task; /* address of the asyncio task that it runs; 0: none, or not known */
	char task_name[PY_STR_MAX]; /* "": not known; printable */
	struct py_stack stack;
	enum dump_native_how native_how;
	const struct dump_native *native; /* its native frames; NULL: not asked for */
};

/* What the stacks of a process add up to. */
struct dump_counts {
	size_t threads;
	size_t unsteady; /* it ran on while its stack was read, at every try */
	size_t torn; /* its frames ended in what is none */
	size_t frames, unknown; /* frames, and those of them whose code object could not be read */
	const struct dump_native_counts *native; /* NULL: not asked for */
};

/* To stdout, for people. */
void dump_print_process(const struct py_process *p);
void dump_print_interp(const struct dump_interp *d);
void dump_print_thread(const struct dump_thread *t);
void dump_print_counts(const struct dump_counts *c);

/* The same for programs.  NULL without memory. */
json_t *dump_json_process(const struct py_process *p);
json_t *dump_json_interp(const struct dump_interp *d);
json_t *dump_json_thread(const struct dump_thread *t);
json_t *dump_json_counts(const struct dump_counts *c);
json_t *dump_json_frame(const struct py_frame *f);

/* dump_since.c: since when; "not known" of everything where @s is NULL. */

struct dump_since;

/* Look at @p, which is borrowed, for so long.  NULL without memory. */
struct dump_since *dump_since_new(const struct py_process *p, u64 ns);
void dump_since_free(struct dump_since *s); /* NULL is fine */

/* One more look at @interp, as it was read now. */
void dump_since_interp(struct dump_since *s, const struct py_interp *interp,
		       struct dump_time *ret_held, struct dump_time *ret_collecting);

/* Likewise at its thread @t, of which py_thread_waits() says @waits. */
struct dump_time dump_since_thread(struct dump_since *s, const struct py_interp *interp,
				   const struct py_thread *t, int waits);

/* dump_native.c: native frames. */

struct dump_native;

/* Of the threads of @p; NULL with an errno in *@ret_err. */
struct dump_native *dump_native_new(const struct py_process *p, int *ret_err);
void dump_native_free(struct dump_native *d); /* NULL is fine */

/* Where @t is, at this moment: part of each walk over its Python frames. */
void dump_native_look(struct dump_native *d, const struct py_thread *t);

/* Walk what was seen last, and put it together with @s, its Python stack. */
enum dump_native_how dump_native_take(struct dump_native *d, const struct py_stack *s);

/*
 * dump_native_next - the frames of @s with the native ones between them, the newest first
 * @d: NULL: the Python ones alone
 * @at: 0 at first
 */
bool dump_native_next(const struct dump_native *d, const struct py_stack *s, u32 *at,
		      struct dump_frame *ret_f);

const struct dump_native_counts *dump_native_counts(const struct dump_native *d);

/* dump_tasks.c: asyncio's tasks of an interpreter. */

struct dump_tasks;

/* Those of @threads, which are all of @interp, and of threads that have ended.  NULL without
 * memory. */
struct dump_tasks *dump_tasks_new(struct py_tasks *from, const struct py_interp *interp,
				  const struct py_thread *threads, int nthreads);
void dump_tasks_free(struct dump_tasks *t); /* NULL is fine */

/* To stdout: each below one that waits for it. */
void dump_tasks_print(struct dump_tasks *t);

/* All of them, borrowed. */
json_t *dump_tasks_json(const struct dump_tasks *t);

/* There are more than those, or their list changed while it was read. */
bool dump_tasks_more(const struct dump_tasks *t);

#endif
