/*
 * The hash table behind dict and set: open addressing, in order of insertion.
 *
 *   index    [ -1 | 2 | -1 | 0 | -2 | 1 | -1 | -1 ]   2^k slots: number of an entry,
 *                   │        │         │               -1 empty, -2 deleted
 *   entries  [ a:1 ][ b:2 ][ c:3 ][ … ]                in order of insertion
 *
 * Invariants: at most two thirds of the slots are not empty, so every search ends; an entry
 * is deleted by setting its key to NULL and its slot to -2; growing the table leaves deleted
 * entries out.  Searching runs code of the keys (==) which may change the table: @version
 * tells, and the search starts anew.
 */
#ifndef RT_TABLE_H
#define RT_TABLE_H

#include "runtime/rt_object.h"
#include "runtime/rt_type.h"

struct rt_entry {
	uint64_t hash;
	struct rt_object *key; /* NULL: deleted */
	struct rt_object *value; /* NULL in a set */
};

struct rt_table { /* starts as all zero */
	struct rt_entry *entries; /* one block with the index behind it; NULL: no room yet */
	int32_t *index;
	size_t slots; /* a power of 2, or 0 */
	size_t fill; /* entries in use, deleted ones included */
	size_t live; /* without them */
	uint64_t version; /* changes with each insertion and deletion */
};

/* Find @key: 1 and the entry's number, 0 if it is not there, -1 (unhashable, == failed). */
int rt_table_find(struct rt_table *t, struct rt_object *key, size_t *ret_entry);

/* Find the str key @name; runs no code and cannot fail. */
bool rt_table_find_name(const struct rt_table *t, const char *name, size_t *ret_entry);

/*
 * Insert @key with @value (may be NULL) or give it a new value; the first key stays.
 * 1 if it is new, 0 if it was there, -1.
 */
int rt_table_put(struct rt_table *t, struct rt_object *key, struct rt_object *value);

/* Delete @key: 1 if it was there, 0 if not, -1. */
int rt_table_delete(struct rt_table *t, struct rt_object *key);

/* Delete entry number @entry, giving its references to the caller in *@ret_entry. */
void rt_table_take(struct rt_table *t, size_t entry, struct rt_entry *ret_entry);

/* The next live entry from *@position on, which is moved behind it; NULL at the end. */
struct rt_entry *rt_table_next(const struct rt_table *t, size_t *position);

/* Make @to, which is empty, a copy of @from.  0 or -1. */
int rt_table_copy(struct rt_table *to, const struct rt_table *from);

/* Visit all keys and values; drop all. */
int rt_table_traverse(const struct rt_table *t, rt_visit visit, void *arg);
void rt_table_clear(struct rt_table *t);

#endif
