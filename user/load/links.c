/* Keeping and closing links; see links.h. */
#include "user/load/links.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "user/base/thread.h"

#define MAX_CLOSERS 64

struct kept {
	struct bpf_link *link;
	enum link_kind kind;
};

struct attached {
	struct kept *links;
	size_t count, room;
	struct thread closers[MAX_CLOSERS];
	size_t nclosers;
};

struct attached *attached_new(void)
{
	return calloc(1, sizeof(struct attached));
}

int links_add(struct attached *a, struct bpf_link *link, enum link_kind kind)
{
	if (a->count == a->room) {
		size_t room = a->room ? a->room * 2 : 32;
		struct kept *links = realloc(a->links, room * sizeof(*links));

		if (!links) {
			bpf_link__destroy(link);
			return -ENOMEM;
		}
		a->links = links;
		a->room = room;
	}
	a->links[a->count++] = (struct kept) { link, kind };
	return 0;
}

size_t links_count(const struct attached *a)
{
	return a->count;
}

static void close_link(void *link)
{
	bpf_link__destroy(link);
}

static void wait_for_closers(struct attached *a)
{
	while (a->nclosers)
		thread_join(&a->closers[--a->nclosers]);
}

static int start_closer(struct attached *a, struct bpf_link *link)
{
	int err;

	if (a->nclosers == MAX_CLOSERS)
		wait_for_closers(a);
	err = thread_start(&a->closers[a->nclosers], close_link, link);
	if (!err)
		a->nclosers++;
	return err;
}

static void drop(struct attached *a, struct bpf_link *link)
{
	if (start_closer(a, link))
		bpf_link__destroy(link);
}

void links_drop(struct attached *a, size_t from)
{
	while (a->count > from) {
		drop(a, a->links[--a->count].link);
	}
}

void attached_leave(struct attached *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->count; i++) {
		if (a->links[i].kind == LINK_BREAKPOINTS)
			a->links[kept++] = a->links[i];
		else
			drop(a, a->links[i].link);
	}
	a->count = kept;
	wait_for_closers(a);
}

struct attached *attached_free(struct attached *a)
{
	if (!a)
		return NULL;
	links_drop(a, 0);
	wait_for_closers(a);
	free(a->links);
	free(a);
	return NULL;
}
