/* /proc/PID/stat and status: what kind of process it is, and its ids in its namespace. */
#ifndef GS_USER_TARGET_PROC_STATUS_H
#define GS_USER_TARGET_PROC_STATUS_H

#include <sys/types.h>

#include "bpf/types.h"

struct proc_status {
	char state; /* as in proc(5): 'Z' zombie, 'X' dead */
	pid_t ppid;
	pid_t tgid; /* differs from the id asked for: that is a thread */
	pid_t ns_pid; /* in its own pid namespace */
	u64 start_ticks;
	/* Where its stack began when it executed its program: another place each time, where
	 * addresses are random.  0: there is no program, or none that we may know of (proc(5),
	 * startstack). */
	u64 image;
	bool executing; /* its program is only being put into its memory; or it is ending */
	u32 threads;
	uid_t uid; /* effective */
	bool kernel; /* a kernel thread */
};

/* Return: 0, or a negative errno (-ESRCH: there is none). */
int proc_status_read(pid_t pid, struct proc_status *ret_s);

/* The text of /proc/PID/stat ("pid (name) S ppid ...") into @s.  0 or -EINVAL. */
int proc_stat_parse(const char *text, struct proc_status *s);

/* The ids in the text of /proc/@pid/status into @s: tgid, ns_pid, uid.  Never fails. */
void proc_ids_parse(const char *text, pid_t pid, struct proc_status *s);

/* The innermost id in the NSpid line of /proc/@pid/task/@tid/status; 0 if it is gone. */
pid_t proc_ns_tid(pid_t pid, pid_t tid);

/* The command line (or [name]), printable, cut to @size.  Always terminated. */
void proc_command(pid_t pid, char *text, size_t size);

#endif
