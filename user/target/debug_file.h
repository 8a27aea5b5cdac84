/* The separate file with a build's debug information. */
#ifndef GS_USER_TARGET_DEBUG_FILE_H
#define GS_USER_TARGET_DEBUG_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * debug_file_open - open the debug file of @build_id (hex, as the linker wrote it)
 * @root: where the process's root is: "/proc/PID/root", or ""
 * @path: its path (@size bytes), for messages
 * @ret_ours: it is from our own root or from debuginfod, so not the work of whoever made @root
 *
 * Looked for below /usr/lib/debug/.build-id in @root, then here; then asked of debuginfod, if the
 * user has set DEBUGINFOD_URLS (debuginfod_find_debuginfo(3), which keeps what it has fetched).
 * That is done by another process, which has FETCH_MAX_S seconds, and said on stderr.  What a
 * server sends is not to be trusted: check its build id.
 * Return: a file descriptor, the caller's; -1: there is none.
 */
int debug_file_open(const char *root, const char *build_id, char *path, size_t size,
		    bool *ret_ours);

#endif
