/*
 * refs: objects about to be deallocated and created.
 *
 * Not at _Py_Dealloc(): compilers inline it into its hottest callers.  Those still call the
 * type's tp_dealloc indirectly, so that is where to look: the tp_dealloc of each exported
 * static type, and subtype_dealloc, which all classes written in Python share
 * (CPython 3.11 Objects/typeobject.c).  Several types may share one function: one site each.
 *
 * subtype_dealloc ends in the base type's tp_dealloc with the same object.  Whoever counts
 * must therefore skip an object whose type's tp_dealloc is not the site's function.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/flow.h"
#include "user/target/sites.h"

#define TEXT_MAX 1024
#define FORWARD_MAX 16 /* instructions before a tail call */

/* Static types that CPython 3.11 exports (Include/) and that have a tp_dealloc of their own. */
static const char *const type_symbols[] = {
	"PyList_Type",		"PyDict_Type",	       "PyTuple_Type",
	"PySet_Type",		"PyFrozenSet_Type",    "PyFloat_Type",
	"PyUnicode_Type",	"PyBytes_Type",	       "PyByteArray_Type",
	"PyFunction_Type",	"PyCell_Type",	       "PyMethod_Type",
	"PyGen_Type",		"PyCoro_Type",	       "PyAsyncGen_Type",
	"PyModule_Type",	"PyCFunction_Type",    "PySlice_Type",
	"PyMemoryView_Type",	"PyCode_Type",	       "PyFrame_Type",
	"PyTraceBack_Type",	"PyType_Type",	       "PyProperty_Type",
	"PyClassMethod_Type",	"PyStaticMethod_Type", "PySuper_Type",
	"PyRange_Type",		"PyEnum_Type",	       "PyReversed_Type",
	"PyZip_Type",		"PyMap_Type",	       "PyFilter_Type",
	"PyListIter_Type",	"PyTupleIter_Type",    "PyDictIterKey_Type",
	"PyDictIterValue_Type", "PyDictIterItem_Type", "PyDictKeys_Type",
	"PySetIter_Type",	"PyODict_Type",	       "PyCapsule_Type",
	"PyContext_Type",	"PyContextVar_Type",   "_PyWeakref_RefType",
	"PyUnicodeIter_Type",	"PyBytesIter_Type",    "PySeqIter_Type",
	"PyCallIter_Type",	"PyWrapperDescr_Type", "_PyMethodWrapper_Type",
	"PyDictProxy_Type",	"Py_GenericAliasType",
};

/* (type, ...); none of them calls another (Objects/object.c, Modules/gcmodule.c). */
static const char *const alloc_symbols[] = {
	"PyType_GenericAlloc", "_PyObject_GC_New", "_PyObject_GC_NewVar",
	"_PyObject_New",       "_PyObject_NewVar",
};

struct refs_search {
	struct site_search *search;
	struct err *e;
	char covered[TEXT_MAX], skipped[TEXT_MAX]; /* lists of names */
	size_t nfunctions;
};

static void list_name(char *list, const char *name)
{
	size_t n = strlen(list), k = strlen(name);

	if (n + k + 3 < TEXT_MAX)
		snprintf(list + n, TEXT_MAX - n, "%s%s", n ? ", " : "", name);
}

/* "PyList_Type" -> "list", from its tp_name in the file. */
static const char *type_name(struct refs_search *g, u64 type, const char *symbol)
{
	u64 at;
	const char *name = NULL;

	if (!elf_file_pointer(g->search->elf, type + g->search->binary->layout.tp_name, &at))
		name = elf_file_string(g->search->elf, at, 64);
	return name ? name : symbol;
}

/* Can anything but the way from @entry come to an instruction up to @site? */
static bool entered_between(const struct flow *f, u64 entry, u64 site)
{
	u64 at, next[2];
	size_t i, k, n;

	for (i = 0; flow_insn(f, i, &at); i++) {
		n = flow_next(f, at, next);
		for (k = 0; k < n; k++) {
			if (next[k] >= entry && next[k] <= site && !(at >= entry && at < next[k]))
				return true;
		}
	}
	return false;
}

/*
 * A register that holds @first at @vaddr.  aarch64 emulates no instruction that saves registers: by
 * the first one that it does, the argument is often in another register, to be kept.
 */
