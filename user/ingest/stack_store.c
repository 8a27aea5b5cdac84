/* Stacks by id, and the texts they share; see stack_store.h.  Both are tables with open addressing,
 * at most half full. */
#include "user/ingest/stack_store.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 1024 /* a power of two */
#define PRIME 0x9e3779b97f4a7c15ULL

struct text {
	u64 hash;
	char s[];
};

struct stack {
	u64 id;
	struct fig_frames *frames;
};

struct stack_store {
	unsigned int users;
	size_t bytes;
	struct text **texts; /* NULL: free */
	size_t ntexts, text_room;
	struct stack *stacks; /* id 0: free */
	size_t nstacks, stack_room;
};

static u64 mix(u64 hash, u64 v)
{
	hash = (hash ^ v) * PRIME;
	return hash ^ hash >> 32;
}

static u64 hash_text(const char *s)
{
	u64 hash = 0;

	for (; *s; s++)
		hash = mix(hash, (unsigned char)*s);
	return hash | 1;
}

struct stack_store *stack_store_new(void)
{
	struct stack_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->users = 1;
	s->text_room = s->stack_room = FIRST_ROOM;
	s->texts = calloc(s->text_room, sizeof(struct text *));
	s->stacks = calloc(s->stack_room, sizeof(*s->stacks));
	if (s->texts && s->stacks)
		return s;
	stack_store_drop(s);
	return NULL;
}

struct stack_store *stack_store_share(struct stack_store *s)
{
	s->users++;
	return s;
}

void stack_store_drop(struct stack_store *s)
{
	if (!s || --s->users)
		return;
	for (size_t i = 0; s->texts && i < s->text_room; i++)
		free(s->texts[i]);
	for (size_t i = 0; s->stacks && i < s->stack_room; i++)
		free(s->stacks[i].frames);
	free(s->texts);
	free(s->stacks);
	free(s);
}

static struct text **text_slot(struct text **texts, size_t room, u64 hash, const char *s)
{
	size_t i = hash & (room - 1);

	while (texts[i] && (texts[i]->hash != hash || strcmp(texts[i]->s, s)))
		i = (i + 1) & (room - 1);
	return &texts[i];
}

static bool grow_texts(struct stack_store *s)
{
	size_t room = s->text_room * 2;
	struct text **more;

	if (s->ntexts * 2 < s->text_room)
		return true;
	more = calloc(room, sizeof(struct text *));
	if (!more)
		return false;
	for (size_t i = 0; i < s->text_room; i++)
		if (s->texts[i])
			*text_slot(more, room, s->texts[i]->hash, s->texts[i]->s) = s->texts[i];
	free(s->texts);
	s->texts = more;
	s->text_room = room;
	return true;
}

/* The store's own copy of @text; NULL: none, or no room. */
static const char *keep_text(struct stack_store *s, const char *text)
{
	size_t size;
	struct text **at, *t;
	u64 hash;

	if (!text || !grow_texts(s))
		return NULL;
	hash = hash_text(text);
	at = text_slot(s->texts, s->text_room, hash, text);
	if (*at)
		return (*at)->s;
	size = strlen(text) + 1;
	t = malloc(sizeof(*t) + size);
	if (!t)
		return NULL;
	t->hash = hash;
	memcpy(t->s, text, size);
	*at = t;
	s->ntexts++;
	s->bytes += sizeof(*t) + size;
	return t->s;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_frame(const struct fig_frame *a, const struct fig_frame *b)
{
	return a->line == b->line && a->first_line == b->first_line && a->flags == b->flags &&
	       same_text(a->function, b->function) && same_text(a->file, b->file);
}

static bool same_stack(const struct fig_frames *a, const struct fig_frames *b)
{
	bool same = a->n == b->n && a->truncated == b->truncated && a->torn == b->torn;

	for (u32 i = 0; same && i < a->n; i++)
		same = same_frame(&a->frame[i], &b->frame[i]);
	return same;
}

static u64 id_of(const struct fig_frames *f, const u64 *unknown)
{
	u64 id = mix(f->n, (u64)f->truncated << 1 | f->torn);

	for (u32 i = 0; i < f->n; i++) {
		const struct fig_frame *frame = &f->frame[i];

		id = mix(id, frame->function ? hash_text(frame->function) : 0);
		id = mix(id, frame->file ? hash_text(frame->file) : 0);
		id = mix(id, (u64)frame->line << 32 | frame->first_line);
		id = mix(id, frame->flags);
		if (!frame->function && unknown)
			id = mix(id, unknown[i]);
	}
	return id ? id : 1;
}

static struct stack *stack_slot(struct stack *stacks, size_t room, u64 id)
{
	size_t i = id & (room - 1);

	while (stacks[i].id && stacks[i].id != id)
		i = (i + 1) & (room - 1);
	return &stacks[i];
}

static bool grow_stacks(struct stack_store *s)
{
	size_t room = s->stack_room * 2;
	struct stack *more;

	if (s->nstacks * 2 < s->stack_room)
		return true;
	more = calloc(room, sizeof(*more));
	if (!more)
		return false;
	for (size_t i = 0; i < s->stack_room; i++)
		if (s->stacks[i].id)
			*stack_slot(more, room, s->stacks[i].id) = s->stacks[i];
	free(s->stacks);
	s->stacks = more;
	s->stack_room = room;
	return true;
}

static struct fig_frames *copy(struct stack_store *s, const struct fig_frames *f)
{
	size_t size = sizeof(*f) + f->n * sizeof(f->frame[0]);
	struct fig_frames *to = malloc(size);

	if (!to)
		return NULL;
	memcpy(to, f, size);
	for (u32 i = 0; i < f->n; i++) {
		to->frame[i].function = keep_text(s, f->frame[i].function);
		to->frame[i].file = keep_text(s, f->frame[i].file);
	}
	s->bytes += size;
	return to;
}

const struct fig_frames *stack_store_put(struct stack_store *s, const struct fig_frames *f,
					 const u64 *unknown, u64 *ret_id)
{
	u64 id = id_of(f, unknown);
	struct stack *at;

	if (!grow_stacks(s))
		return NULL;
	/* Two that differ and have one hash are told apart, if they ever are. */
	while ((at = stack_slot(s->stacks, s->stack_room, id))->id && !same_stack(at->frames, f))
		id++;
	*ret_id = id;
	if (at->id)
		return at->frames;
	if (!id || s->bytes > STACK_STORE_MAX)
		return NULL;
	at->frames = copy(s, f);
	if (!at->frames)
		return NULL;
	at->id = id;
	s->nstacks++;
	return at->frames;
}

size_t stack_store_bytes(const struct stack_store *s)
{
	return s->bytes;
}
