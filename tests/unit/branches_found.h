/* A list of the branches that code_each_branch() tells. */
#ifndef GS_TESTS_UNIT_BRANCHES_FOUND_H
#define GS_TESTS_UNIT_BRANCHES_FOUND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "user/sym/code.h"

struct found {
	u64 list[8];
	size_t n;
};

static inline int note(const struct insn *i, void *arg)
{
	struct found *f = arg;

	assert_true(f->n < 8);
	f->list[f->n++] = i->vaddr;
	return 0;
}

#endif
