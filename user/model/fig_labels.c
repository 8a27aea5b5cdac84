/* Distinct labels in a hash table; see fig_labels.h. */
#include "user/model/fig_labels.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/utf8.h"
#include "user/model/fig_rows.h"

u64 fig_label_hash(u64 hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (u8)*text) * 0x100000001b3ULL;
	return (hash ^ 0x100) * 0x100000001b3ULL; /* "ab", "c" is not "a", "bc" */
}

static size_t hash_of(const struct fig_label *l)
{
	u64 h = 0xcbf29ce484222325ULL ^ (u64)l->kind ^ (u64)l->id << 8 ^ (u64)l->first_line << 32;

	h = fig_label_hash(fig_label_hash(h, l->text), l->file);
	return (size_t)(h ^ h >> 29);
}

static bool same(const struct fig_label *a, const struct fig_label *b)
{
	return a->kind == b->kind && a->id == b->id && a->first_line == b->first_line &&
	       fig_same_text(a->text, b->text) && fig_same_text(a->file, b->file);
}

/* Where the number of @l is, or is to go. */
static u32 *slot_of(const struct fig_labels *labels, const struct fig_label *l)
{
	size_t mask = labels->nslots - 1, at = hash_of(l) & mask;

	while (labels->slots[at] && !same(&labels->list[labels->slots[at] - 1], l))
		at = (at + 1) & mask;
	return &labels->slots[at];
}

/*
 * Most of what is asked for was asked for a moment ago, with texts at the same addresses: then they
 * need not be read.
 */
#define MEMOS 1024

struct fig_label_memo {
	struct fig_label label;
	u32 number; /* one more than its own; 0: free */
};

static struct fig_label_memo *memo_of(const struct fig_labels *labels, const struct fig_label *l)
{
	u64 h = (uintptr_t)l->text ^ (u64)(uintptr_t)l->file << 7 ^ (u64)l->first_line << 32 ^
		l->id;

	return &labels->memo[h * 0x9e3779b97f4a7c15ULL >> 54];
}

static bool is_memo(const struct fig_label_memo *m, const struct fig_label *l)
{
	return m->number && m->label.text == l->text && m->label.file == l->file &&
	       m->label.first_line == l->first_line && m->label.id == l->id &&
	       m->label.kind == l->kind;
}

/* Room for one more; the table stays half empty. */
static bool grow(struct fig_labels *labels)
{
	size_t room = labels->room ? 2 * labels->room : 64;
	struct fig_label *list;

	if (labels->n < labels->room)
		return true;
	if (!labels->memo)
		labels->memo = calloc(MEMOS, sizeof(*labels->memo));
	if (!labels->memo)
		return false;
	if (room >= UINT32_MAX / 2)
		return false;
	list = realloc(labels->list, room * sizeof(*list));
	if (!list)
		return false;
	labels->list = list;
	free(labels->slots);
	labels->nslots = 2 * room;
	labels->slots = calloc(labels->nslots, sizeof(*labels->slots));
	if (!labels->slots) {
		fig_labels_done(labels);
		return false;
	}
	labels->room = room;
	for (size_t i = 0; i < labels->n; i++)
		*slot_of(labels, &labels->list[i]) = (u32)i + 1;
	return true;
}

u32 fig_labels_add(struct fig_labels *labels, const struct fig_label *l)
{
	struct fig_label_memo *memo;
	u32 *slot;

	if (!grow(labels))
		return FIG_LABEL_NONE;
	memo = memo_of(labels, l);
	if (is_memo(memo, l))
		return memo->number - 1;
	slot = slot_of(labels, l);
	if (!*slot) {
		labels->list[labels->n++] = *l;
		*slot = (u32)labels->n;
	}
	*memo = (struct fig_label_memo) { *l, *slot };
	return *slot - 1;
}

void fig_labels_done(struct fig_labels *labels)
{
	free(labels->list);
	free(labels->slots);
	free(labels->memo);
	*labels = (struct fig_labels) {};
}

static int compare_texts(const char *a, const char *b)
{
	return !a || !b ? !a - !b : strcmp(a, b);
}

int fig_label_compare(const struct fig_label *a, const struct fig_label *b)
{
	int by = compare_texts(a->text, b->text);

	if (!by)
		by = compare_texts(a->file, b->file);
	if (!by)
		by = (a->first_line > b->first_line) - (a->first_line < b->first_line);
	if (!by)
		by = (a->id > b->id) - (a->id < b->id);
	return by ? by : (int)a->kind - (int)b->kind;
}

/* No half of a character at the end of what snprintf() cut. */
static const char *whole(char *to)
{
	size_t n = strlen(to), from = n > 4 ? n - 4 : 0;
	u32 cp;

	while (from < n && ((u8)to[from] & 0xc0) == 0x80)
		from++;
	for (size_t len; from < n; from += len) {
		len = utf8_decode(to + from, &cp);
		if (!len) {
			to[from] = 0;
			break;
		}
	}
	return to;
}

const char *fig_label_text(const struct fig_label *l, char *to, size_t size)
{
	switch (l->kind) {
	case FIG_LABEL_ALL:
		snprintf(to, size, "all");
		break;
	case FIG_LABEL_PROCESS:
	case FIG_LABEL_THREAD:
		if (!l->id) {
			snprintf(to, size, "(threads that have ended)");
			break;
		}
		snprintf(to, size, "%s [%u]", l->text && *l->text ? l->text : "?", l->id);
		break;
	case FIG_LABEL_FUNCTION:
		snprintf(to, size, "%s", l->text && *l->text ? l->text : "(unknown)");
		break;
	case FIG_LABEL_NO_STACK:
		snprintf(to, size, "(no stack)");
		break;
	case FIG_LABEL_CUT:
		snprintf(to, size, "(older frames left out)");
		break;
	case FIG_LABEL_TORN:
		snprintf(to, size, "(older frames unreadable)");
		break;
	}
	return whole(to);
}

/* The end of @file that takes @columns at most, from behind a slash where there is one. */
static const char *tail(const char *file, size_t columns)
{
	size_t width;
	const char *at = file;

	utf8_fit(file, SIZE_MAX, &width);
	while (width > columns && *at) {
		const char *next = strchr(at, '/');
		u32 cp;

		at = next && next[1] ? next + 1 : at + (utf8_decode(at, &cp) ?: 1);
		utf8_fit(at, SIZE_MAX, &width);
	}
	return at;
}

const char *fig_label_place(const char *file, u32 first_line, size_t columns, char *to, size_t size)
{
	char line[16] = "";
	const char *end;

	if (!file) {
		snprintf(to, size, "?");
		return to;
	}
	if (first_line)
		snprintf(line, sizeof(line), ":%u", first_line);
	columns -= columns == SIZE_MAX		? 0
		   : strlen(line) + 1 < columns ? strlen(line) + 1
						: columns;
	end = tail(file, columns);
	snprintf(to, size, "%s%s%s", end > file ? "~" : "", end, line);
	return whole(to);
}
