/*
 * The extension modules of targets that have sites: _asyncio, where it is a file of its own.
 *
 * A process maps it when it imports asyncio.  So its memory map is looked at again, at first soon,
 * then once a second, until it is there; of children, too, that were forked before it was.
 *
 *   MISSING --mapped--> attached, or refused (told once): not looked for any more
 */
#include <errno.h>
#include <stdio.h>

#include "user/base/clock.h"
#include "user/session_private.h"
#include "user/target/module.h"

#define FIRST_WAIT_NS 50000000ULL
#define LAST_WAIT_NS 1000000000ULL

static bool wants(const struct session *s, const struct py_process *py)
{
	if (!(s->opts->families & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO)) || py->binary->by_notes)
		return false;
	for (size_t i = 0; i < py->binary->nsites; i++)
		if (py->binary->sites[i].family == GS_FAMILY_ASYNCIO)
			return false; /* part of the interpreter's own file */
	return true;
}

/* 0: attached; -ENOENT: not mapped; others: never, @e is set. */
static int attach(struct session *s, const struct py_process *py, struct err *e)
{
	struct module module;
	int err = module_find(py->pid, "_asyncio", GS_FAMILY_BIT(GS_FAMILY_ASYNCIO), s->binaries,
			      &module, e);

	return err ? err : targets_attach_file(s, module.binary, module.open_path, py->pid, e);
}

static void look_again(struct measured *m)
{
	m->module_wait_ns = m->module_wait_ns ? m->module_wait_ns * 2 : FIRST_WAIT_NS;
	if (m->module_wait_ns > LAST_WAIT_NS)
		m->module_wait_ns = LAST_WAIT_NS;
	m->module_at_ns = clock_mono_ns() + m->module_wait_ns;
}

int modules_attach(struct session *s, struct measured *m, struct err *e)
{
	int err = wants(s, m->py) ? attach(s, m->py, e) : 0;

	if (err != -ENOENT)
		return err;
	look_again(m);
	return 0;
}

void modules_follow(struct measured *child, const struct measured *parent)
{
	child->module_at_ns = parent->module_at_ns;
}

void modules_look(struct session *s)
{
	u64 now = clock_mono_ns();

	for (size_t i = 0; i < s->collector.count; i++) {
		struct measured *m = s->collector.list[i];
		struct err e = {};
		int err;

		if (!m->module_at_ns || m->module_at_ns > now || m->exited)
			continue;
		m->module_at_ns = 0;
		err = attach(s, m->py, &e);
		if (err == -ENOENT)
			look_again(m);
		else if (err && e.code != GS_EXIT_TARGET && !s->quiet)
			fprintf(stderr, "gilscope: pid %d: %s\n", m->py->pid, e.text);
	}
}
