/*
 * asyncio: where a task's coroutine is resumed.
 *
 * task_step_impl() of Modules/_asynciomodule.c is static; it resumes the coroutine with
 * PyIter_Send() (CPython 3.10 and later) or _PyGen_Send() (3.8, 3.9) and calls it nowhere else.
 * The module is a library of its own or part of the interpreter's file (Debian's 3.15), where
 * others call that function as well.  So the call must be in a function that also says
 * "step(): already done" of a task that is.  A coroutine resumed by .throw(), as a cancelled one
 * is, does not come this way.
 */
#include <errno.h>
#include <string.h>

#include "user/sym/flow.h"
#include "user/target/sites.h"

#define TEXT_MAX 48

struct step_search {
	struct site_search *search;
	struct err *e;
	const char *send; /* what resumes the coroutine */
	size_t nsites, ncalls;
};

static int missing(struct step_search *t, const char *what)
{
	return errf(t->e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: %s, so task steps cannot be told; leave them out with --without asyncio",
		    t->search->binary->path, what);
}

/* "_step(): already done: %R %R", or with as many dashes as the version has. */
static bool is_complaint(struct elf_file *f, u64 vaddr)
{
	const char *s = elf_file_string(f, vaddr, TEXT_MAX);

	return s && !strcmp(s + strspn(s, "_"), "step(): already done: %R %R");
}

/* Does the function of @call complain of a task that is done already? */
static bool is_task_step(struct step_search *t, u64 call)
{
	struct code *code = t->search->code;
	const struct code_range *range = code_range_at(code, call);
	bool found = false;
	struct flow_value v;
	struct flow *f;
	struct insn i;
	u64 at;

	if (!range || flow_new(code, range->start, &t->search->noreturn, &f))
		return false;
	for (size_t k = 0; flow_insn(f, k, &at) && !found; k++) {
		if (code_decode(code, at, &i) || i.flow != INSN_CALL)
			continue;
		found = !flow_arg_at(f, at, 1, &v) && !v.base &&
			is_complaint(t->search->elf, (u64)v.disp);
	}
	found = found && flow_reached(f, call);
	flow_free(f);
	return found;
}

static int one_call(const struct insn *i, void *arg)
{
	struct step_search *t = arg;
	u64 call = i->vaddr, after = i->vaddr + i->size;
	struct site_found found = {
		.family = GS_FAMILY_ASYNCIO,
		.event = GS_EVENT_ASYNCIO_STEP,
		.vaddr = call,
		.found_by = "decode",
	};
	struct insn done;
	int r;

	t->ncalls++;
	if (i->flow != INSN_CALL || !is_task_step(t, call))
		return 0;
	r = sites_add(t->search, t->e, &found,
		      "the call of %s in the function that says \"step(): already done\"", t->send);
	if (r)
		return r;
	if (code_next_emulated(t->search->code, after, &done))
		return missing(t, "no instruction after a step can be probed");
	found.event = GS_EVENT_ASYNCIO_STEP_DONE;
	found.vaddr = done.vaddr;
	t->nsites++;
	return sites_add(t->search, t->e, &found, "after the return of %s called at 0x%lx", t->send,
			 (unsigned long)call);
}

int sites_asyncio(struct site_search *search, struct err *e)
{
	static const char *const sends[] = { "PyIter_Send", "_PyGen_Send" };
	struct step_search t = { .search = search, .e = e };
	struct elf_symbol init;
	struct site_callee c;
	int r = 0;

	/* Not in this file: it is a library of its own, which is looked into when it is mapped. */
	if (elf_file_symbol(search->elf, "PyInit__asyncio", &init))
		return 0;
	for (size_t i = 0; i < sizeof(sends) / sizeof(sends[0]) && !t.nsites && !r; i++) {
		struct code_targets to = { .targets = c.targets, .slots = c.slots };

		t.send = sends[i];
		if (sites_callee(search, sends[i], &c))
			continue;
		to.ntargets = c.ntargets;
		to.nslots = c.nslots;
		r = code_each_branch(search->code, &to, one_call, &t);
	}
	if (!r && !t.nsites)
		r = missing(&t, t.ncalls ? "no function that resumes coroutines is the one of tasks"
					 : "nothing resumes coroutines");
	return r;
}
