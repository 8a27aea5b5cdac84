/*
 * Has a thread stood still while something was read of it?  Nothing is stopped for it.
 *
 * A thread that is not on a CPU does not run, and the kernel counts how often it has got one (the
 * third number of /proc/PID/task/TID/schedstat).  So what was read between two looks is of one
 * moment if the thread was off the CPU at the first and the count is the same at the second.  Of a
 * thread that wants to run, that is so on the CPU on which we are running ourselves: we move to the
 * CPU it is on, where it has to let us pass, as any other program would.
 *
 *   begin: count -> state, CPU (is it off?) -> [the caller reads] -> end: count again
 */
#ifndef GS_USER_TARGET_THREAD_STILL_H
#define GS_USER_TARGET_THREAD_STILL_H

#include <sched.h>
#include <sys/types.h>

#include "bpf/types.h"

struct thread_still {
	pid_t pid, tid;
	u64 count; /* times it got a CPU */
	bool off; /* it was on none at the first look */
	char state; /* as in proc(5), at the first look; 0: not known */
};

/* Begin to watch thread @tid of @pid.  May move the calling thread to another CPU. */
void thread_still_begin(struct thread_still *s, pid_t pid, pid_t tid);

/* Did it stand still since thread_still_begin()?  False also if that cannot be told. */
bool thread_still_end(const struct thread_still *s);

/* How often the thread has got a CPU: as long as that is the same, it has not run.  False: cannot
 * be told. */
bool thread_still_turns(pid_t pid, pid_t tid, u64 *ret_count);

/*
 * The number and state after the name in the text of /proc/PID/task/TID/stat: its state, and the
 * CPU it is on or was on last.  0, or -EINVAL.
 */
int thread_still_parse(const char *stat, char *ret_state, int *ret_cpu);

/* CPUs the calling thread may use, to be restored after the last look. */
void thread_still_keep(cpu_set_t *ret_set);
void thread_still_restore(const cpu_set_t *set);

#endif
