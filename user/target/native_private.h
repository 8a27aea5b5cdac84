/* What the files of native.h share. */
#ifndef GS_USER_TARGET_NATIVE_PRIVATE_H
#define GS_USER_TARGET_NATIVE_PRIVATE_H

#include <elfutils/libdwfl.h>

#include "user/sym/code.h"
#include "user/sym/fde.h"
#include "user/target/native.h"
#include "user/target/proc_maps.h"

#define NATIVE_FILES_MAX 256 /* open at a time, for one process; what is in others ends a walk */

/* A file's mappings, next to each other in memory. */
struct native_module {
	u64 start, end;
	u64 inode; /* 0: the vDSO */
	u64 first_end; /* of its first mapping, by which the file is opened */
	char *path; /* owned */
	struct native_symbols *symbols; /* owned; NULL: not needed yet */
};

/* What is known of a place in the code. */
struct native_place {
	u64 pc; /* 0: free */
	const struct native_name *name;
	bool walkable; /* a table says how to go on from it */
	bool first; /* it says that there is none: the thread began here */
};

struct native {
	pid_t pid;
	u64 interpreter; /* inode of the file with the evaluation loop */
	struct native_names *names;
	struct native_module *modules; /* owned; by address */
	size_t nmodules;
	u64 *bounds; /* owned; of executable mappings, in rising order */
	size_t nbounds;
	u64 maps_hash; /* of all that */
	size_t symbols_bytes; /* of all modules */
	Dwfl *dwfl;
	Elf *machine; /* no file: only tells dwfl what registers there are */
	u32 nfiles; /* that it has open, at most */
	bool attached; /* dwfl knows how to read a state */
	const struct native_state *state; /* while it is walked */
	struct native_frames *out; /* likewise */
	struct native_place *places; /* owned; a hash table, at most half full */
	size_t nplaces, places_room;
	/* To tell parts of the evaluation loop from others, where symbols are stripped. */
	struct elf_file *elf; /* NULL: not needed yet, or not to be had */
	struct code *code;
	bool looked; /* for those two */
	u64 eval_start, eval_end; /* as in the file; 0: not known */
};

/* native_names.c: the name of a function in @file, made if it is new.  NULL: no room. */
const struct native_name *native_names_get(struct native_names *names, const char *function,
					   const char *file, bool eval);

/* native_places.c: what is known of @pc; never NULL, name may be.  Valid until the next. */
const struct native_place *native_place(struct native *n, u64 pc);
void native_places_clear(struct native *n);

/* native_symbols.c: what function @pc of @m is in. */
struct native_found {
	const char *name; /* without what compilers append; NULL: it has none; valid until the next
			   * native_refresh() */
	u64 vaddr; /* where it begins, in the file; @pc's where that is not known either */
};
struct native_found native_symbol_at(struct native *n, struct native_module *m, u64 pc);
size_t native_symbols_bytes(const struct native_symbols *s); /* NULL is fine */
void native_symbols_free(struct native_symbols *s); /* likewise */

/* native_files.c */
struct native_module *native_module_at(const struct native *n, u64 addr);
/* A descriptor of the module's file (of a copy of our vDSO, for that), or a negative errno. */
int native_module_open(const struct native *n, const struct native_module *m);
extern const Dwfl_Callbacks native_callbacks;
/* native_table.c: a descriptor of a file with @elf's unwind table and nothing else, to be read by
 * libdw; the caller's to close.  Or a negative errno: -ENOENT there is none, -E2BIG. */
int native_table(struct elf_file *elf);
/* The base name of @path, without what maps adds to that of a deleted file; cut to @size. */
void native_base(const char *path, char *to, size_t size);

/* native_eval.c: is the code at @pc of @m, which no symbol names, a part of the evaluation loop? */
bool native_is_eval_part(struct native *n, const struct native_module *m, u64 pc);
void native_eval_done(struct native *n);

#endif
