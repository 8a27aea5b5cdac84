/*
 * Native stacks that the kernel side has copied (bpf/native.h): walked at once, as the files may
 * go, and put together with the Python frames when those are named.
 *
 * A walk takes some tens of microseconds, so a reader has LOOK_NS for them at a time: what comes
 * after that is shown without native frames, and counted.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/ingest/stacks_private.h"

#define LOOK_NS 200000000ULL
#define MAPS_NS 1000000000ULL /* a process's maps are read again this often */
#define MAPS_SOON_NS 50000000ULL /* at most so often where a walk meets code that is in none */

#if defined(__x86_64__)
#define KNOWN_REGS 0xffffU
#else
#define KNOWN_REGS ~0U
#endif

/* Its code as it is now, to the kernel side.  That of a process that cannot be read is in none. */
static void tell_codes(const struct stacks *s, struct measured *m)
{
	struct gs_native_codes codes;
	u32 pid = (u32)m->py->pid;

	native_codes(m->stacks->native, codes.bound, GS_NATIVE_BOUNDS);
	m->stacks->native_told =
		!bpf_map_update_elem(s->maps->native_codes_fd, &pid, &codes, BPF_ANY);
}

static void forget_codes(const struct stacks *s, struct measured *m)
{
	u32 pid = (u32)m->py->pid;

	/* By now it may be another program's: exec() keeps the number. */
	if (m->stacks->native_told && stacks_process(s, pid) == m)
		(void)bpf_map_delete_elem(s->maps->native_codes_fd, &pid);
	m->stacks->native_told = false;
}

static void refresh(struct stacks *s, struct measured *m, u64 now)
{
	if (!m->stacks->native || m->exited)
		return;
	m->stacks->native_at_ns = now;
	if (native_refresh(m->stacks->native) == 1)
		tell_codes(s, m);
}

int stacks_native_add(struct stacks *s, struct measured *m)
{
	int err;

	if (!s->native_ring)
		return 0;
	err = native_new(m->py, s->native_names, &m->stacks->native);
	if (err == -ENOMEM)
		return err;
	if (err)
		return 0; /* it has just ended */
	m->stacks->native_at_ns = clock_mono_ns();
	tell_codes(s, m);
	return 0;
}

void stacks_native_look(struct stacks *s, const struct collector *c)
{
	u64 now = clock_mono_ns();

	for (size_t i = 0; i < c->count && s->native_ring; i++) {
		struct measured *m = c->list[i];

		if (!m->stacks || !m->stacks->native)
			continue;
		if (m->exited)
			forget_codes(s, m);
		else if (now - m->stacks->native_at_ns > MAPS_NS)
			refresh(s, m, now);
	}
}

static struct native_frames *walk(struct stacks *s, struct measured *m,
				  const struct gs_native_new *new)
{
	static struct native_frames f; /* one thread; too large for its stack */
	struct native_state state = {
		.pc = new->regs.pc,
		.known = KNOWN_REGS,
		.sp = new->regs.sp,
		.data = new->data,
		.bytes = new->bytes,
	};
	size_t size = offsetof(struct native_frames, frame);
	struct native_frames *copy;
	u64 now = clock_mono_ns();

	_Static_assert(NATIVE_REGS == GS_NATIVE_REGS, "registers are DWARF's");
	memcpy(state.reg, new->regs.reg, sizeof(state.reg));
	(void)native_unwind(m->stacks->native, &state, &f);
	/* Code that was loaded since. */
	if (!f.whole && f.n && !f.frame[f.n - 1]->file &&
	    now - m->stacks->native_at_ns > MAPS_SOON_NS) {
		refresh(s, m, now);
		(void)native_unwind(m->stacks->native, &state, &f);
	}
	size += f.n * sizeof(f.frame[0]);
	copy = malloc(size);
	if (copy)
		memcpy(copy, &f, size);
	return copy;
}

/* ring_buffer__new() callback. */
static int on_native(void *ctx, void *data, size_t size)
{
	const struct gs_native_new *new = data;
	struct stacks *s = ctx;
	struct stack_known *k;
	struct measured *m;

	if (size < GS_NATIVE_NEW_HEAD || !new->stack || new->bytes > GS_NATIVE_BYTES ||
	    size < GS_NATIVE_NEW_HEAD + new->bytes)
		return 0;
	m = stacks_process(s, new->pid);
	if (!m || !m->stacks->native)
		return 0;
	k = stacks_known_add(s, new->stack);
	if (!k) {
		s->err = -ENOMEM;
		return 0;
	}
	k->used = s->reading;
	if (k->native)
		return 0;
	if (clock_mono_ns() > s->native_until_ns) {
		s->native_lost.full++;
		return 0;
	}
	k->native = walk(s, m, new);
	if (!k->native)
		s->err = -ENOMEM;
	return 0;
}

int stacks_native_new(struct stacks *s)
{
	if (!s->maps->native)
		return 0;
	s->native_names = native_names_new();
	s->native_ring = ring_buffer__new(s->maps->native_ring_fd, on_native, s, NULL);
	return s->native_names && s->native_ring ? 0 : -ENOMEM;
}

void stacks_native_free(struct stacks *s)
{
	ring_buffer__free(s->native_ring);
	native_names_free(s->native_names);
}

void stacks_native_begin(struct stacks *s)
{
	s->native_until_ns = clock_mono_ns() + LOOK_NS;
}

void stacks_native_read(struct stacks *s)
{
	if (s->native_ring)
		(void)ring_buffer__consume(s->native_ring);
}

void stacks_native_merge(struct stacks *s, const struct stack_known *k, struct native_merged *ret_m)
{
	native_merge(k->frames, k->native, ret_m);
	if (k->names)
		return; /* counted before */
	if (!k->native->n)
		s->native_lost.unread++;
	else if (ret_m->how == NATIVE_CUT)
		s->native_lost.cut++;
	else if (ret_m->how == NATIVE_UNMERGED)
		s->native_lost.unmerged++;
}
