/*
 * The links that are attached, and their closing: in parallel, in the background, waited for
 * at the end.
 */
#ifndef GS_USER_LOAD_LINKS_H
#define GS_USER_LOAD_LINKS_H

#include <stddef.h>

#include "user/load/attach.h"

struct bpf_link;

/* What a link has in place: only breakpoints are in the target's memory. */
enum link_kind { LINK_HOOK, LINK_BREAKPOINTS };

/* Keep @link, owned from here on; without memory it is destroyed: 0 or -ENOMEM. */
int links_add(struct attached *a, struct bpf_link *link, enum link_kind kind);

/* How many are kept: a mark for links_drop(). */
size_t links_count(const struct attached *a);

/* Detach those added since the mark @from, in the background. */
void links_drop(struct attached *a, size_t from);

#endif
