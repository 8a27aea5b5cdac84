/* Distinct stacks in a hash table, names in another; see trace_stacks.h. */
#include "user/export/trace_stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/utf8.h"

void trace_stack_begin(struct trace_stacks *s)
{
	s->len = 0;
}

void trace_stack_frame(struct trace_stacks *s, const char *text)
{
	if (s->len && s->len < sizeof(s->text))
		s->text[s->len++] = ';';
	trace_stack_text(s, text);
}

/* One character of a frame: what ends a frame or a line, or is none, is replaced. */
static size_t put(char *to, const char *from, size_t *ret_taken)
{
	u32 cp;
	size_t n = utf8_decode(from, &cp);

	*ret_taken = n ? n : 1;
	if (!n || cp < 32 || (cp >= 127 && cp < 160)) {
		*to = '?';
		return 1;
	}
	memcpy(to, from, n);
	if (*to == ';')
		*to = ',';
	return n;
}

void trace_stack_text(struct trace_stacks *s, const char *text)
{
	size_t end = s->len + TRACE_FRAME_MAX, taken;

	if (end > sizeof(s->text))
		end = sizeof(s->text);
	while (*text && s->len + 4 <= end) {
		s->len += put(s->text + s->len, text, &taken);
		text += taken;
	}
}

void trace_stack_number(struct trace_stacks *s, const char *before, u64 n, const char *after)
{
	char digits[24], *p = digits + sizeof(digits) - 1;

	*p = 0;
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	trace_stack_text(s, before);
	trace_stack_text(s, p);
	trace_stack_text(s, after);
}

/* Multiply and fold, 8 bytes at a time: the texts come from outside, but cannot gain much: the
 * number of places is bounded. */
static u64 hash_of(const char *text, size_t len)
{
	u64 h = len * 0x9e3779b97f4a7c15ULL, word;

	while (len) {
		size_t n = len < sizeof(word) ? len : sizeof(word);

		word = 0;
		memcpy(&word, text, n);
		h = (h ^ word) * 0x9fb21c651e98df25ULL;
		h ^= h >> 32;
		text += n;
		len -= n;
	}
	return h;
}

/* The place of the stack, or a free one. */
static struct trace_stack *place(struct trace_stack *at, size_t room, u64 hash, const char *text,
				 size_t len)
{
	size_t i = hash & (room - 1);

	while (at[i].len &&
	       (at[i].hash != hash || at[i].len != len || memcmp(at[i].text, text, len)))
		i = (i + 1) & (room - 1);
	return &at[i];
}

static int grow(struct trace_stacks *s)
{
	size_t room = s->room ? s->room * 2 : 256;
	struct trace_stack *at = calloc(room, sizeof(*at));

	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < s->room; i++) {
		struct trace_stack *t = &s->at[i];

		if (t->len)
			*place(at, room, t->hash, t->text, t->len) = *t;
	}
	free(s->at);
	s->at = at;
	s->room = room;
	return 0;
}

int trace_stack_add(struct trace_stacks *s, u64 weight)
{
	u64 hash = hash_of(s->text, s->len);
	struct trace_stack *t;

	if (!s->len)
		return 0;
	/* at most half full, so that looking stays short */
	if (s->used * 2 >= s->room && s->used < TRACE_STACKS_MAX && grow(s))
		return -ENOMEM;
	t = place(s->at, s->room, hash, s->text, s->len);
	if (!t->len) {
		if (s->used == TRACE_STACKS_MAX)
			return -ENOSPC;
		t->text = malloc(s->len);
		if (!t->text)
			return -ENOMEM;
		memcpy(t->text, s->text, s->len);
		t->len = s->len;
		t->hash = hash;
		s->used++;
	}
	t->sum += weight;
	return 0;
}

void trace_stacks_clear(struct trace_stacks *s)
{
	for (size_t i = 0; i < s->room; i++)
		free(s->at[i].text);
	free(s->at);
	s->at = NULL;
	s->room = s->used = 0;
}

/* The pointer to it, or to the NULL at the end of where it would be. */
static struct trace_name **name_at(struct trace_names *n, u32 tid)
{
	struct trace_name **at = &n->heads[tid % TRACE_NAMES_HEADS];

	while (*at && (*at)->tid != tid)
		at = &(*at)->next;
	return at;
}

static void drop(struct trace_name **at)
{
	struct trace_name *gone = *at;

	*at = gone->next;
	free(gone->name);
	free(gone);
}

int trace_names_set(struct trace_names *n, u32 pid, u32 tid, const char *name)
{
	struct trace_name **at = name_at(n, tid);
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at) {
			free(copy);
			return -ENOMEM;
		}
		(*at)->tid = tid;
	}
	free((*at)->name);
	(*at)->name = copy;
	(*at)->pid = pid;
	return 0;
}

const char *trace_names_find(const struct trace_names *n, u32 tid)
{
	const struct trace_name *t = n->heads[tid % TRACE_NAMES_HEADS];

	while (t && t->tid != tid)
		t = t->next;
	return t ? t->name : NULL;
}

void trace_names_forget(struct trace_names *n, u32 tid)
{
	struct trace_name **at = name_at(n, tid);

	if (*at)
		drop(at);
}

void trace_names_forget_process(struct trace_names *n, u32 pid)
{
	for (size_t i = 0; i < TRACE_NAMES_HEADS; i++) {
		struct trace_name **at = &n->heads[i];

		while (*at) {
			if (!pid || (*at)->pid == pid)
				drop(at);
			else
				at = &(*at)->next;
		}
	}
}
