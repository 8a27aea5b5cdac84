/* Stacks by number; see stack_tree.h. */
#include "user/model/stack_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

struct stack_tree_function {
	char *name, *file; /* owned; NULL: unknown */
	u32 first_line;
	bool known;
};

struct stack_tree_frame {
	u32 caller, function, line, flags;
	bool known;
	struct fig_frames *stack; /* owned; made when asked for */
};

/* Room for element @at of *@array.  0 or -ENOMEM. */
static int make_room(void **array, size_t *room, size_t at, size_t size)
{
	size_t want = *room ? *room : FIRST_ROOM;
	char *more;

	if (at < *room)
		return 0;
	while (want <= at)
		want *= 2;
	more = realloc(*array, want * size);
	if (!more)
		return -ENOMEM;
	memset(more + *room * size, 0, (want - *room) * size);
	*array = more;
	*room = want;
	return 0;
}

static char *keep(struct stack_tree *t, const char *text)
{
	size_t size = text ? strlen(text) + 1 : 1;

	if (size == 1 || t->bytes + size > STACK_TREE_BYTES)
		return NULL;
	t->bytes += size;
	return strdup(text);
}

static int add_function(struct stack_tree *t, const struct event *ev)
{
	struct stack_tree_function *f;
	int err = make_room((void **)&t->functions, &t->functions_room, ev->function, sizeof(*f));

	if (err)
		return err;
	f = &t->functions[ev->function];
	if (f->known)
		return 0;
	f->known = true;
	f->name = keep(t, ev->text[EVENT_FUNCTION_NAME]);
	f->file = keep(t, ev->text[EVENT_FUNCTION_FILE]);
	f->first_line = ev->first_line;
	return 0;
}

static int add_frame(struct stack_tree *t, const struct event *ev)
{
	struct stack_tree_frame *f;
	int err = make_room((void **)&t->frames, &t->frames_room, ev->frame, sizeof(*f));

	if (err)
		return err;
	f = &t->frames[ev->frame];
	if (f->known)
		return 0;
	*f = (struct stack_tree_frame) {
		.caller = ev->caller,
		.function = ev->function,
		.line = ev->line,
		.flags = ev->frame_flags,
		.known = true,
	};
	return 0;
}

int stack_tree_event(struct stack_tree *t, const struct event *ev)
{
	if (ev->kind == EVENT_FUNCTION && ev->function && ev->function <= STACK_TREE_MAX)
		return add_function(t, ev);
	if (ev->kind == EVENT_FRAME && ev->frame && ev->frame <= STACK_TREE_MAX &&
	    ev->caller < ev->frame)
		return add_frame(t, ev);
	return 0;
}

static const struct stack_tree_frame *frame_at(const struct stack_tree *t, u32 frame)
{
	return frame < t->frames_room && t->frames[frame].known ? &t->frames[frame] : NULL;
}

/* Frame @f as figures have it; its texts are the tree's. */
static struct fig_frame frame_of(const struct stack_tree *t, const struct stack_tree_frame *f)
{
	struct fig_frame to = { .line = f->line, .flags = f->flags & EVENT_FRAME_OWN };

	if (f->function < t->functions_room) {
		to.function = t->functions[f->function].name;
		to.file = t->functions[f->function].file;
		to.first_line = t->functions[f->function].first_line;
	}
	return to;
}

bool stack_tree_at(const struct stack_tree *t, u32 frame, struct stack_tree_at *ret)
{
	const struct stack_tree_frame *f = frame_at(t, frame);

	if (f)
		*ret = (struct stack_tree_at) { f->caller, f->function, frame_of(t, f) };
	return f;
}

/* Frames whose callers are not known are the oldest of a torn stack: their event is lost. */
static void fill(const struct stack_tree *t, u32 frame, struct fig_frames *to)
{
	const struct stack_tree_frame *f = frame_at(t, frame);

	for (; f && to->n < STACK_TREE_DEPTH; f = frame_at(t, frame)) {
		to->frame[to->n++] = frame_of(t, f);
		to->truncated = f->flags & EVENT_FRAME_CUT;
		to->torn = f->flags & EVENT_FRAME_TORN;
		frame = f->caller;
	}
	if (f)
		to->truncated = true;
	else if (frame)
		to->torn = true;
}

const struct fig_frames *stack_tree_frames(struct stack_tree *t, u32 frame)
{
	union {
		struct fig_frames f;
		char room[sizeof(struct fig_frames) + STACK_TREE_DEPTH * sizeof(struct fig_frame)];
	} all;
	struct stack_tree_frame *at;
	size_t size;

	if (!frame_at(t, frame))
		return NULL;
	at = &t->frames[frame];
	if (at->stack)
		return at->stack;
	all.f.n = 0;
	all.f.truncated = all.f.torn = false;
	fill(t, frame, &all.f);
	size = sizeof(all.f) + all.f.n * sizeof(all.f.frame[0]);
	if (t->bytes + size > STACK_TREE_BYTES)
		return NULL;
	at->stack = malloc(size);
	if (!at->stack)
		return NULL;
	memcpy(at->stack, &all.f, size);
	t->bytes += size;
	return at->stack;
}

void stack_tree_done(struct stack_tree *t)
{
	for (size_t i = 0; i < t->functions_room; i++) {
		free(t->functions[i].name);
		free(t->functions[i].file);
	}
	for (size_t i = 0; i < t->frames_room; i++)
		free(t->frames[i].stack);
	free(t->functions);
	free(t->frames);
	*t = (struct stack_tree) {};
}
