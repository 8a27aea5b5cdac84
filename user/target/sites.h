/*
 * Finding the probe sites of one file.  One finder per family, in sites_<family>.c; each
 * either finds all sites that its figures need or fails naming what is missing: a site
 * overlooked would make figures wrong without a sign.
 */
#ifndef GS_USER_TARGET_SITES_H
#define GS_USER_TARGET_SITES_H

#include <sys/types.h>

#include "user/base/err.h"
#include "user/sym/code.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"

#define SITES_MAX 1024 /* per file */
#define NORETURN_MAX 64

struct site_search {
	struct py_binary *binary; /* sites are added to it */
	struct elf_file *elf;
	struct code *code;
	pid_t pid; /* a process that runs it */
	u64 load_bias; /* of the file in that process */
	struct code_targets noreturn; /* functions that do not return, into the arrays below */
	u64 noreturn_targets[NORETURN_MAX];
	u64 noreturn_slots[NORETURN_MAX];
};

/* As struct probe_site, what a finder knows of it. */
struct site_found {
	enum gs_family family;
	enum gs_event event;
	struct gs_arg args[GS_SITE_ARGS];
	bool optional;
	u64 vaddr;
	u64 function; /* 0: does not matter */
	u64 semaphore; /* file offset; 0: none */
	const char *found_by; /* static */
};

/*
 * sites_add - add @s to the binary's sites, with its evidence
 * Adding one that is there already (same address and event) does nothing.
 * Return: 0; -ENOMEM; -EILSEQ if no instruction begins there, -ENOTSUP: with @e set.
 */
int sites_add(struct site_search *search, struct err *e, const struct site_found *s,
	      const char *evidence, ...) __attribute__((format(printf, 4, 5)));

/*
 * sites_add_notes - every USDT note @provider:@name as a site of @event, with its arguments
 * Return: how many; -EINVAL if one is damaged or not understood; -ENOMEM; -E2BIG.
 */
int sites_add_notes(struct site_search *search, struct err *e, const char *provider,
		    const char *name, enum gs_family family, enum gs_event event);

/* Where calls to @name go: imported through the PLT or the GOT, or defined in the file. */
struct site_callee {
	u64 targets[ELF_IMPORT_MAX + 1];
	size_t ntargets;
	u64 slots[ELF_IMPORT_MAX];
	size_t nslots;
};

/* Return: 0, or -ENOENT if the file neither imports nor defines it. */
int sites_callee(struct site_search *search, const char *name, struct site_callee *ret_c);

/* Does @i call (or jump to) @c? */
bool sites_calls(const struct insn *i, const struct site_callee *c);

/* All finders: 0, or a negative errno with @e set. */
int sites_gil(struct site_search *search, struct err *e);
int sites_gc(struct site_search *search, struct err *e);
int sites_refs(struct site_search *search, struct err *e);
int sites_count(struct site_search *search, struct err *e);
int sites_asyncio(struct site_search *search, struct err *e);
int sites_ft(struct site_search *search, struct err *e);

/* For sites_gc(): 1 found, 0 not there, or a negative errno. */
int sites_gc_inside(struct site_search *search, struct err *e);

#endif
