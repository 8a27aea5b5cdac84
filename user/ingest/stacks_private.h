/* What stacks.c, stacks_names.c and stacks_tables.c share. */
#ifndef GS_USER_INGEST_STACKS_PRIVATE_H
#define GS_USER_INGEST_STACKS_PRIVATE_H

#include "bpf/native.h"
#include "user/model/stack_rows.h"
#include "user/ingest/stack_store.h"
#include "user/ingest/stacks.h"
#include "user/target/native_merge.h"
#include "user/target/py_code.h"

struct ring_buffer;

/* A stack that the kernel has told. */
struct stack_known {
	u64 stack; /* its hash there; 0: free */
	u32 pid;
	u32 used; /* the reading that counted on it last */
	u64 id; /* with its names; 0: there was no room for them */
	const struct fig_frames *names; /* NULL likewise */
	struct gs_frames *frames; /* owned; as many as it has; NULL: only told natively yet */
	struct native_frames *native; /* owned; likewise; NULL: it has none */
};

/* What was read last of one entry of the kernel's costs. */
struct stack_read {
	struct gs_stack_key key; /* pid 0: free */
	struct gs_stack_cost last;
	bool changed; /* in the last reading */
	bool gone; /* from the kernel's table: to be forgotten */
};

#define SEEN 1024 /* a power of two */

struct stacks {
	const struct kmaps *maps;
	struct stack_store *store; /* shared */
	struct ring_buffer *ring;
	const struct collector *collector; /* while the ring is read */
	struct stack_known *known;
	size_t nknown, known_room;
	struct stack_read *reads;
	size_t nreads, reads_room;
	u64 known_gone, costs_gone; /* taken out of the kernel's tables */
	u32 reading; /* number */
	u32 cleaned; /* the one at which the table of stacks was cleaned */
	u64 unknown_seen, tstates_at_ns;
	u64 period_ns;
	u64 lost;
	int err; /* of the ring's reader */
	/* With --native; else all 0. */
	struct ring_buffer *native_ring;
	struct native_names *native_names;
	u64 native_until_ns; /* no more walks in this look */
	struct stacks_native_lost native_lost;
	/* Code objects looked at in this reading. */
	struct {
		u64 addr;
		u32 pid;
		u32 reading;
		const struct py_code *code;
	} seen[SEEN];
};

struct stacks_of {
	struct stack_rows rows;
	struct py_codes *codes; /* NULL: none was needed yet */
	struct native *native; /* with --native; NULL: cannot be */
	u64 native_at_ns; /* its maps were read */
	bool native_told; /* the kernel side knows where its code is */
};

/* stacks.c: the process that @pid is, or was last; NULL: its stacks are not measured. */
struct measured *stacks_process(const struct stacks *s, u32 pid);

/* stacks_native.c */

/* With --native: the ring, and names.  0 or -ENOMEM. */
int stacks_native_new(struct stacks *s);
void stacks_native_free(struct stacks *s);

/* @m is measured from now on.  0 or -ENOMEM. */
int stacks_native_add(struct stacks *s, struct measured *m);

/* What processes have loaded, and who has ended. */
void stacks_native_look(struct stacks *s, const struct collector *c);

/* A look begins; read what was told natively up to now. */
void stacks_native_begin(struct stacks *s);
void stacks_native_read(struct stacks *s);

/* The frames of @k, which has both; the first time it is counted how that went. */
void stacks_native_merge(struct stacks *s, const struct stack_known *k,
			 struct native_merged *ret_m);

/* stacks_names.c */

/* Names for @k, of @m, or again: they may be others by now.  0 or -ENOMEM. */
int stacks_name(struct stacks *s, const struct measured *m, struct stack_known *k);

/* stacks_tables.c */

/* The stack @stack; NULL: it was not told, or forgotten. */
struct stack_known *stacks_known_find(const struct stacks *s, u64 stack);

/* A place for it, new or not; NULL without memory. */
struct stack_known *stacks_known_add(struct stacks *s, u64 stack);

/* The last reading of @key, all 0 if it is new; NULL without memory. */
struct stack_read *stacks_read_of(struct stacks *s, const struct gs_stack_key *key);

/* Room in the kernel's table of stacks, and in ours: those not used since the last time go. */
void stacks_clean_known(struct stacks *s);

/* Forget the last readings that are gone. */
void stacks_reads_trim(struct stacks *s);

void stacks_tables_free(struct stacks *s);

/* stacks_tstates.c */

/* Tell the kernel which thread has which PyThreadState. */
void stacks_tell_tstates(const struct stacks *s, const struct measured *m);

#endif
