/*
 * Sites that a program marks itself, with USDT notes.  Invariant: a note whose arguments are not
 * understood is not used, however plain its place.
 */
#include <errno.h>

#include "user/sym/usdt_note.h"
#include "user/target/sites.h"

#define NOTES_MAX 64 /* of one name: inlined copies */

static struct gs_arg to_arg(const struct usdt_arg *a)
{
	static const u8 kinds[] = {
		[USDT_ARG_CONST] = GS_ARG_CONST,
		[USDT_ARG_REG] = GS_ARG_REG,
		[USDT_ARG_DEREF] = GS_ARG_DEREF,
	};

	return (struct gs_arg) {
		.kind = kinds[a->kind],
		.reg = a->reg,
		.size = a->size,
		.disp = (s32)a->disp,
	};
}

static int fill(struct site_search *s, const struct usdt_note *note, struct site_found *found)
{
	for (size_t i = 0; i < note->nargs && i < GS_SITE_ARGS; i++) {
		if (note->args[i].disp != (s32)note->args[i].disp)
			return -EINVAL;
		found->args[i] = to_arg(&note->args[i]);
	}
	if (note->semaphore && elf_file_offset(s->elf, note->semaphore, &found->semaphore))
		return -EINVAL;
	found->vaddr = note->vaddr;
	return 0;
}

int sites_add_notes(struct site_search *s, struct err *e, const char *provider, const char *name,
		    enum gs_family family, enum gs_event event)
{
	struct usdt_note notes[NOTES_MAX];
	int n = usdt_notes_find(s->elf, provider, name, notes, NOTES_MAX), r;

	if (n <= 0 || n > NOTES_MAX)
		return n < 0 || n > NOTES_MAX ? -EINVAL : 0;
	for (int i = 0; i < n; i++) {
		struct site_found found = { .family = family, .event = event, .found_by = "usdt" };
		struct insn insn;

		if (!notes[i].nargs || fill(s, &notes[i], &found) ||
		    code_decode(s->code, notes[i].vaddr, &insn) ||
		    !code_is_boundary(s->code, notes[i].vaddr))
			return -EINVAL;
		r = sites_add(s, e, &found, "the note %s:%s in .note.stapsdt%s", provider, name,
			      code_is_nop5(s->code, notes[i].vaddr)
				      ? "; looked at on the nop after its 5-byte nop"
			      : insn.emulated ? ""
					      : "; its instruction is not emulated");
		if (r)
			return r;
	}
	return n;
}
