/*
 * calls: the start of one function, by its symbol.
 *
 * A decorator for compiled code: the function is counted without being touched.  The site is
 * its first instruction if that is emulated, else the next emulated one on the way in.
 */
#include <errno.h>

#include "user/target/sites.h"

int sites_count(struct site_search *search, struct err *e)
{
	const char *name = search->binary->count_symbol;
	struct site_found found = {
		.family = GS_FAMILY_CALLS,
		.event = GS_EVENT_CALLED,
		.found_by = "symtab",
	};
	const struct code_range *range;
	struct elf_symbol sym;
	struct insn i;

	if (!name)
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "calls: of which function?; use --count FUNCTION");
	if (elf_file_symbol(search->elf, name, &sym) || !sym.function)
		return errf(e, GS_EXIT_TARGET, -ENOENT,
			    "%s: no function %s in its symbols; see nm -C", search->binary->path,
			    name);
	found.vaddr = sym.vaddr;
	range = code_range_at(search->code, sym.vaddr);
	if (range && range->start == sym.vaddr &&
	    !code_next_emulated(search->code, sym.vaddr, &i) && i.vaddr == sym.vaddr)
		found.vaddr = i.vaddr;
	return sites_add(search, e, &found, "the start of %s", name);
}
