/*
 * Ids of the kernel's tracepoints, from tracefs.  Where it is not mounted it is mounted
 * privately, in a mount namespace of a child's own, and is gone with the child: the machine is
 * left as it was.
 */
#ifndef GS_USER_LOAD_TRACEFS_H
#define GS_USER_LOAD_TRACEFS_H

#include <stddef.h>

/*
 * tracefs_ids - the ids of @n tracepoints ("syscalls/sys_exit_poll")
 * @ret_ids: an id each; -ENOENT where the kernel has no such tracepoint
 *
 * Return: 0, or a negative errno when tracefs cannot be had at all.
 */
int tracefs_ids(const char *const *names, int *ret_ids, size_t n);

#endif
