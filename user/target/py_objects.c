/* Invariant: sizes read from the target are compared with our own limits before use. */
#include "user/target/py_objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/process.h"

#define DICT_BYTES 64 /* enough of PyDictObject and PyDictKeysObject */
#define INDEX_LOG2_MAX 24
#define DICT_OFFSET_MAX 65536 /* of an instance's dict or values from it */
#define FLAG_INLINE_VALUES (1UL << 2) /* Py_TPFLAGS_INLINE_VALUES (3.13 object.h) */
#define VALUES_VALID 3 /* offset of PyDictValues.valid (3.13 pycore_dict.h) */
#define KIND_GENERAL 0 /* DICT_KEYS_GENERAL (3.11 pycore_dict.h) */
#define STATE_COMPACT (1U << 5)
#define STATE_ASCII (1U << 6)
#define STATE_KIND(s) ((s) >> 2 & 7)
#define FLAG_MANAGED_DICT (1UL << 4) /* Py_TPFLAGS_MANAGED_DICT (3.11 object.h) */

static u64 u64_at(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int py_read_u64(const struct py_memory *m, u64 addr, u64 *ret_v)
{
	u64 v;
	int r = process_read(m->pid, addr, &v, sizeof(v));

	if (!r)
		*ret_v = v;
	return r;
}

/* What the key table's head says: the bytes of its indices, and of an entry. */
static int sizes_of_keys(const struct py_layout *l, const u8 *head, u64 *ret_indices,
			 size_t *ret_entry)
{
	if (l->dk_size == GS_NO_FIELD) {
		if (head[l->dk_log2_index_bytes] > INDEX_LOG2_MAX)
			return -E2BIG;
		*ret_indices = 1ULL << head[l->dk_log2_index_bytes];
		*ret_entry = head[l->dk_kind] == KIND_GENERAL ? 24 : 16;
		return 0;
	}
	/* DK_IXSIZE() (3.9 Objects/dictobject.c) */
	*ret_indices = u64_at(head + l->dk_size);
	if (*ret_indices > 1U << INDEX_LOG2_MAX)
		return -E2BIG;
	*ret_indices *= *ret_indices <= 0xff ? 1 : *ret_indices <= 0xffff ? 2 : 4;
	*ret_entry = 24;
	return 0;
}

/* The key table at @keys; with @values, those instead of the table's own. */
static int read_keys(const struct py_memory *m, u64 keys, u64 values, struct py_entries *ret_e)
{
	const struct py_layout *l = m->layout;
	struct py_entries e = { 0 };
	u8 head[DICT_BYTES], *table = NULL;
	u64 n, at, indices;
	size_t size, i;
	int r = process_read(m->pid, keys, head, l->dk_indices);

	if (!r)
		r = sizes_of_keys(l, head, &indices, &size);
	if (r)
		return r;
	n = u64_at(head + l->dk_nentries);
	if (n > PY_DICT_ENTRIES_MAX)
		return -E2BIG;
	at = keys + l->dk_indices + indices;
	table = malloc(n * size + 1);
	e.list = calloc(n + 1, sizeof(*e.list));
	r = table && e.list ? process_read(m->pid, at, table, n * size) : -ENOMEM;
	for (i = 0; !r && i < n; i++) {
		e.list[i].key = u64_at(table + (i + 1) * size - 16);
		e.list[i].value = u64_at(table + (i + 1) * size - 8);
	}
	if (!r && values && n) {
		r = process_read(m->pid, values, table, n * 8);
		for (i = 0; !r && i < n; i++)
			e.list[i].value = u64_at(table + i * 8);
	}
	free(table);
	if (r) {
		free(e.list);
		return r;
	}
	e.n = n;
	*ret_e = e;
	return 0;
}

int py_dict_read(const struct py_memory *m, u64 addr, struct py_entries *ret_e)
{
	const struct py_layout *l = m->layout;
	u8 dict[DICT_BYTES];
	u64 values;
	int r;

	if (l->ma_values > sizeof(dict) - 8)
		return -ENOTSUP;
	r = process_read(m->pid, addr, dict, l->ma_values + 8);
	if (r)
		return r;
	values = u64_at(dict + l->ma_values);
	if (values && l->dv_values != GS_NO_FIELD)
		values += l->dv_values;
	return read_keys(m, u64_at(dict + l->ma_keys), values, ret_e);
}

/* An instance whose type has a place for its dict. */
static int dict_at_offset(const struct py_memory *m, u64 addr, u64 type, struct py_entries *ret_e)
{
	u64 offset, dict = 0;
	int r = py_read_u64(m, type + m->layout->tp_dictoffset, &offset);

	if (!r && (!offset || offset > DICT_OFFSET_MAX)) /* or counted from its end */
		r = -ENOTSUP;
	if (!r)
		r = py_read_u64(m, addr + offset, &dict);
	if (!r && !dict)
		r = -ENOENT;
	return r ? r : py_dict_read(m, dict, ret_e);
}

/* An instance that has its values, and no dict yet, behind it. */
static int inline_values(const struct py_memory *m, u64 addr, u64 type, struct py_entries *ret_e)
{
	const struct py_layout *l = m->layout;
	u64 size, keys;
	u8 valid = 0;
	int r = py_read_u64(m, type + l->tp_basicsize, &size);

	if (!r && size > DICT_OFFSET_MAX)
		r = -ENOTSUP;
	if (!r)
		r = process_read(m->pid, addr + size + VALUES_VALID, &valid, sizeof(valid));
	if (!r && !valid)
		r = -ENOENT;
	if (!r)
		r = py_read_u64(m, type + l->ht_cached_keys, &keys);
	return r ? r : read_keys(m, keys, addr + size + l->dv_values, ret_e);
}

int py_attributes_read(const struct py_memory *m, u64 addr, struct py_entries *ret_e)
{
	const struct py_layout *l = m->layout;
	u64 type, flags, values = 0, keys, dict = 0;
	int r = 0;

	if (py_read_u64(m, addr + l->ob_type, &type) || py_read_u64(m, type + l->tp_flags, &flags))
		return -EFAULT;
	if (l->obj_dict == GS_NO_FIELD || !(flags & FLAG_MANAGED_DICT))
		return dict_at_offset(m, addr, type, ret_e);
	if (l->obj_values != GS_NO_FIELD)
		r = py_read_u64(m, addr - l->obj_values, &values);
	if (l->obj_values == l->obj_dict) /* 3.12: tagged */
		values = values & 1 ? values + 1 : 0;
	if (!r && values) {
		r = py_read_u64(m, type + l->ht_cached_keys, &keys);
		return r ? r : read_keys(m, keys, values, ret_e);
	}
	if (!r)
		r = py_read_u64(m, addr - l->obj_dict, &dict);
	if (!r && !dict)
		return flags & FLAG_INLINE_VALUES ? inline_values(m, addr, type, ret_e) : -ENOENT;
	return r ? r : py_dict_read(m, dict, ret_e);
}

/* One character as UTF-8 into @to (4 bytes); its length; lone surrogates become '?'. */
static size_t utf8(u32 c, char *to)
{
	if (c >= 0xd800 && c <= 0xdfff)
		c = '?';
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | (c >> 18 & 7));
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

int py_str_read(const struct py_memory *m, u64 addr, char *text, size_t size)
{
	const struct py_layout *l = m->layout;
	u8 head[DICT_BYTES], data[PY_STR_MAX * 4];
	size_t n, i, used = 0, k;
	char one[4];
	u32 state, kind;
	int r;

	if (l->str_state + 4 > sizeof(head) || !size)
		return -ENOTSUP;
	r = process_read(m->pid, addr, head, l->str_state + 4);
	if (r)
		return r;
	memcpy(&state, head + l->str_state, sizeof(state));
	state >>= l->frames.str_state_shift & 31;
	kind = STATE_KIND(state);
	if (!(state & STATE_COMPACT) || (kind != 1 && kind != 2 && kind != 4))
		return -EINVAL;
	n = u64_at(head + l->str_length) < size ? u64_at(head + l->str_length) : size;
	addr += state & STATE_ASCII ? l->str_ascii_data : l->str_compact_data;
	for (i = 0; i < n; i++) {
		const size_t in = i % PY_STR_MAX;
		u32 c = 0;

		if (!in)
			r = process_read(m->pid, addr + i * kind, data,
					 (n - i < PY_STR_MAX ? n - i : PY_STR_MAX) * kind);
		if (r)
			return r;
		memcpy(&c, data + in * kind, kind);
		k = utf8(c < 0x110000 && c ? c : '?', one);
		if (used + k >= size)
			break;
		memcpy(text + used, one, k);
		used += k;
	}
	text[used] = '\0';
	return 0;
}

int py_int_read(const struct py_memory *m, u64 addr, u64 *ret_v)
{
	const struct py_layout *l = m->layout;
	bool tagged = l->lv_tag != GS_NO_FIELD;
	u64 size, v = 0;
	u32 digits[3], i;
	int r = py_read_u64(m, addr + (tagged ? l->lv_tag : l->ob_size), &size);

	if (r)
		return r;
	/* 0 positive, 1 zero, 2 negative (3.12 cpython/longintrepr.h) */
	if (tagged)
		size = (size & 3) == 2 ? UINT64_MAX : size >> 3;
	if (size > 3) /* or negative */
		return -ERANGE;
	r = process_read(m->pid, addr + l->ob_digit, digits, size * sizeof(digits[0]));
	if (r)
		return r;
	for (i = (u32)size; i > 0; i--) {
		if (digits[i - 1] >> 30 || v >> 33)
			return -ERANGE;
		v = v << 30 | digits[i - 1];
	}
	*ret_v = v;
	return 0;
}

u64 py_entry_find(const struct py_memory *m, const struct py_entries *e, const char *name)
{
	const u32 at = m->layout->str_ascii_data, state_at = m->layout->str_state;
	size_t n = strlen(name), i;
	u8 s[DICT_BYTES + 64];
	u32 state;

	if (at + n > sizeof(s))
		return 0;
	for (i = 0; i < e->n; i++) {
		if (!e->list[i].key || !e->list[i].value ||
		    process_read(m->pid, e->list[i].key, s, at + n))
			continue;
		memcpy(&state, s + state_at, sizeof(state));
		state >>= m->layout->frames.str_state_shift & 31;
		if (u64_at(s + m->layout->str_length) == n && state & STATE_ASCII &&
		    state & STATE_COMPACT && !memcmp(s + at, name, n))
			return e->list[i].value;
	}
	return 0;
}

u64 py_module_attribute(const struct py_memory *m, u64 interp, const char *module, const char *name)
{
	const char *const path[] = { module, name };
	struct py_entries e;
	u64 dict, found = 0;
	size_t i;

	if (py_read_u64(m, interp + m->layout->interp_modules, &dict))
		return 0;
	for (i = 0; i < 2; i++) {
		if (!dict || py_dict_read(m, dict, &e))
			return 0;
		found = py_entry_find(m, &e, path[i]);
		free(e.list);
		if (!found)
			return 0;
		if (i == 0 && py_read_u64(m, found + m->layout->md_dict, &dict))
			return 0;
	}
	return found;
}
