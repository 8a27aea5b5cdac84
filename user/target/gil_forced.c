/*
 * Forced releases, by what _Py_HandlePending() calls.  Invariant: every walk is bounded, by the
 * size of a function and by the number of functions that pass the call on.
 */
#include "user/target/gil_forced.h"

#define GAP 32 /* bytes from one call to the other */
#define INSNS_MAX 2000 /* of a function that is looked through */
#define DEPTH_MAX 3 /* _PyThreadState_Detach, detach_thread, drop_gil */
#define DEPTH_ATTACH 1 /* what has take_gil in it, or calls it */
/* _PyThreadState_Attach, _PyEval_AcquireLock, take_gil: builds that inline less, if that is not
 * found */
#define DEPTH_ATTACH_MAX 2

static bool in(const u64 *list, size_t n, u64 v)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (list[i] == v)
			return true;
	}
	return false;
}

/* Is @entry one of @list, or does the function there call or jump to one that is? */
static bool reaches(struct site_search *search, u64 entry, const u64 *list, size_t n, int depth)
{
	const struct code_range *r = code_range_at(search->code, entry);
	struct insn i;
	u64 at = entry;
	int k;

	if (in(list, n, entry))
		return true;
	if (!depth || !r || r->start != entry)
		return false;
	for (k = 0; k < INSNS_MAX && at < r->end; k++, at += i.size) {
		if (code_decode(search->code, at, &i))
			return false;
		if ((i.flow == INSN_CALL || i.flow == INSN_JMP) && i.target &&
		    (i.target < r->start || i.target >= r->end) &&
		    reaches(search, i.target, list, n, depth - 1))
			return true;
	}
	return false;
}

/* By their names, where the file has them: debug builds call through more functions than that. */
static bool named(struct site_search *search, u64 detach, u64 attach)
{
	struct elf_symbol d, a;

	return !elf_file_symbol(search->elf, "_PyThreadState_Detach", &d) &&
	       !elf_file_symbol(search->elf, "_PyThreadState_Attach", &a) && d.vaddr == detach &&
	       a.vaddr == attach;
}

static int add(struct site_search *search, u64 detach, u64 attach, struct err *e)
{
	struct site_found found = {
		.family = GS_FAMILY_GIL,
		.event = GS_EVENT_GIL_FORCED,
		.vaddr = detach,
		.found_by = "decode",
	};

	return sites_add(search, e, &found,
			 "the call in _Py_HandlePending that releases the GIL, followed at once by "
			 "the one that takes it, at 0x%lx",
			 (unsigned long)attach);
}

/* The sites in @r, where a take is @attach calls deep; how many is in *@ret_n. */
static int add_pairs(struct site_search *search, const struct gil_entries *g,
		     const struct code_range *r, int attach, size_t *ret_n, struct err *e)
{
	u64 at, call = 0, target = 0;
	struct insn i;
	int k, err = 0;

	for (k = 0, at = r->start; k < INSNS_MAX && at < r->end && !err; k++, at += i.size) {
		if (code_decode(search->code, at, &i))
			break;
		if (i.flow == INSN_CALL && i.target) {
			if (call && at - call <= GAP &&
			    (named(search, target, i.target) ||
			     (reaches(search, target, g->drops, g->ndrops, DEPTH_MAX) &&
			      reaches(search, i.target, g->takes, g->ntakes, attach)))) {
				err = add(search, call, at, e);
				++*ret_n;
			}
			call = at;
			target = i.target;
		} else if (i.flow != INSN_NEXT) {
			call = 0; /* not in a row */
		}
	}
	return err;
}

int gil_forced_sites(struct site_search *search, const struct gil_entries *g, struct err *e)
{
	const struct code_range *r;
	struct elf_symbol sym;
	size_t n = 0;
	int err = 0;

	if (elf_file_export(search->elf, "_Py_HandlePending", &sym) || !sym.function)
		return 0;
	r = code_range_at(search->code, sym.vaddr);
	if (!r || r->start != sym.vaddr)
		return 0;
	if (!search->binary->free_threaded)
		err = add_pairs(search, g, r, DEPTH_ATTACH, &n, e);
	if (!err && !n)
		err = add_pairs(search, g, r, DEPTH_ATTACH_MAX, &n, e);
	return err;
}
