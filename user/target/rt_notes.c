/* Sites of runtimes with notes of their own; see rt_notes.h. */
#include "user/target/rt_notes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/usdt_note.h"

#define PROVIDER "gilscope_rt"

static const struct {
	const char *note;
	enum gs_family family;
	enum gs_event event;
} points[] = {
	{ "gil__wait", GS_FAMILY_GIL, GS_EVENT_GIL_WAIT },
	{ "gil__owned", GS_FAMILY_GIL, GS_EVENT_GIL_OWNED },
	{ "gil__released", GS_FAMILY_GIL, GS_EVENT_GIL_RELEASED_WHY },
	{ "gc__start", GS_FAMILY_GC, GS_EVENT_GC_START },
	{ "gc__done", GS_FAMILY_GC, GS_EVENT_GC_DONE },
	{ "object__new", GS_FAMILY_REFS, GS_EVENT_REFS_ALLOC },
	{ "object__dealloc", GS_FAMILY_REFS, GS_EVENT_REFS_DEALLOC },
};

bool rt_notes_in(struct elf_file *f)
{
	struct usdt_note note;

	return usdt_notes_find(f, PROVIDER, "gil__owned", &note, 1) > 0;
}

void rt_notes_describe(struct py_binary *b)
{
	b->by_notes = true;
	snprintf(b->version, sizeof(b->version), "runtime");
	b->version_found_by = "usdt";
	memset(&b->layout, 0xff, sizeof(b->layout)); /* GS_NO_FIELD throughout */
	b->layout.found_by = "none: told by notes";
}

int rt_notes_sites(struct site_search *search, u32 families, struct err *e)
{
	struct py_binary *b = search->binary;

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		int n;

		if (!(families & GS_FAMILY_BIT(points[i].family)))
			continue;
		n = sites_add_notes(search, e, PROVIDER, points[i].note, points[i].family,
				    points[i].event);
		if (n <= 0)
			return errf(e, GS_EXIT_UNSUPPORTED, n < 0 ? n : -ENOTSUP,
				    "%s: its notes " PROVIDER ":%s are missing or not understood; "
				    "leave the family out with --without",
				    b->path, points[i].note);
	}
	if ((families & GS_FAMILY_BIT(GS_FAMILY_REFS)) && !b->types_coverage) {
		b->types_coverage = strdup("every creation and deallocation, told by the runtime");
		if (!b->types_coverage)
			return -ENOMEM;
	}
	return 0;
}