static bool holds(struct refs_search *g, const struct flow *f, u64 vaddr, struct flow_value first,
		  u8 *ret_reg)
{
	const bool any = elf_file_machine(g->search->elf) == EM_AARCH64;
	struct flow_value v;
	unsigned int reg;

	if (!flow_arg_at(f, vaddr, 0, &v) && v.base == first.base && v.disp == first.disp)
		return true;
	for (reg = 0; any && !flow_value_at(f, vaddr, reg, &v); reg++) {
		if (v.base == first.base && v.disp == first.disp) {
			*ret_reg = (u8)reg;
			return true;
		}
	}
	return false;
}

/* The first emulated instruction of the function at @entry, its first argument still in *@ret_reg.
 */
static int find_site(struct refs_search *g, u64 entry, u64 *ret_site, u8 *ret_reg)
{
	struct code *c = g->search->code;
	struct flow_value first;
	struct insn i;
	struct flow *f;
	int r;

	if (code_next_emulated(c, entry, &i))
		return -ENOENT;
	r = flow_new(c, entry, &g->search->noreturn, &f);
	if (r)
		return r == -ENOMEM ? r : -ENOENT;
	if (flow_arg_at(f, entry, 0, &first) || !holds(g, f, i.vaddr, first, ret_reg) ||
	    entered_between(f, entry, i.vaddr))
		r = -ENOENT;
	flow_free(f);
	if (!r)
		*ret_site = i.vaddr;
	return r;
}

static int add_function(struct refs_search *g, enum gs_event event, u64 entry, const char *name,
			const char *how)
{
	struct site_found found = {
		.family = GS_FAMILY_REFS,
		.event = event,
		.args = { { .kind = GS_ARG_REG,
			    .reg = code_arg_reg(g->search->code, 0),
			    .size = 8 } },
		.function = entry,
		.found_by = "type",
	};
	const struct code_range *range = code_range_at(g->search->code, entry);
	size_t before = g->search->binary->nsites;
	int r;

	if (!range || range->start != entry)
		return -ENOENT;
	r = find_site(g, entry, &found.vaddr, &found.args[0].reg);
	if (!r)
		r = sites_add(g->search, g->e, &found,
			      "at the start of 0x%lx, %s%s; the argument is still in %s",
			      (unsigned long)entry, name, how,
			      code_reg_name(g->search->code, found.args[0].reg));
	if (!r && event == GS_EVENT_REFS_DEALLOC)
		g->nfunctions += g->search->binary->nsites - before;
	return r;
}

/* Some types' tp_dealloc is the allocator's own: it is also given much that is no object. */
static bool is_allocator(struct refs_search *g, u64 function)
{
	static const char *const names[] = { "PyObject_Free", "PyObject_GC_Del", "PyMem_Free" };
	struct elf_symbol sym;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!elf_file_export(g->search->elf, names[i], &sym) && sym.vaddr == function)
			return true;
	}
	return false;
}

static int add_type(struct refs_search *g, const char *symbol)
{
	struct elf_symbol sym;
	const char *name;
	u64 dealloc;
	int r;

	if (elf_file_export(g->search->elf, symbol, &sym))
		return 0; /* not in this version */
	name = type_name(g, sym.vaddr, symbol);
	r = elf_file_pointer(g->search->elf, sym.vaddr + g->search->binary->layout.tp_dealloc,
			     &dealloc);
	if (!r && is_allocator(g, dealloc))
		r = -ENOENT;
	if (!r)
		r = add_function(g, GS_EVENT_REFS_DEALLOC, dealloc, name, ".tp_dealloc");
	if (r == -ENOMEM || r == -ENOTSUP)
		return r;
	list_name(r ? g->skipped : g->covered, name);
	return 0;
}

/* Exceptions' types are reached through exported pointers to them. */
static int add_exceptions(struct refs_search *g)
{
	struct elf_file *f = g->search->elf;
	struct elf_symbol sym;
	u64 type, dealloc;
	int r = -ENOENT;

	if (!elf_file_export(f, "PyExc_BaseException", &sym) &&
	    !elf_file_pointer(f, sym.vaddr, &type) &&
	    !elf_file_pointer(f, type + g->search->binary->layout.tp_dealloc, &dealloc))
		r = add_function(g, GS_EVENT_REFS_DEALLOC, dealloc, "BaseException", ".tp_dealloc");
	if (r == -ENOMEM || r == -ENOTSUP)
		return r;
	list_name(r ? g->skipped : g->covered, "most exceptions");
	return 0;
}

