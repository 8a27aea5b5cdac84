/* The walk over a native stack, by libdwfl with callbacks of ours. */
#include <string.h>

#include "user/target/native_private.h"

#if defined(__x86_64__)
#define FIRST_REGS 16 /* System V ABI, AMD64 supplement, figure 3.36; 16: the return address */
#else
#define FIRST_REGS 32 /* ELF for the Arm 64-bit architecture (AADWARF64): x0 to x30, sp */
#endif

/* There is one thread: the one that is walked. */
static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	pid_t pid = *thread_arg ? 0 : dwfl_pid(dwfl);

	*thread_arg = arg;
	return pid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl;
	(void)tid;
	*thread_arg = arg;
	return true;
}

/* Of the copy of the stack; there is no other memory. */
static bool memory_read(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *result, void *arg)
{
	const struct native *n = arg;
	const struct native_state *s = n->state;

	(void)dwfl;
	if (addr < s->sp || s->bytes < sizeof(u64) || addr - s->sp > s->bytes - sizeof(u64))
		return false;
	memcpy(result, s->data + (addr - s->sp), sizeof(u64));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct native *n = arg;
	const struct native_state *s = n->state;
	bool ok = true;

	for (int i = 0; i < FIRST_REGS && ok; i++) {
		const Dwarf_Word reg = s->reg[i];

		if (s->known & 1U << i)
			ok = dwfl_thread_state_registers(thread, i, 1, &reg);
	}
#if defined(__x86_64__)
	const Dwarf_Word pc = s->pc;

	ok = ok && dwfl_thread_state_registers(thread, 16, 1, &pc);
#else
	dwfl_thread_state_register_pc(thread, s->pc);
#endif
	return ok;
}

static const Dwfl_Thread_Callbacks callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_registers,
};

/*
 * A frame into ->out.  Where no table has the way on, libdwfl would go by frame pointers, which are
 * whatever the code has in that register: there it ends.
 */
static int on_frame(Dwfl_Frame *frame, void *arg)
{
	struct native *n = arg;
	const struct native_place *place;
	Dwarf_Addr pc;
	bool activation;

	if (n->out->n == NATIVE_FRAMES_MAX || !dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	if (!activation && pc)
		pc--; /* of the call, not of what comes after it */
	place = native_place(n, pc); /* see there for how a walk ends */
	if (!place->name)
		return DWARF_CB_ABORT;
	n->out->frame[n->out->n++] = place->name;
	n->out->whole = place->first;
	return place->walkable ? DWARF_CB_OK : DWARF_CB_ABORT;
}

bool native_unwind(struct native *n, const struct native_state *state, struct native_frames *ret_f)
{
	ret_f->n = 0;
	ret_f->whole = false;
	n->state = state;
	n->out = ret_f;
	if (!n->attached) /* not by a module's file: that may go again */
		n->attached = dwfl_attach_state(n->dwfl, n->machine, n->pid, &callbacks, n);
	if (!n->attached)
		return false;
	(void)dwfl_getthread_frames(n->dwfl, n->pid, on_frame, n);
	n->state = NULL;
	n->out = NULL;
	return ret_f->n;
}
