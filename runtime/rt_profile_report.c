/*
 * What the tree of calls says: functions, folded stacks.  Walks go from node to node without
 * recursion: a tree is as deep as the deepest call was.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_profile.h"
#include "runtime/rt_profile_private.h"

struct profile_node *profile_node_new(struct profile_node *parent, const char *name)
{
	size_t size = strlen(name) + 1;
	struct profile_node *node = calloc(1, sizeof(*node) + size);

	if (!node)
		return NULL;
	node->parent = parent;
	memcpy(node->name, name, size);
	return node;
}

struct profile_node *profile_node_child(struct profile_node *parent, const char *name)
{
	struct profile_node *node;

	for (struct profile_node **p = &parent->first; (node = *p); p = &node->next) {
		if (strcmp(node->name, name) != 0)
			continue;
		*p = node->next; /* to the front: it will be called again */
		node->next = parent->first;
		parent->first = node;
		return node;
	}
	node = profile_node_new(parent, name);
	if (!node)
		return NULL;
	node->next = parent->first;
	parent->first = node;
	return node;
}

struct profile_node *profile_node_after(const struct profile_node *root,
					const struct profile_node *node)
{
	if (node->first)
		return node->first;
	while (node != root && !node->next)
		node = node->parent;
	return node == root ? NULL : node->next;
}

void profile_node_free(struct profile_node *node)
{
	struct profile_node *at = node;

	for (;;) {
		struct profile_node *parent = at->parent, *child = at->first;

		if (child) {
			at->first = child->next;
			child->next = NULL;
			at = child;
			continue;
		}
		if (at == node)
			break;
		free(at);
		at = parent;
	}
	free(node);
}

/* Is a caller of @node the same function?  Its time is part of that one's then. */
static bool recursive(const struct profile_node *node)
{
	for (const struct profile_node *p = node->parent; p; p = p->parent) {
		if (!strcmp(p->name, node->name))
			return true;
	}
	return false;
}

/* The row of @name among the @n there are, made if need be; NULL: no memory. */
static struct rt_profile_function *row_of(struct rt_profile_function **rows, size_t *n,
					  const char *name)
{
	struct rt_profile_function *grown, *row;

	for (size_t i = 0; i < *n; i++) {
		if (!strcmp((*rows)[i].name, name))
			return &(*rows)[i];
	}
	grown = realloc(*rows, (*n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	*rows = grown;
	row = &grown[*n];
	*row = (struct rt_profile_function) { .name = strdup(name) };
	if (!row->name)
		return NULL;
	(*n)++;
	return row;
}

static int by_own_time(const void *a, const void *b)
{
	const struct rt_profile_function *x = a, *y = b;

	if (x->own_ns != y->own_ns)
		return x->own_ns < y->own_ns ? 1 : -1;
	return strcmp(x->name, y->name);
}

ptrdiff_t rt_profile_functions(struct rt_profile_function **ret)
{
	struct rt_profile_function *rows = NULL, *row;
	size_t n = 0;

	for (const struct profile_node *root = profile_roots(); root; root = root->next) {
		const struct profile_node *node = root;

		while ((node = profile_node_after(root, node))) {
			row = row_of(&rows, &n, node->name);
			if (!row) {
				rt_profile_free(rows, n);
				return -1;
			}
			row->calls += node->calls;
			row->own_ns += node->own_ns;
			row->total_ns += recursive(node) ? 0 : node->total_ns;
		}
	}
	if (n)
		qsort(rows, n, sizeof(*rows), by_own_time);
	*ret = rows;
	return (ptrdiff_t)n;
}

void rt_profile_free(struct rt_profile_function *functions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(functions[i].name);
	free(functions);
}

void rt_profile_print(FILE *out)
{
	struct rt_profile_function *f;
	ptrdiff_t n = rt_profile_functions(&f);

	fprintf(out, "%10s %12s %12s  %s\n", "calls", "own us", "total us", "function");
	for (ptrdiff_t i = 0; i < n; i++)
		fprintf(out, "%10" PRIu64 " %12.1f %12.1f  %s\n", f[i].calls,
			(double)f[i].own_ns / 1000, (double)f[i].total_ns / 1000, f[i].name);
	if (n >= 0)
		rt_profile_free(f, (size_t)n);
}

/* The names from the root to @node, ";" between them: @path is as long as the tree is deep. */
static void print_path(FILE *out, const struct profile_node *node, const char **path)
{
	size_t depth = 0;

	for (; node->parent; node = node->parent)
		path[depth++] = node->name;
	while (depth--)
		fprintf(out, "%s%s", path[depth], depth ? ";" : "");
}

static size_t depth_of(const struct profile_node *node)
{
	size_t depth = 0;

	for (; node->parent; node = node->parent)
		depth++;
	return depth;
}

void rt_profile_print_folded(FILE *out)
{
	for (const struct profile_node *root = profile_roots(); root; root = root->next) {
		const struct profile_node *node = root;

		while ((node = profile_node_after(root, node))) {
			const char **path = calloc(depth_of(node), sizeof(*path));

			if (!path)
				return;
			print_path(out, node, path);
			fprintf(out, " %" PRIu64 "\n", node->own_ns / 1000);
			free(path);
		}
	}
}
