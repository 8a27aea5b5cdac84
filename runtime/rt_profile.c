/*
 * The tree of calls and the stack of those going on.
 *
 * Invariants: every frame's node is a child of the node of the frame below it, or of the
 * thread's root.  `epoch` counts starts and resets: a stack of another epoch is empty, so that
 * calls begun before are not counted when they return.  Where memory runs out calls go
 * uncounted, with their time in the caller's.
 */
#include "runtime/rt_profile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_profile_private.h"
#include "runtime/rt_truth.h"

#define FRAMES_MAX 4096 /* deeper calls count as their caller's own time */

struct frame {
	struct profile_node *node;
	uint64_t since_ns; /* running since, the time suspended put off */
	uint64_t inner_ns; /* of the calls it made */
};

struct stack {
	uint64_t epoch;
	size_t depth, room;
	size_t lost; /* calls going on that have no frame */
	struct frame *frames;
	struct profile_node *root;
};

struct rt_profile_frames {
	uint64_t epoch, suspended_ns;
	size_t n;
	struct frame frame[];
};

bool rt_profile_on;
static uint64_t profile_epoch = 1;
static struct profile_node *roots; /* of all threads, by next */
static __thread struct stack *mine;
static pthread_key_t stack_key;

static void stack_free(void *arg)
{
	struct stack *s = arg;

	free(s->frames);
	free(s);
}

static void make_key(void)
{
	pthread_key_create(&stack_key, stack_free);
}

/* The calling thread's stack, of this epoch; NULL: no memory. */
static __attribute__((noinline)) struct stack *my_stack(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!mine) {
		pthread_once(&once, make_key);
		mine = calloc(1, sizeof(*mine));
		pthread_setspecific(stack_key, mine);
	}
	if (!mine)
		return NULL;
	if (mine->epoch != profile_epoch) {
		mine->epoch = profile_epoch;
		mine->depth = mine->lost = 0;
		mine->root = profile_node_new(NULL, "");
		if (mine->root) {
			mine->root->next = roots;
			roots = mine->root;
		}
	}
	return mine;
}

struct profile_node *profile_roots(void)
{
	return roots;
}

static bool make_room(struct stack *s, size_t more)
{
	size_t room = s->depth + more < 32 ? 32 : 2 * (s->depth + more);
	struct frame *frames;

	if (s->depth + more <= s->room)
		return true;
	if (s->depth + more > FRAMES_MAX)
		return false;
	frames = realloc(s->frames, room * sizeof(*frames));
	if (!frames)
		return false;
	s->frames = frames;
	s->room = room;
	return true;
}

void rt_profile_call(const char *name)
{
	struct stack *s = my_stack();
	struct profile_node *above, *node;

	if (!s || !s->root)
		return;
	above = s->depth ? s->frames[s->depth - 1].node : s->root;
	node = !s->lost && make_room(s, 1) ? profile_node_child(above, name) : NULL;
	if (!node) {
		s->lost++;
		return;
	}
	node->calls++;
	s->frames[s->depth++] = (struct frame) { node, rt_truth_now_ns(), 0 };
}

/* The top frame has run until @now. */
static void charge(struct stack *s, uint64_t now)
{
	struct frame *f = &s->frames[s->depth - 1];
	uint64_t ns = now - f->since_ns;

	f->node->total_ns += ns;
	f->node->own_ns += ns - f->inner_ns;
	if (s->depth > 1)
		s->frames[s->depth - 2].inner_ns += ns;
}

void rt_profile_return(void)
{
	struct stack *s = my_stack();

	if (!s)
		return;
	if (s->lost) {
		s->lost--;
	} else if (s->depth) {
		charge(s, rt_truth_now_ns());
		s->depth--;
	}
}

size_t rt_profile_depth(void)
{
	struct stack *s = rt_profile_on ? my_stack() : NULL;

	return s ? s->depth : 0;
}

struct rt_profile_frames *rt_profile_suspend(size_t depth)
{
	struct stack *s = rt_profile_on ? my_stack() : NULL;
	struct rt_profile_frames *kept;
	uint64_t now;
	size_t n;

	if (!s || s->depth <= depth)
		return NULL;
	now = rt_truth_now_ns();
	n = s->depth - depth;
	kept = malloc(sizeof(*kept) + n * sizeof(kept->frame[0]));
	if (kept) {
		kept->epoch = s->epoch;
		kept->suspended_ns = now;
		kept->n = n;
	}
	while (s->depth > depth) {
		struct frame *f = &s->frames[s->depth - 1];

		/* charged up to here; it starts afresh when it is resumed */
		charge(s, now);
		f->inner_ns = 0;
		if (kept)
			kept->frame[s->depth - 1 - depth] = *f;
		s->depth--;
	}
	return kept;
}

void rt_profile_resume(struct rt_profile_frames *kept)
{
	struct stack *s = kept && rt_profile_on ? my_stack() : NULL;
	uint64_t now = s ? rt_truth_now_ns() : 0;

	if (s && kept->epoch == s->epoch && make_room(s, kept->n)) {
		for (size_t i = 0; i < kept->n; i++) {
			kept->frame[i].since_ns = now;
			s->frames[s->depth++] = kept->frame[i];
		}
	}
	free(kept);
}

void rt_profile_start(void)
{
	rt_profile_on = true;
	profile_epoch++;
}

void rt_profile_stop(void)
{
	struct stack *s = rt_profile_on ? my_stack() : NULL;
	uint64_t now = rt_truth_now_ns();

	while (s && s->depth) {
		charge(s, now);
		s->depth--;
	}
	rt_profile_on = false;
	profile_epoch++;
}

void rt_profile_reset(void)
{
	rt_profile_stop();
	while (roots) {
		struct profile_node *root = roots;

		roots = root->next;
		profile_node_free(root); /* no stack uses it: its epoch is over */
	}
}
