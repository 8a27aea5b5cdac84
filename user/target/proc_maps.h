/*
 * /proc/PID/maps: the files a process has mapped.  Its text is the process's to shape (file
 * names are), so every field is checked and names are unescaped (\012 for a newline).
 */
#ifndef GS_USER_TARGET_PROC_MAPS_H
#define GS_USER_TARGET_PROC_MAPS_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "bpf/types.h"

struct proc_map {
	u64 start, end; /* addresses */
	u64 offset; /* of start, in the file */
	u64 inode; /* 0: no file */
	u32 major, minor; /* device, as maps shows it (not always as stat() does) */
	bool exec, write;
	char *path; /* owned; "" if none; " (deleted)" left as it is */
};

struct proc_maps {
	struct proc_map *list; /* owned; by address */
	size_t n;
};

/* Parse one line without its newline.  0 with ret_m->path malloc'd; -EINVAL; -ENOMEM. */
int proc_map_parse(const char *line, struct proc_map *ret_m);

/*
 * proc_maps_read - file mappings of @pid (anonymous ones and odd lines are left out)
 * Return: 0, or a negative errno: -ESRCH, -EACCES.  Free with proc_maps_free().
 */
int proc_maps_read(pid_t pid, struct proc_maps *ret_m);

void proc_maps_free(struct proc_maps *m);

/*
 * proc_map_open - open the file that @m of @pid maps
 * @path: the way to it is left here
 * Return: a descriptor, with *@ret_st; or a negative errno, -ESTALE: by path it is another by now.
 */
int proc_map_open(pid_t pid, const struct proc_map *m, char *path, size_t size,
		  struct stat *ret_st);

/*
 * proc_read_file - all of /proc/@pid/@name (or /proc/@name for pid 0), at most @max bytes,
 * NUL-terminated; *@ret_len (may be NULL) counts without that
 * Return: 0 and malloc'd *@ret_text, or a negative errno.
 */
int proc_read_file(pid_t pid, const char *name, size_t max, char **ret_text, size_t *ret_len);

#endif
