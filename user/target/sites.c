/* What all finders share.  Invariant: a site's offset is where its vaddr lies in the file. */
#include "user/target/sites.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool known(const struct py_binary *b, const struct probe_site *s)
{
	size_t i;

	for (i = 0; i < b->nsites; i++) {
		if (b->sites[i].vaddr == s->vaddr && b->sites[i].event == s->event)
			return true;
	}
	return false;
}

/*
 * A point on a 5-byte nop is looked at on the 1-byte nop that follows it, if one does: nothing
 * jumps between the two.
 */
static void beside_nop5(struct site_search *search, u64 *vaddr)
{
	const u8 *next;

	if (!code_is_nop5(search->code, *vaddr))
		return;
	next = elf_file_bytes(search->elf, *vaddr + 5, 1);
	if (next && *next == 0x90)
		*vaddr += 5;
}

int sites_add(struct site_search *search, struct err *e, const struct site_found *s,
	      const char *evidence, ...)
{
	struct py_binary *b = search->binary;
	struct probe_site *more, site = {
		.family = s->family,
		.event = s->event,
		.optional = s->optional,
		.vaddr = s->vaddr,
		.function = s->function,
		.semaphore = s->semaphore,
		.found_by = s->found_by,
	};
	const char *unfit;
	struct insn insn;
	va_list ap;
	int n;

	memcpy(site.args, s->args, sizeof(site.args));
	beside_nop5(search, &site.vaddr);
	if (known(b, &site))
		return 0;
	unfit = code_unfit(search->code, site.vaddr);
	if (unfit)
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "%s: the only place for a probe at 0x%lx %s; leave its family out with "
			    "--without",
			    b->path, (unsigned long)site.vaddr, unfit);
	/* In the middle of an instruction a breakpoint would make another one of it. */
	if (!code_is_boundary(search->code, site.vaddr))
		return errf(
			e, GS_EXIT_UNSUPPORTED, -EILSEQ,
			"%s: no instruction begins at 0x%lx, where a probe should be; report this "
			"build",
			b->path, (unsigned long)site.vaddr);
	if (b->nsites == SITES_MAX || elf_file_offset(search->elf, site.vaddr, &site.offset))
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP, "%s: no room for a probe at 0x%lx",
			    b->path, (unsigned long)s->vaddr);
	if (!code_decode(search->code, site.vaddr, &insn))
		site.emulated = insn.emulated;
	code_text(search->code, site.vaddr, site.instruction, sizeof(site.instruction));
	va_start(ap, evidence);
	n = vasprintf(&site.evidence, evidence, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	more = realloc(b->sites, (b->nsites + 1) * sizeof(*more));
	if (!more) {
		free(site.evidence);
		return -ENOMEM;
	}
	b->sites = more;
	b->sites[b->nsites++] = site;
	return 0;
}

int sites_callee(struct site_search *search, const char *name, struct site_callee *ret_c)
{
	struct site_callee c = { 0 };
	struct elf_import imp;
	struct elf_symbol sym;

	if (!elf_file_import(search->elf, name, &imp)) {
		memcpy(c.targets, imp.stubs, sizeof(imp.stubs));
		c.ntargets = imp.nstubs;
		memcpy(c.slots, imp.slots, sizeof(imp.slots));
		c.nslots = imp.nslots;
	}
	if (!elf_file_symbol(search->elf, name, &sym) && sym.function)
		c.targets[c.ntargets++] = sym.vaddr;
	if (!c.ntargets && !c.nslots)
		return -ENOENT;
	*ret_c = c;
	return 0;
}

bool sites_calls(const struct insn *i, const struct site_callee *c)
{
	size_t k;

	for (k = 0; i->target && k < c->ntargets; k++) {
		if (i->target == c->targets[k])
			return true;
	}
	for (k = 0; i->slot && k < c->nslots; k++) {
		if (i->slot == c->slots[k])
			return true;
	}
	return false;
}