/* Where the function at @entry does its work: it may only go on to another, with one argument more.
 */
static u64 forwarded(struct refs_search *g, u64 entry)
{
	struct code *c = g->search->code;
	const struct code_range *to;
	struct insn i;
	u64 at = entry;
	int n;

	for (n = 0; n < FORWARD_MAX && !code_decode(c, at, &i) && i.flow == INSN_NEXT; n++)
		at += i.size;
	if (n == FORWARD_MAX || i.flow != INSN_JMP)
		return entry;
	to = code_range_at(c, i.target);
	return to && to->start == i.target ? to->start : entry;
}

/*
 * subtype_dealloc: by its symbol, else the one function that PyType_FromModuleAndSpec() stores
 * into tp_dealloc of types that bring none (3.11 Objects/typeobject.c); from 3.12 on that is done
 * by PyType_FromMetaclass().
 */
static u64 find_subtype_dealloc(struct refs_search *g)
{
	const u32 at = g->search->binary->layout.tp_dealloc;
	struct elf_symbol sym;
	const struct flow_store *stores;
	struct flow *f;
	size_t i, n;
	u64 found = 0;

	if (!elf_file_symbol(g->search->elf, "subtype_dealloc", &sym))
		return sym.vaddr;
	if ((elf_file_export(g->search->elf, "PyType_FromMetaclass", &sym) &&
	     elf_file_export(g->search->elf, "PyType_FromModuleAndSpec", &sym)) ||
	    flow_new(g->search->code, forwarded(g, sym.vaddr), &g->search->noreturn, &f))
		return 0;
	stores = flow_stores(f, &n);
	for (i = 0; i < n; i++) {
		const struct code_range *r = code_range_at(g->search->code, stores[i].number);

		if (!stores[i].to.base || stores[i].to.disp != at || !r ||
		    r->start != stores[i].number)
			continue;
		if (found && found != stores[i].number) {
			found = 0; /* two candidates: not certain */
			break;
		}
		found = stores[i].number;
	}
	flow_free(f);
	return found;
}

static int add_classes(struct refs_search *g)
{
	static const char name[] = "classes written in Python";
	u64 entry = find_subtype_dealloc(g);
	int r = -ENOENT;

	if (entry)
		r = add_function(g, GS_EVENT_REFS_DEALLOC, entry, "subtype_dealloc",
				 ", which all classes written in Python share");
	if (r == -ENOMEM || r == -ENOTSUP)
		return r;
	list_name(r ? g->skipped : g->covered, name);
	return 0;
}

static int add_allocators(struct refs_search *g)
{
	struct elf_symbol sym;
	size_t i;
	int r;

	for (i = 0; i < sizeof(alloc_symbols) / sizeof(alloc_symbols[0]); i++) {
		if (elf_file_export(g->search->elf, alloc_symbols[i], &sym))
			continue;
		r = add_function(g, GS_EVENT_REFS_ALLOC, sym.vaddr, alloc_symbols[i], "()");
		if (r == -ENOMEM || r == -ENOTSUP)
			return r;
		if (r)
			list_name(g->skipped, alloc_symbols[i]);
	}
	return 0;
}

int sites_refs(struct site_search *search, struct err *e)
{
	struct refs_search g = { .search = search, .e = e };
	char *text;
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(type_symbols) / sizeof(type_symbols[0]) && !r; i++)
		r = add_type(&g, type_symbols[i]);
	if (!r)
		r = add_exceptions(&g);
	if (!r)
		r = add_classes(&g);
	if (!r)
		r = add_allocators(&g);
	if (!r && !g.nfunctions)
		r = errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			 "%s: no type's deallocation can be probed; leave them out with "
			 "--without refs",
			 search->binary->path);
	if (r)
		return r;
	if (asprintf(&text,
		     "creations of classes; deallocations through tp_dealloc of %s; not seen: int, "
		     "float and str freed by specialised instructions, types of extension modules "
		     "in C; seen twice: about one in 49 of objects nested more than 50 deep, which "
		     "the interpreter puts aside and takes up again%s%s",
		     g.covered,
		     g.skipped[0] ? ", and those that have no instruction fit for it: " : "",
		     g.skipped) < 0)
		return -ENOMEM;
	free(search->binary->types_coverage);
	search->binary->types_coverage = text;
	return 0;
}
