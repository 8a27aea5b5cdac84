/*
 * The agent's privileges: what it goes on with, once it listens.
 *
 * Whoever starts it, it keeps these capabilities at most (capabilities(7)):
 *
 *   BPF, PERFMON        load programs, hook the scheduler, probe files of others (Linux 5.8)
 *   SYS_PTRACE          read the memory and the files of processes of others
 *   DAC_READ_SEARCH     read interpreters in folders of others
 *   CHECKPOINT_RESTORE  /proc/PID/map_files: files that are deleted or in other mount namespaces
 * (5.9) SYS_ADMIN           only instead of those of the first and the last line that it was not
 * given, or to mount tracefs for itself (exact mode and asyncio, where nobody
 *                       has)
 *
 * And no program that it might execute gets any (no_new_privs).
 */
#ifndef GS_USER_AGENT_PRIVILEGES_H
#define GS_USER_AGENT_PRIVILEGES_H

#include <stdbool.h>

#include "user/base/err.h"

/*
 * privileges_drop - keep no more than that: in this thread and those it starts from now on
 * @tracefs: it will be read
 *
 * What it was not given is no error here: what needs it says so.  Return: 0, or a negative errno
 * with
 * @e set, exit code 1.
 */
int privileges_drop(bool tracefs, struct err *e);

#endif
