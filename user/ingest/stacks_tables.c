/*
 * What the kernel told of stacks, and what was read of their costs: tables with open addressing, at
 * most half full.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/ingest/stacks_private.h"

#define FIRST_ROOM 1024 /* a power of two */
#define AT_ONCE 4096

static size_t slot_of(u64 hash, size_t room)
{
	return hash * 0x9e3779b97f4a7c15ULL >> 20 & (room - 1);
}

static struct stack_known *known_slot(struct stack_known *list, size_t room, u64 stack)
{
	size_t i = slot_of(stack, room);

	while (list[i].stack && list[i].stack != stack)
		i = (i + 1) & (room - 1);
	return &list[i];
}

/* A new table of those used since reading @used_from; the others are freed. */
static bool known_rebuild(struct stacks *s, size_t room, u32 used_from)
{
	struct stack_known *list = calloc(room, sizeof(*list));

	if (!list)
		return false;
	for (size_t i = 0; i < s->known_room; i++) {
		struct stack_known *k = &s->known[i];

		if (!k->stack)
			continue;
		if (k->used >= used_from) {
			*known_slot(list, room, k->stack) = *k;
			continue;
		}
		free(k->frames);
		free(k->native);
		s->nknown--;
	}
	free(s->known);
	s->known = list;
	s->known_room = room;
	return true;
}

struct stack_known *stacks_known_find(const struct stacks *s, u64 stack)
{
	struct stack_known *k;

	if (!stack || !s->known_room)
		return NULL;
	k = known_slot(s->known, s->known_room, stack);
	return k->stack ? k : NULL;
}

struct stack_known *stacks_known_add(struct stacks *s, u64 stack)
{
	struct stack_known *k;

	if (s->nknown * 2 >= s->known_room &&
	    !known_rebuild(s, s->known_room ? s->known_room * 2 : FIRST_ROOM, 0))
		return NULL;
	k = known_slot(s->known, s->known_room, stack);
	if (!k->stack)
		s->nknown++;
	k->stack = stack;
	return k;
}

void stacks_clean_known(struct stacks *s)
{
	static u64 keys[AT_ONCE];
	static u32 values[AT_ONCE];
	u32 at = 0, n;
	int end = 0;

	/* Those still in use are told again. */
	for (bool first = true; !end; first = false) {
		n = AT_ONCE;
		end = bpf_map_lookup_and_delete_batch(s->maps->stacks_known_fd, first ? NULL : &at,
						      &at, keys, values, &n, NULL);
		if (!end || end == -ENOENT)
			s->known_gone += n;
	}
	(void)known_rebuild(s, s->known_room, s->cleaned);
	s->cleaned = s->reading;
}

static struct stack_read *read_slot(struct stack_read *list, size_t room,
				    const struct gs_stack_key *key)
{
	size_t i = slot_of(key->stack ^ key->tid, room);

	while (list[i].key.pid && memcmp(&list[i].key, key, sizeof(*key)))
		i = (i + 1) & (room - 1);
	return &list[i];
}

/* A new table without those that are gone. */
static bool reads_rebuild(struct stacks *s, size_t room)
{
	struct stack_read *list = calloc(room, sizeof(*list));

	if (!list)
		return false;
	s->nreads = 0;
	for (size_t i = 0; i < s->reads_room; i++)
		if (s->reads[i].key.pid && !s->reads[i].gone) {
			*read_slot(list, room, &s->reads[i].key) = s->reads[i];
			s->nreads++;
		}
	free(s->reads);
	s->reads = list;
	s->reads_room = room;
	return true;
}

struct stack_read *stacks_read_of(struct stacks *s, const struct gs_stack_key *key)
{
	struct stack_read *r;

	if (s->nreads * 2 >= s->reads_room &&
	    !reads_rebuild(s, s->reads_room ? s->reads_room * 2 : FIRST_ROOM))
		return NULL;
	r = read_slot(s->reads, s->reads_room, key);
	if (!r->key.pid)
		s->nreads++;
	r->key = *key;
	return r;
}

void stacks_reads_trim(struct stacks *s)
{
	(void)reads_rebuild(s, s->reads_room);
}

void stacks_tables_free(struct stacks *s)
{
	for (size_t i = 0; i < s->known_room; i++) {
		free(s->known[i].frames);
		free(s->known[i].native);
	}
	free(s->known);
	free(s->reads);
}
