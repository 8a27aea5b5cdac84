/* Dictionaries: values by hashable keys, in order of insertion.  See rt_table.h for how. */
#ifndef RT_DICT_H
#define RT_DICT_H

#include "runtime/rt_function.h"
#include "runtime/rt_object.h"
#include "runtime/rt_table.h"

struct rt_dict {
	struct rt_object base;
	struct rt_table table;
};

extern const struct rt_type rt_dict_type;
extern const struct rt_function_spec rt_dict_methods[];

/* An empty dict. */
struct rt_object *rt_dict_new(void);

/*
 * A dict of @n pairs, key before value, all stolen; NULL if one of them is NULL (an error):
 * rt_dict_of(1, rt_str_new("a"), rt_int_new(1)).
 */
struct rt_object *rt_dict_of(size_t n, ...);

/* A new dict of the same keys and values. */
struct rt_object *rt_dict_copy(struct rt_object *dict);

/* Number of keys; @dict is taken for granted to be one. */
size_t rt_dict_len(const struct rt_object *dict);

/* The value of @key, new: 1 and *@ret_value, 0 if it is not there, -1. */
int rt_dict_find(struct rt_object *dict, struct rt_object *key, struct rt_object **ret_value);

/* The value of @key; KeyError. */
struct rt_object *rt_dict_get(struct rt_object *dict, struct rt_object *key);

/* Set or replace the value of @key.  0 or -1. */
int rt_dict_set(struct rt_object *dict, struct rt_object *key, struct rt_object *value);

/* Remove @key.  1; 0 if it was not there; -1. */
int rt_dict_delete(struct rt_object *dict, struct rt_object *key);

/* The same with the key a str of text @name.  Finding does not allocate, nor run any code. */
int rt_dict_find_name(struct rt_object *dict, const char *name, struct rt_object **ret_value);
int rt_dict_set_name(struct rt_object *dict, const char *name, struct rt_object *value);
int rt_dict_delete_name(struct rt_object *dict, const char *name);

/* Set all pairs of the dict @from.  0 or -1. */
int rt_dict_update(struct rt_object *dict, struct rt_object *from);

/*
 * Walk a dict: true and the next pair, borrowed, while there is one.  *@position starts at 0.
 * Values may be replaced meanwhile; keys may not come or go.
 */
bool rt_dict_next(struct rt_object *dict, size_t *position, struct rt_object **ret_key,
		  struct rt_object **ret_value);

/* Lists of the keys, of the values, of (key, value) tuples: copies, not views. */
struct rt_object *rt_dict_keys(struct rt_object *dict);
struct rt_object *rt_dict_values(struct rt_object *dict);
struct rt_object *rt_dict_items(struct rt_object *dict);

#endif
