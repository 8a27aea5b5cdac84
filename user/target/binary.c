/*
 * From a file to its probe sites.  Invariant: after binary_find_sites() a family's sites are
 * all there or none is.
 */
#include "user/target/binary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/code.h"
#include "user/sym/elf_file.h"
#include "user/target/layout_evidence.h"
#include "user/target/rt_notes.h"
#include "user/target/sites.h"
#include "user/target/version.h"

/* Families without an entry have no sites in the interpreter. */
static const struct {
	enum gs_family family;
	int (*find)(struct site_search *search, struct err *e);
} finders[] = {
	{ GS_FAMILY_GIL, sites_gil },	      { GS_FAMILY_GC, sites_gc },
	{ GS_FAMILY_REFS, sites_refs },	      { GS_FAMILY_CALLS, sites_count },
	{ GS_FAMILY_ASYNCIO, sites_asyncio }, { GS_FAMILY_FT, sites_ft },
};

/* CPython functions that do not return, by name; the code after their calls is another's. */
static const char *const noreturn_names[] = {
	"_Py_FatalErrorFunc",
	"_Py_FatalErrorFormat",
	"Py_FatalError",
	"_Py_FatalError_TstateNULL",
	"_Py_FatalRefcountErrorFunc",
	"_PyObject_AssertFailed",
	"Py_ExitStatusException",
	"Py_Exit",
	"PyThread_exit_thread",
	"PyThread_hang_thread",
	"_PyThreadState_HangThread",
	"pthread_exit",
	"abort",
	"exit",
	"_exit",
	"__stack_chk_fail",
	"__assert_fail",
	"__fortify_fail",
};

static void add_noreturn(struct site_search *s)
{
	struct site_callee c;
	size_t i, k;

	s->noreturn.targets = s->noreturn_targets;
	s->noreturn.slots = s->noreturn_slots;
	for (i = 0; i < sizeof(noreturn_names) / sizeof(noreturn_names[0]); i++) {
		if (sites_callee(s, noreturn_names[i], &c))
			continue;
		for (k = 0; k < c.ntargets && s->noreturn.ntargets < NORETURN_MAX; k++)
			s->noreturn_targets[s->noreturn.ntargets++] = c.targets[k];
		for (k = 0; k < c.nslots && s->noreturn.nslots < NORETURN_MAX; k++)
			s->noreturn_slots[s->noreturn.nslots++] = c.slots[k];
	}
}

int binary_new(struct elf_file *f, const char *path, const char *root, struct py_binary **ret_b,
	       struct err *e)
{
	struct py_binary *b = calloc(1, sizeof(*b));
	struct elf_section s;
	int r = -ENOMEM;

	if (!b)
		return r;
	b->path = strdup(path);
	if (!b->path)
		goto out;
	b->build_id = elf_file_build_id(f);
	b->stripped = elf_file_section(f, ".symtab", &s);
	if (rt_notes_in(f)) {
		rt_notes_describe(b);
		r = 0;
	} else {
		r = version_find(f, b, e);
		if (!r)
			r = layout_evidence(f, b, root, &b->layout, e);
	}
	if (r)
		goto out;
	*ret_b = b;
	b = NULL;
out:
	binary_free(b);
	return r;
}

int binary_new_module(struct elf_file *f, const char *path, struct py_binary **ret_b)
{
	struct py_binary *b = calloc(1, sizeof(*b));
	struct elf_section s;

	if (b)
		b->path = strdup(path);
	if (!b || !b->path) {
		binary_free(b);
		return -ENOMEM;
	}
	b->build_id = elf_file_build_id(f);
	b->stripped = elf_file_section(f, ".symtab", &s);
	b->is_library = true;
	*ret_b = b;
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct probe_site *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (int)x->event - (int)y->event;
}

/* Take away the sites of @family: it failed half-way. */
static void remove_family(struct py_binary *b, enum gs_family family)
{
	size_t i, n = 0;

	for (i = 0; i < b->nsites; i++) {
		if (b->sites[i].family == family)
			free(b->sites[i].evidence);
		else
			b->sites[n++] = b->sites[i];
	}
	b->nsites = n;
}

int binary_find_sites(struct py_binary *b, struct elf_file *f, u32 families, pid_t pid,
		      u64 load_bias, struct err *e)
{
	struct site_search *s;
	size_t i;
	int r = 0;

	if (!(families & ~b->families))
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct site_search) { .binary = b, .elf = f, .pid = pid, .load_bias = load_bias };
	r = code_new(f, &s->code, e);
	if (r)
		goto out;
	if (b->by_notes) {
		r = rt_notes_sites(s, families & ~b->families, e);
		if (!r && families & ~b->families & GS_FAMILY_BIT(GS_FAMILY_CALLS))
			r = sites_count(s, e);
		if (!r)
			b->families |= families;
	} else {
		add_noreturn(s);
	}
	for (i = 0; i < sizeof(finders) / sizeof(finders[0]) && !r && !b->by_notes; i++) {
		u32 bit = GS_FAMILY_BIT(finders[i].family);

		if (!(families & bit) || b->families & bit)
			continue;
		r = finders[i].find(s, e);
		if (r)
			remove_family(b, finders[i].family);
		else
			b->families |= bit;
	}
	if (!r)
		b->families |= families; /* those without sites, too */
	if (b->nsites)
		qsort(b->sites, b->nsites, sizeof(*b->sites), by_offset);
	code_free(s->code);
out:
	free(s);
	return r;
}

struct py_binary *binary_free(struct py_binary *b)
{
	size_t i;

	if (!b)
		return NULL;
	for (i = 0; i < b->nsites; i++)
		free(b->sites[i].evidence);
	free(b->sites);
	free(b->path);
	free(b->build_id);
	free(b->types_coverage);
	free(b);
	return NULL;
}
