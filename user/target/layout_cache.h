/*
 * What debug information said of a build, kept for the next attach: reading it takes longer than
 * all the rest of finding the sites.
 */
#ifndef GS_USER_TARGET_LAYOUT_CACHE_H
#define GS_USER_TARGET_LAYOUT_CACHE_H

#include "user/target/layout.h"

/*
 * The cache is a file per build id (hex) in $GILSCOPE_CACHE, or else in /var/cache/gilscope, which
 * is made when it is needed; GILSCOPE_CACHE="" is none.  A folder or file that is not ours alone to
 * write is not read.  A build id stands for one build, so what is kept does not become old.
 */

/*
 * layout_cache_get - the fields of layout_fields.h that were kept of @build_id
 * Return: 0; -ENOENT if nothing (or nothing to be trusted) is kept, then @l is as before.
 */
int layout_cache_get(const char *build_id, struct py_layout *l);

/* Keep the fields of @l.  Best effort: that it cannot be kept is nobody's concern. */
void layout_cache_put(const char *build_id, const struct py_layout *l);

#endif
