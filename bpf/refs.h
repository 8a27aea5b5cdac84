/* Types whose objects are created or deallocated, as the refs family counts them. */
#ifndef GS_BPF_REFS_H
#define GS_BPF_REFS_H

#include "bpf/types.h"

#define GS_TYPE_NAME_LEN 64
#define GS_TYPE_HEAP (1U << 9) /* Py_TPFLAGS_HEAPTYPE (Include/object.h, 3.8-3.15) */

#define GS_BURSTS_KEPT 256 /* a power of two */

/*
 * Kinds of bursts, by what is probed: the sites that are hit seldom; those and some more; all.  A
 * site has a level, the first kind that it is in, and is in all kinds after it.
 */
enum gs_burst_kind { GS_BURST_LIGHT, GS_BURST_MID, GS_BURST_ALL, GS_BURST_KINDS };

/* A burst's id has its number and its kind. */
#define GS_BURST_ID(number, kind) ((u32)(number) << 2 | (kind))
#define GS_BURST_NUMBER(id) ((id) >> 2)
#define GS_BURST_KIND(id) ((id)&3)

/* Key of gs_types. */
struct gs_type_key {
	u64 type; /* PyTypeObject *; of a runtime that names its types: the name's address */
	u32 pid;
	u32 pad;
};

struct gs_type_kind {
	u64 deallocs;
	u64 squares; /* sum over the bursts before `burst` of their deallocs squared */
	u64 products; /* likewise of their deallocs times their length in us */
	u64 by_hits; /* likewise of their deallocs times all hits in them */
};

struct gs_type {
	u64 deallocs;
	u64 allocs;
	u64 full_deallocs, full_allocs; /* of them: while all were counted, not in a burst */
	u64 in_burst; /* deallocs in `burst`: not in its kind's `squares` yet */
	struct gs_type_kind kinds[GS_BURST_KINDS]; /* what was seen in bursts */
	u32 flags; /* the low half of tp_flags when first seen */
	u32 burst; /* gs_burst.id when last seen */
	u32 site; /* row of gs_sites where it was last deallocated */
	u32 pad;
	u64 unread; /* where the name is: that page was not mapped; 0: it has been read */
	char name[GS_TYPE_NAME_LEN]; /* tp_name when first seen; cut if longer */
};

enum gs_burst_active { GS_BURST_OFF, GS_BURST_FULL /* all the time */, GS_BURST_ON };

/* Counting in bursts (user/load/burst.h): user space writes the first 64 bytes, BPF the second. */
struct gs_burst {
	u32 active; /* enum gs_burst_active */
	u32 id; /* GS_BURST_ID() of the burst */
	/* How long they are, and all hits in them: for those that are not in `us` and `in`. */
	u32 mean_us[GS_BURST_KINDS], mean_in[GS_BURST_KINDS];
	u32 pad[8];
	u64 hits; /* of the refs sites by targets, counted or not */
	u64 timed, timed_ns; /* handlers that were timed, and how long they took */
	u64 unread; /* types whose name could not be read at first */
	u64 pad2[4];
	/* User space's: length of burst number [i % of it], and all hits in it; 0: it is open. */
	u32 us[GS_BURSTS_KEPT], in[GS_BURSTS_KEPT];
};

_Static_assert(sizeof(struct gs_type_key) == 16, "gs_type_key is ABI");
_Static_assert(sizeof(struct gs_type) == 224, "gs_type is ABI");
_Static_assert(sizeof(struct gs_burst) == 128 + 8 * GS_BURSTS_KEPT, "gs_burst is ABI");

#endif
