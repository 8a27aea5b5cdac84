/*
 * What the kernel, the privileges and the libraries here allow: a table of requirements, each
 * with what is lost without it and how to get it.
 */
#ifndef GS_USER_LOAD_FEATURE_H
#define GS_USER_LOAD_FEATURE_H

#include "bpf/types.h"
#include "user/load/needs.h"

enum feature {
	FEAT_KERNEL,
	FEAT_ROOT,
	FEAT_BTF,
	FEAT_BPF,
	FEAT_TP_BTF,
	FEAT_NEEDS, /* the first of GS_NEEDS, in their order */
	FEAT_UPROBE = FEAT_NEEDS + NEED_COUNT,
	FEAT_MULTI,
	FEAT_MULTI_PID,
	FEAT_TRACEFS,
	FEAT_READ_MEMORY,
	FEAT_MAP_FILES,
	FEAT_COUNT
};

enum feature_state { FEAT_MISSING, FEAT_OK, FEAT_WARN /* works, not at its best */ };

struct feature_result {
	enum feature_state state;
	char detail[512]; /* what was found */
};

struct feature_text {
	const char *name;
	const char *since; /* first kernel release that has it; "" if it is not about that */
	const char *loss; /* what the user goes without */
	const char *remedy;
};

const struct feature_text *feature_text(enum feature f);

/* Find out about all of them; loads and unloads small BPF programs, probes only ourselves. */
void features_probe(struct feature_result ret_r[FEAT_COUNT]);

#endif
