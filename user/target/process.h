/*
 * A CPython process: which file is its interpreter, where that is in its memory, and what
 * can be read out of it.
 */
#ifndef GS_USER_TARGET_PROCESS_H
#define GS_USER_TARGET_PROCESS_H

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "user/base/err.h"
#include "user/target/binary.h"

struct binaries; /* cache of struct py_binary */

struct py_process {
	pid_t pid; /* as the host sees it */
	pid_t ns_pid; /* as its own pid namespace does */
	u64 start_ticks; /* field 22 of /proc/PID/stat: with pid, its identity */
	u64 image; /* of the program that it executed last: proc_status.h */
	char *command; /* owned; command line, printable, cut to 256 bytes */
	char *cgroup; /* owned; path of its control group, printable; NULL: not known */
	const struct py_binary *binary; /* borrowed from the cache */
	/* Path that opens the mapped file itself, for uprobes: /proc/PID/map_files/… where it
	 * can be opened, else /proc/PID/root/….  Valid while the process lives. */
	char open_path[128];
	u64 load_bias; /* address in memory - address in the file */
	u64 runtime_addr; /* of _PyRuntime in its memory */
	/* Of the main interpreter's GIL; 0: not known yet.  Not 0 does not say that it was made:
	 * process_gil() does. */
	u64 gil_addr;
	u64 gc_stats_addr; /* of the main interpreter's generation_stats[0], or of
			    * the rings it points to (3.15); 0: as above */
	u64 gc_rings_addr; /* of that pointer; 0: there is none */
};

/* @count_symbol: function that the calls family counts, NULL if none; must outlive the cache. */
struct binaries *binaries_new(const char *count_symbol); /* NULL without memory */
void binaries_free(struct binaries *b); /* NULL is fine */

/*
 * process_identify - what CPython runs in @pid?
 * @families: GS_FAMILY_BIT()s whose sites are wanted; their sites are in ->binary->sites
 *            afterwards (a binary in the cache is completed)
 *
 * Return: 0, or a negative errno with @e set to one line and its exit code:
 * -ESRCH (4) no such process, a kernel thread, a zombie; -EPERM/-EACCES (3); -ENOEXEC (4) not
 * CPython, and what it is instead where that can be told (PyPy, Python 2, 32-bit, a shell
 * script, not yet initialised); -ENOTSUP (5) CPython of a version or build not supported, or
 * evidence missing: names what is missing.
 */
int process_identify(pid_t pid, u32 families, struct binaries *cache, struct py_process **ret_p,
		     struct err *e);

/* Free.  NULL is fine.  Returns NULL. */
struct py_process *process_free(struct py_process *p);

/*
 * Is @p still what it was when it was identified?  False: it has ended, or executed another program
 * since, or does now.  True where we may not know.
 */
bool process_is_same(const struct py_process *p);

/* Is @pid plausibly CPython (cheap: maps only)?  For --all and ps.  False for ourselves. */
bool process_looks_like_python(pid_t pid);

/*
 * Call @each for every process on the host (kernel threads left out) until it returns
 * non-zero.  Return: what @each returned last, or a negative errno from /proc.
 */
int process_each(int (*each)(pid_t pid, void *arg), void *arg);

/*
 * The same for the next @n of them, kernel threads included: a walk through all in parts.
 * *@walk: where it is, NULL at its begin and once it is through; process_walk_end() breaks it off.
 */
int process_each_some(DIR **walk, size_t n, int (*each)(pid_t pid, void *arg), void *arg);
void process_walk_end(DIR **walk);

/* Call @each for every direct and indirect child of @pid.  As above. */
int process_each_child(pid_t pid, int (*each)(pid_t pid, void *arg), void *arg);

/*
 * Call @each for every direct child of @pid, without a look at all processes.  As above; none where
 * the kernel does not tell (CONFIG_PROC_CHILDREN).
 */
int process_each_own_child(pid_t pid, int (*each)(pid_t pid, void *arg), void *arg);

/*
 * Read @len bytes at @addr of @pid's memory: process_vm_readv, else /proc/PID/mem.
 * Return: 0, or a negative errno; -EFAULT if any byte could not be read.
 */
int process_read(pid_t pid, u64 addr, void *buf, size_t len);

/*
 * process_refresh - fill in gil_addr and gc_stats_addr if they were not known yet
 * For a program that was held at its start.  Return: 0; -EAGAIN if its interpreter is still
 * not made; -EBADMSG if its memory contradicts the layout; or a negative errno.
 */
int process_refresh(struct py_process *p);

/* The GIL as it is at one moment. */
struct gil_now {
	bool locked;
	u64 switch_number;
	u64 interval_us;
	pid_t holder_ns_tid; /* as its pid namespace sees it; 0: not held or unknown */
};

/* Return: 0, or a negative errno; -EAGAIN if the interpreter has no GIL yet. */
int process_gil(const struct py_process *p, struct gil_now *ret_now);

/*
 * process_gil_enabled - does the program use its GIL now?
 * False of a free-threaded build, but where PYTHON_GIL, -X gil or a module that needs it has
 * switched it on; true of every other.
 */
bool process_gil_enabled(const struct py_process *p);

/* The same for the GIL at @address, one of process_gils(). */
int process_gil_at(const struct py_process *p, u64 address, struct gil_now *ret_now);

/* Do its sites say which GIL they are about?  Else there may be but one in a process. */
bool process_tells_gils(const struct py_binary *b);

#define PROCESS_GILS_MAX 64

/*
 * process_gils - the GILs that the process has now
 * @ret_list: their addresses, the main interpreter's first, then those that other interpreters
 *            own (CPython 3.12+); the list is the program's, and may change while it is read
 * Return: how many; 0 if none is known yet; PROCESS_GILS_MAX if there may be more.
 */
size_t process_gils(const struct py_process *p, u64 ret_list[PROCESS_GILS_MAX]);

/* A thread's id in its own pid namespace; 0 if it is gone. */
pid_t process_ns_tid(pid_t pid, pid_t tid);

/* The host's tid of @ns_tid among the threads of @pid; 0 if there is none. */
pid_t process_host_tid(pid_t pid, pid_t ns_tid);

/*
 * process_tid_of_pthread - the kernel's id of the thread whose PyThreadState is at @tstate, as its
 * pid namespace sees it, where CPython keeps none (before 3.11); 0: not known
 */
pid_t process_tid_of_pthread(const struct py_process *p, u64 tstate);

/*
 * process_thread_names - Python's own names of its threads (threading.Thread.name)
 *
 * Reads threading._active out of the target's memory, best effort: the target runs on while
 * we read.  Calls @each with host tids and printable names.
 * Return: number of names told, or a negative errno (-ENOTSUP: layout unknown).
 */
int process_thread_names(const struct py_process *p,
			 void (*each)(pid_t tid, const char *name, void *arg), void *arg);

#endif
