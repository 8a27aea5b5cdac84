/*
 * Start a program held at its first instruction: after the kernel's exec and the dynamic
 * loader, before the program's own code, so that its interpreter's file is mapped and can
 * be probed before any Python runs.
 */
#ifndef GS_USER_TARGET_LAUNCH_H
#define GS_USER_TARGET_LAUNCH_H

#include <sys/types.h>

#include "user/base/err.h"

struct launch;

/*
 * launch_start - run @argv (searched in PATH) up to the entry point of the first CPython it
 * executes (scripts with #!, env(1), pyenv's shims: the execs of the same process are followed)
 *
 * Return: 0, or a negative errno with @e set: -ENOENT/-EACCES (4) cannot be run; -ECHILD (4)
 * it ended before any CPython started.
 */
int launch_start(char **argv, struct launch **ret_l, struct err *e);

pid_t launch_pid(const struct launch *l);

/* Let it run, untraced from here on.  0 or a negative errno. */
int launch_resume(struct launch *l);

/* Its exit status as from waitpid(), once it has ended: 0 and *@ret_status, or -EAGAIN. */
int launch_status(struct launch *l, int *ret_status);

/*
 * Forget it.  A program still held is killed: it has not run an instruction of its own, and
 * nobody asked for it to run unmeasured.  NULL is fine.  Returns NULL.
 */
struct launch *launch_free(struct launch *l);

#endif
