/*
 * The threads of a process and their names: Python's own (threading.Thread.name) where it can
 * be read, else the kernel's comm.  Kept between readings, so that a name is read once.
 */
#ifndef GS_USER_INGEST_THREAD_LIST_H
#define GS_USER_INGEST_THREAD_LIST_H

#include <stddef.h>

#include "user/target/process.h"

struct thread_info {
	pid_t tid;
	pid_t ns_tid;
	char *name; /* owned, printable */
	bool python_name;
	bool alive; /* at the last refresh */
	bool has_slot; /* free for the reading's own use */
	u32 asked; /* how often Python was asked for its name */
};

struct thread_list {
	struct thread_info *threads; /* by tid */
	size_t count, room;
};

/*
 * Bring @l up to date with /proc/PID/task, forgetting the dead, and name the new.
 * A process that is gone has no threads: not an error.  0 or -ENOMEM.
 */
int thread_list_refresh(struct thread_list *l, const struct py_process *p);

/* The thread @tid, or NULL. */
struct thread_info *thread_list_find(const struct thread_list *l, pid_t tid);

void thread_list_clear(struct thread_list *l);

#endif
