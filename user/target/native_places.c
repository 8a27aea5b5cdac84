/* What is known of places in the code of a process: kept by address, as stacks come again. */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"
#include "user/target/native_private.h"

#define PLACES_MAX 65536 /* then all are forgotten, and found again */
#define FIRST_ROOM 1024 /* a power of two */
#define BASE_MAX_BYTES 80 /* of a module's name */
#define TEXT_MAX_BYTES 320 /* a symbol's has at most 200 */

static const struct native_place nowhere; /* without memory */

static struct native_place *slot_of(struct native_place *places, size_t room, u64 pc)
{
	size_t i = pc * 0x9e3779b97f4a7c15ULL >> 20 & (room - 1);

	while (places[i].pc && places[i].pc != pc)
		i = (i + 1) & (room - 1);
	return &places[i];
}

void native_places_clear(struct native *n)
{
	free(n->places);
	n->places = NULL;
	n->nplaces = n->places_room = 0;
}

static bool grow(struct native *n)
{
	size_t room = n->places_room ? 2 * n->places_room : FIRST_ROOM;
	struct native_place *more;

	if (2 * n->nplaces < n->places_room)
		return true;
	if (n->nplaces >= PLACES_MAX) {
		native_places_clear(n);
		room = FIRST_ROOM;
	}
	more = calloc(room, sizeof(*more));
	if (!more)
		return false;
	for (size_t i = 0; i < n->places_room; i++)
		if (n->places[i].pc)
			*slot_of(more, room, n->places[i].pc) = n->places[i];
	free(n->places);
	n->places = more;
	n->places_room = room;
	return true;
}

/*
 * Does the module's own table (.eh_frame) have the way on from @pc?  It says of a thread's first
 * function that there is no return address (DWARF 5, 6.4.1: undefined); libdwfl does not tell that
 * from one that could not be read.
 */
static void look_ahead(Dwfl_Module *mod, u64 pc, struct native_place *place)
{
	Dwarf_Op room[3], *ops = NULL;
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr bias;
	size_t nops = 0;
	bool signal;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(mod, &bias);
	int ra;

	if (!cfi || dwarf_cfi_addrframe(cfi, pc - bias, &frame))
		return;
	place->walkable = true;
	ra = dwarf_frame_info(frame, NULL, NULL, &signal);
	place->first = ra >= 0 && !dwarf_frame_register(frame, ra, room, &ops, &nops) && !nops &&
		       ops == room;
	free(frame);
}

/* Evaluation is one function, or with tail calls a function for each instruction (3.14). */
static bool is_eval_symbol(const char *symbol)
{
	static const char eval[] = "_PyEval_EvalFrameDefault", tail[] = "_TAIL_CALL_";

	return !strcmp(symbol, eval) || !strncmp(symbol, tail, sizeof(tail) - 1);
}

static const struct native_name *name_of(struct native *n, struct native_module *m, u64 pc)
{
	char base[BASE_MAX_BYTES], path[4096], text[TEXT_MAX_BYTES];
	bool interpreter = m->inode && m->inode == n->interpreter, eval;
	const struct native_found found = native_symbol_at(n, m, pc);

	native_base(m->path, base, sizeof(base));
	if (found.name) {
		eval = interpreter && is_eval_symbol(found.name);
		snprintf(text, sizeof(text), "%s [%s]", found.name, base);
	} else {
		eval = interpreter && native_is_eval_part(n, m, pc);
		snprintf(text, sizeof(text), "%s+0x%llx", base, (unsigned long long)found.vaddr);
	}
	snprintf(path, sizeof(path), "%s", m->path);
	str_printable(text);
	str_printable(path);
	return native_names_get(n->names, text, path, eval);
}

const struct native_place *native_place(struct native *n, u64 pc)
{
	struct native_module *m;
	struct native_place *place;
	Dwfl_Module *mod;

	if (!pc || !grow(n))
		return &nowhere;
	place = slot_of(n->places, n->places_room, pc);
	if (place->pc)
		return place;
	m = native_module_at(n, pc);
	mod = m ? dwfl_addrmodule(n->dwfl, pc) : NULL;
	if (mod) {
		look_ahead(mod, pc, place);
		place->name = name_of(n, m, pc);
	} else {
		place->name = native_names_get(n->names, "(code in no file)", NULL, false);
	}
	place->pc = pc;
	n->nplaces++;
	return place;
}
