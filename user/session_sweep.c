/*
 * The net below session_starts.c: with --all, whatever runs CPython becomes a target in the end.
 *
 * Who starts is told by the kernel, but not everybody who is to be measured starts: a program that
 * puts itself into the background before it is measured lives on in a grandchild that nobody told
 * of; an event may find no room; there may be no slot for a target, and be one later.  So all
 * processes of the machine are gone through, a few each second, and what has an interpreter and is
 * no target is looked at like one that has started.
 *
 * Invariant: the cost is bounded.  A look is one reading of a memory map, SWEEP_PIDS a second; and
 * what was found not to be measurable is not looked at again for a while.
 */
#include "user/base/clock.h"
#include "user/session_private.h"

#define SWEEP_NS 1000000000ULL
#define SWEEP_PIDS 16
#define SWEEP_FOUND 4 /* at most each time: to identify one can take longer */

static struct given_up *find(struct session *s, pid_t pid)
{
	for (size_t i = 0; i < SESSION_MAX_GIVEN_UP; i++)
		if (s->given_up[i].pid == pid)
			return &s->given_up[i];
	return NULL;
}

/* The place of the one that would be looked at first. */
static struct given_up *oldest(struct session *s)
{
	struct given_up *g = &s->given_up[0];

	for (size_t i = 1; i < SESSION_MAX_GIVEN_UP; i++)
		if (s->given_up[i].until_ns < g->until_ns)
			g = &s->given_up[i];
	return g;
}

bool sweep_give_up(struct session *s, pid_t pid, u64 for_ns)
{
	struct given_up *g = find(s, pid);
	bool is_new = !g;

	g = g ? g : oldest(s);
	*g = (struct given_up) { .pid = pid, .until_ns = clock_mono_ns() + for_ns };
	return is_new;
}

void sweep_forget(struct session *s, pid_t pid)
{
	struct given_up *g = find(s, pid);

	if (g)
		*g = (struct given_up) {};
}

static int look_at(pid_t pid, void *arg)
{
	struct session *s = arg;
	const struct given_up *g;

	if (targets_find_pid(s, pid) || starts_find(s, pid))
		return 0;
	g = find(s, pid);
	if ((g && g->until_ns > clock_mono_ns()) || !process_looks_like_python(pid))
		return 0;
	starts_add(s, pid, true, false);
	return ++s->swept == SWEEP_FOUND;
}

void sweep_look(struct session *s)
{
	u64 now = clock_mono_ns();

	if (!s->opts->all || now < s->sweep_at_ns)
		return;
	s->sweep_at_ns = now + SWEEP_NS;
	s->swept = 0;
	(void)process_each_some(&s->sweep, SWEEP_PIDS, look_at, s);
}
