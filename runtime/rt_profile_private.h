/* The tree of calls, which rt_profile.c fills and rt_profile_report.c reads. */
#ifndef RT_PROFILE_PRIVATE_H
#define RT_PROFILE_PRIVATE_H

#include <stdint.h>

struct profile_node {
	struct profile_node *parent; /* NULL: a thread's root */
	struct profile_node *next; /* sibling, or the next thread's root */
	struct profile_node *first; /* child */
	uint64_t calls;
	uint64_t total_ns, own_ns;
	char name[]; /* "" for a root */
};

/* A node, not yet linked to its parent's others; NULL: no memory. */
struct profile_node *profile_node_new(struct profile_node *parent, const char *name);

/* The child of @parent called @name, made if need be; NULL: no memory. */
struct profile_node *profile_node_child(struct profile_node *parent, const char *name);

/* Free @node and all below it. */
void profile_node_free(struct profile_node *node);

/* The first thread's root; the others are by next. */
struct profile_node *profile_roots(void);

/* The node that comes after @node in a walk from @root down; NULL: it was the last. */
struct profile_node *profile_node_after(const struct profile_node *root,
					const struct profile_node *node);

#endif
