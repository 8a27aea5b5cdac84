/* The hash table behind dict and set; see rt_table.h. */
#include "runtime/rt_table.h"

#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_error.h"
#include "runtime/rt_mem.h"
#include "runtime/rt_str.h"

#define EMPTY (-1)
#define DELETED (-2)
#define MIN_SLOTS 8
#define PERTURB_SHIFT 5

static size_t capacity(size_t slots)
{
	return slots * 2 / 3;
}

/*
 * The slots to try for a hash, one after the other: all of them in the end, and first those
 * that the high bits of the hash choose.
 */
struct probe {
	uint64_t perturb;
	size_t slot;
};

static struct probe probe_start(const struct rt_table *t, uint64_t hash)
{
	return (struct probe) { hash, hash & (t->slots - 1) };
}

static void probe_next(const struct rt_table *t, struct probe *p)
{
	p->perturb >>= PERTURB_SHIFT;
	p->slot = (p->slot * 5 + p->perturb + 1) & (t->slots - 1);
}

/* Whether @key equals that of @e; -1; -2: the table changed meanwhile. */
static int matches(struct rt_table *t, const struct rt_entry *e, struct rt_object *key,
		   uint64_t hash)
{
	uint64_t version = t->version;
	struct rt_object *there;
	int equal;

	if (e->key == key)
		return 1;
	if (e->hash != hash)
		return 0;
	there = rt_ref(e->key);
	equal = rt_equal(there, key);
	rt_unref(there);
	if (equal < 0)
		return -1;
	return t->version == version ? equal : -2;
}

/* Find @key, of which the hash is known. */
static int find(struct rt_table *t, struct rt_object *key, uint64_t hash, size_t *ret_entry)
{
	struct probe p;
	int32_t at;
	int r;

again:
	if (!t->slots)
		return 0;
	for (p = probe_start(t, hash); (at = t->index[p.slot]) != EMPTY; probe_next(t, &p)) {
		if (at == DELETED)
			continue;
		r = matches(t, &t->entries[at], key, hash);
		if (r == -2)
			goto again;
		if (r) {
			*ret_entry = (size_t)at;
			return r;
		}
	}
	return 0;
}

int rt_table_find(struct rt_table *t, struct rt_object *key, size_t *ret_entry)
{
	uint64_t hash;

	return rt_hash(key, &hash) < 0 ? -1 : find(t, key, hash, ret_entry);
}

bool rt_table_find_name(const struct rt_table *t, const char *name, size_t *ret_entry)
{
	uint64_t hash = rt_str_hash_bytes(name, strlen(name));
	const struct rt_entry *e;
	struct probe p;
	int32_t at;

	if (!t->slots)
		return false;
	for (p = probe_start(t, hash); (at = t->index[p.slot]) != EMPTY; probe_next(t, &p)) {
		if (at == DELETED)
			continue;
		e = &t->entries[at];
		if (e->hash == hash && rt_str_is(e->key, name)) {
			*ret_entry = (size_t)at;
			return true;
		}
	}
	return false;
}

/* Put entry number @at, which is not in the index, into its slot. */
static void index_entry(struct rt_table *t, size_t at)
{
	struct probe p = probe_start(t, t->entries[at].hash);

	while (t->index[p.slot] >= 0)
		probe_next(t, &p);
	t->index[p.slot] = (int32_t)at;
}

/* A new block with at least @slots slots, the live entries moved into it.  Runs no code. */
static int resize(struct rt_table *t, size_t wanted)
{
	struct rt_table new = { .version = t->version + 1, .slots = MIN_SLOTS };
	size_t position = 0, bytes;
	struct rt_entry *e;

	while (new.slots < wanted)
		new.slots *= 2;
	if (new.slots > INT32_MAX) {
		rt_raise_no_memory();
		return -1;
	}
	bytes = capacity(new.slots) * sizeof(*new.entries);
	new.entries = rt_mem_alloc(bytes + new.slots * sizeof(*new.index));
	if (!new.entries)
		return -1;
	new.index = (int32_t *)((char *)new.entries + bytes);
	memset(new.index, 0xff, new.slots * sizeof(*new.index));
	while ((e = rt_table_next(t, &position))) {
		new.entries[new.fill] = *e;
		index_entry(&new, new.fill++);
	}
	new.live = new.fill;
	rt_mem_free(t->entries);
	*t = new;
	return 0;
}

int rt_table_put(struct rt_table *t, struct rt_object *key, struct rt_object *value)
{
	uint64_t hash;
	size_t at;
	int r;

	if (rt_hash(key, &hash) < 0)
		return -1;
	r = find(t, key, hash, &at);
	if (r < 0)
		return -1;
	if (r) {
		rt_assign(&t->entries[at].value, rt_ref(value));
		return 0;
	}
	if (t->fill >= capacity(t->slots) && resize(t, t->live * 3) < 0)
		return -1;
	t->entries[t->fill] = (struct rt_entry) { hash, rt_ref(key), rt_ref(value) };
	index_entry(t, t->fill++);
	t->live++;
	t->version++;
	return 1;
}

void rt_table_take(struct rt_table *t, size_t entry, struct rt_entry *ret_entry)
{
	struct rt_entry *e = &t->entries[entry];
	struct probe p = probe_start(t, e->hash);

	while (t->index[p.slot] != (int32_t)entry)
		probe_next(t, &p);
	t->index[p.slot] = DELETED;
	*ret_entry = *e;
	e->key = e->value = NULL;
	t->live--;
	t->version++;
}

int rt_table_delete(struct rt_table *t, struct rt_object *key)
{
	struct rt_entry e;
	size_t at;
	int r = rt_table_find(t, key, &at);

	if (r <= 0)
		return r;
	rt_table_take(t, at, &e);
	rt_unref(e.key);
	rt_unref(e.value);
	return 1;
}

struct rt_entry *rt_table_next(const struct rt_table *t, size_t *position)
{
	while (*position < t->fill) {
		struct rt_entry *e = &t->entries[(*position)++];

		if (e->key)
			return e;
	}
	return NULL;
}

int rt_table_copy(struct rt_table *to, const struct rt_table *from)
{
	struct rt_entry *e;
	size_t position = 0;

	if (!from->live)
		return 0;
	if (resize(to, from->live * 3 / 2 + 1) < 0)
		return -1;
	while ((e = rt_table_next(from, &position))) {
		to->entries[to->fill] = *e;
		rt_ref(e->key);
		rt_ref(e->value);
		index_entry(to, to->fill++);
	}
	to->live = to->fill;
	return 0;
}

int rt_table_traverse(const struct rt_table *t, rt_visit visit, void *arg)
{
	struct rt_entry *e;
	size_t position = 0;
	int r = 0;

	while (!r && (e = rt_table_next(t, &position))) {
		r = visit(e->key, arg);
		if (!r && e->value)
			r = visit(e->value, arg);
	}
	return r;
}

/* First empty the table, then drop what was in it: that may run code that looks at it. */
void rt_table_clear(struct rt_table *t)
{
	struct rt_table old = *t;
	struct rt_entry *e;
	size_t position = 0;

	*t = (struct rt_table) { .version = old.version + 1 };
	while ((e = rt_table_next(&old, &position))) {
		rt_unref(e->key);
		rt_unref(e->value);
	}
	rt_mem_free(old.entries);
}
