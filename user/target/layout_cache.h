/*
 * What debug information said of a build, kept for the next attach: reading it takes longer than
 * all the rest of finding the sites.
 */
#ifndef GS_USER_TARGET_LAYOUT_CACHE_H
#define GS_USER_TARGET_LAYOUT_CACHE_H

#include "user/target/layout.h"

/*
 * The cache is a file per id (hex) in $GILSCOPE_CACHE, or else in /var/cache/gilscope, which is
 * made when it is needed; GILSCOPE_CACHE="" is none.  A folder or file that is not ours alone to
 * write is not read.  An id is a build id, which stands for one build, or that of one file: either
 * way what is kept does not become old.  There are some 1000 files at most.
 */

#define LAYOUT_CACHE_ID_MAX 128 /* characters */

/*
 * layout_cache_get - the fields of layout_fields.h that were kept of @id
 * Return: 0; -ENOENT if nothing (or nothing to be trusted) is kept, then @l is as before.
 */
int layout_cache_get(const char *id, struct py_layout *l);

/* Keep the fields of @l.  Best effort: that it cannot be kept is nobody's concern. */
void layout_cache_put(const char *id, const struct py_layout *l);

/*
 * layout_cache_file_id - an id of the file open as @fd, which says it is of build @build_id (or
 * NULL)
 *
 * Device, inode, size and times: whoever can write the file cannot make it that of another.
 * Return: 0, or -ENOENT if it has none.
 */
int layout_cache_file_id(const char *build_id, int fd, char ret_id[LAYOUT_CACHE_ID_MAX + 1]);

#endif
