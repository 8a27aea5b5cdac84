/* Numbers of functions and frames: arrays, and hash tables at most half full. */
#include "user/record/stack_numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/stack_tree.h"

#define FIRST_ROOM 256 /* a power of two */
#define PRIME 0x9e3779b97f4a7c15ULL

struct numbered_function {
	const char *name, *file; /* NULL: unknown */
	u64 first_line;
};

struct numbered_frame {
	u32 caller, function, line, flags;
};

static u64 mix(u64 hash, u64 v)
{
	hash = (hash ^ v) * PRIME;
	return hash ^ hash >> 32;
}

static u64 hash_function(const struct numbered_function *f)
{
	return mix(mix(mix(1, (uintptr_t)f->name), (uintptr_t)f->file), f->first_line);
}

static u64 hash_frame(const struct numbered_frame *f)
{
	return mix(mix(1, (u64)f->caller << 32 | f->function), (u64)f->line << 32 | f->flags);
}

static u32 *function_slot(const struct stack_numbers *n, const struct numbered_function *f)
{
	u32 mask = 2 * n->functions_room - 1, i = (u32)hash_function(f) & mask;

	while (n->function_slots[i] &&
	       memcmp(&n->functions[n->function_slots[i] - 1], f, sizeof(*f)))
		i = (i + 1) & mask;
	return &n->function_slots[i];
}

static u32 *frame_slot(const struct stack_numbers *n, const struct numbered_frame *f)
{
	u32 mask = 2 * n->frames_room - 1, i = (u32)hash_frame(f) & mask;

	while (n->frame_slots[i] && memcmp(&n->frames[n->frame_slots[i] - 1], f, sizeof(*f)))
		i = (i + 1) & mask;
	return &n->frame_slots[i];
}

/* Twice the room of a list and its slots, which are empty then.  0 or -ENOMEM. */
static int grow(void **list, size_t size, u32 **slots, u32 *room)
{
	u32 want = *room ? 2 * *room : FIRST_ROOM;
	void *more = realloc(*list, want * size);
	u32 *empty;

	if (!more)
		return -ENOMEM;
	*list = more;
	empty = calloc(2 * (size_t)want, sizeof(*empty));
	if (!empty)
		return -ENOMEM;
	free(*slots);
	*slots = empty;
	*room = want;
	return 0;
}

static int grow_functions(struct stack_numbers *n)
{
	int err = grow((void **)&n->functions, sizeof(*n->functions), &n->function_slots,
		       &n->functions_room);

	for (u32 i = 0; i < n->nfunctions && !err; i++)
		*function_slot(n, &n->functions[i]) = i + 1;
	return err;
}

static int grow_frames(struct stack_numbers *n)
{
	int err = grow((void **)&n->frames, sizeof(*n->frames), &n->frame_slots, &n->frames_room);

	for (u32 i = 0; i < n->nframes && !err; i++)
		*frame_slot(n, &n->frames[i]) = i + 1;
	return err;
}

static int tell_function(const struct stack_numbers *n, u32 number, u64 at_ns,
			 stack_numbers_fn *each, void *ctx)
{
	const struct numbered_function *f = &n->functions[number - 1];
	const struct event ev = {
		.kind = EVENT_FUNCTION,
		.ts_ns = at_ns,
		.function = number,
		.first_line = (u32)f->first_line,
		.text = {
			[EVENT_FUNCTION_NAME] = f->name ? f->name : "",
			[EVENT_FUNCTION_FILE] = f->file ? f->file : "",
		},
	};

	return each(ctx, &ev);
}

static int tell_frame(const struct stack_numbers *n, u32 number, u64 at_ns, stack_numbers_fn *each,
		      void *ctx)
{
	const struct numbered_frame *f = &n->frames[number - 1];
	const struct event ev = {
		.kind = EVENT_FRAME,
		.ts_ns = at_ns,
		.frame = number,
		.caller = f->caller,
		.function = f->function,
		.line = f->line,
		.frame_flags = f->flags,
	};

	return each(ctx, &ev);
}

/* The number of the function that @f is in; 0: there are too many. */
static int number_function(struct stack_numbers *n, const struct fig_frame *f, u64 at_ns,
			   stack_numbers_fn *each, void *ctx, u32 *ret)
{
	const struct numbered_function key = { f->function, f->file, f->first_line };
	u32 *slot;

	*ret = 0;
	if (n->nfunctions == n->functions_room && grow_functions(n))
		return -ENOMEM;
	slot = function_slot(n, &key);
	if (!*slot) {
		if (n->nfunctions == STACK_TREE_MAX)
			return 0;
		n->functions[n->nfunctions++] = key;
		*slot = *ret = n->nfunctions;
		return tell_function(n, *ret, at_ns, each, ctx);
	}
	*ret = *slot;
	return 0;
}

static int number_frame(struct stack_numbers *n, const struct numbered_frame *key, u64 at_ns,
			stack_numbers_fn *each, void *ctx, u32 *ret)
{
	u32 *slot;

	*ret = 0;
	if (n->nframes == n->frames_room && grow_frames(n))
		return -ENOMEM;
	slot = frame_slot(n, key);
	if (!*slot) {
		if (n->nframes == STACK_TREE_MAX)
			return 0;
		n->frames[n->nframes++] = *key;
		*slot = *ret = n->nframes;
		return tell_frame(n, *ret, at_ns, each, ctx);
	}
	*ret = *slot;
	return 0;
}

int stack_numbers_of(struct stack_numbers *n, const struct fig_frames *f, u64 at_ns,
		     stack_numbers_fn *each, void *ctx, u32 *ret_frame)
{
	u32 caller = 0,
	    cut = (f->truncated ? EVENT_FRAME_CUT : 0) | (f->torn ? EVENT_FRAME_TORN : 0);
	int err = 0;

	*ret_frame = 0;
	for (u32 i = f->n; i-- > 0 && !err;) {
		struct numbered_frame key = {
			.caller = caller,
			.line = f->frame[i].line,
			.flags = (f->frame[i].flags & EVENT_FRAME_OWN) | (caller ? 0 : cut),
		};

		err = number_function(n, &f->frame[i], at_ns, each, ctx, &key.function);
		if (!err && key.function)
			err = number_frame(n, &key, at_ns, each, ctx, &caller);
		if (err || !key.function || !caller)
			return err;
	}
	*ret_frame = caller;
	return err;
}

int stack_numbers_tell(const struct stack_numbers *n, u64 at_ns, stack_numbers_fn *each, void *ctx)
{
	int err = 0;

	for (u32 i = 1; i <= n->nfunctions && !err; i++)
		err = tell_function(n, i, at_ns, each, ctx);
	for (u32 i = 1; i <= n->nframes && !err; i++)
		err = tell_frame(n, i, at_ns, each, ctx);
	return err;
}

void stack_numbers_done(struct stack_numbers *n)
{
	free(n->functions);
	free(n->frames);
	free(n->function_slots);
	free(n->frame_slots);
	*n = (struct stack_numbers) {};
}
