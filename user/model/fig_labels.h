/*
 * What a row of a flame graph or of a table of functions can be called: each distinct one once, by
 * number.
 *
 * A function is its name, its file and the line it begins in: two of the same name in one file are
 * two.
 */
#ifndef GS_USER_MODEL_FIG_LABELS_H
#define GS_USER_MODEL_FIG_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/types.h"

enum fig_label_kind {
	FIG_LABEL_ALL, /* everything measured */
	FIG_LABEL_PROCESS, /* id: pid; text: its command */
	FIG_LABEL_THREAD, /* id: tid; text: its name; 0: those that have ended */
	FIG_LABEL_FUNCTION, /* text NULL: it could not be read */
	FIG_LABEL_NO_STACK, /* none was taken, or it is no longer known */
	FIG_LABEL_CUT, /* older frames are left out: the stack was too deep */
	FIG_LABEL_TORN, /* older frames could not be read: the stack was changing */
};

/* Texts are printable, borrowed, and may be NULL: unknown. */
struct fig_label {
	enum fig_label_kind kind;
	u32 id; /* of processes and threads, else 0 */
	const char *text;
	const char *file; /* of functions */
	u32 first_line; /* of functions; 0: unknown */
	bool native; /* a function that is no Python: its file is that of its code */
};

/* Zeroed, there are none. */
struct fig_labels {
	struct fig_label *list; /* owned */
	size_t n, room;
	u32 *slots; /* owned; a hash table of numbers, each one more than that of its label; 0: free
		     */
	size_t nslots; /* a power of two */
	struct fig_label_memo *memo; /* owned; what was asked for last, by where its texts are */
};

#define FIG_LABEL_NONE UINT32_MAX

/*
 * fig_labels_add - the number of label @l, which is copied if it is new
 *
 * Labels with the same texts are the same.  Return: the number, or FIG_LABEL_NONE without memory.
 */
u32 fig_labels_add(struct fig_labels *labels, const struct fig_label *l);

/* Forget all of them; usable as new. */
void fig_labels_done(struct fig_labels *labels);

/* By their texts, then by lines; for qsort().  Unknown texts go last. */
int fig_label_compare(const struct fig_label *a, const struct fig_label *b);

/* How @l is called where a line has room for it: "parse", "(unknown)", "worker [123]"; cut to
 * @size bytes, at whole characters; returns @to. */
const char *fig_label_text(const struct fig_label *l, char *to, size_t size);

/*
 * fig_label_place - where a function begins: "app/parser.py:12"
 * @file:    NULL: unknown, then it is "?"
 * @columns: of a path that takes more, the last folders: "~app/parser.py:12"; whole: SIZE_MAX
 *
 * Returns @to, cut to @size bytes.
 */
const char *fig_label_place(const char *file, u32 first_line, size_t columns, char *to,
			    size_t size);

/* A hash of two texts and numbers, for those that keep tables by them; NULL is a text like any. */
u64 fig_label_hash(u64 hash, const char *text);

#endif
