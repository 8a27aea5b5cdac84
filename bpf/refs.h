/* Types whose objects are created or deallocated, as the refs family counts them. */
#ifndef GS_BPF_REFS_H
#define GS_BPF_REFS_H

#include "bpf/types.h"

#define GS_TYPE_NAME_LEN 64
#define GS_TYPE_HEAP (1U << 9) /* Py_TPFLAGS_HEAPTYPE (Include/object.h, 3.8-3.15) */

#define GS_BURSTS_KEPT 256 /* a power of two */

/* Key of gs_types. */
struct gs_type_key {
	u64 type; /* PyTypeObject *; of a runtime that names its types: the name's address */
	u32 pid;
	u32 pad;
};

struct gs_type {
	u64 deallocs;
	u64 allocs;
	u64 full_deallocs, full_allocs; /* of them: while all were counted, not in a burst */
	u64 in_burst; /* deallocs in burst number `burst`: not in `squares` yet */
	u64 squares; /* sum over the bursts before that of their deallocs squared */
	u64 products; /* likewise of their deallocs times their length in us */
	u32 flags; /* the low half of tp_flags when first seen */
	u32 burst; /* gs_burst.id when last seen */
	char name[GS_TYPE_NAME_LEN]; /* tp_name when first seen; cut if longer */
};

enum gs_burst_active { GS_BURST_OFF, GS_BURST_FULL /* all the time */, GS_BURST_ON };

/* Counting in bursts (user/load/burst.h): user space writes the first 64 bytes, BPF the second. */
struct gs_burst {
	u32 active; /* enum gs_burst_active */
	u32 id; /* number of the burst */
	u32 mean_us; /* how long they are: for those that are not in `us` any more, or not yet */
	u32 pad[13];
	u64 hits; /* of the refs sites by targets, counted or not */
	u64 timed, timed_ns; /* handlers that were timed, and how long they took */
	u64 pad2[5];
	u32 us[GS_BURSTS_KEPT]; /* user space's too: length of the burst number [i % of it]; 0: open
				 */
};

_Static_assert(sizeof(struct gs_type_key) == 16, "gs_type_key is ABI");
_Static_assert(sizeof(struct gs_type) == 128, "gs_type is ABI");
_Static_assert(sizeof(struct gs_burst) == 128 + 4 * GS_BURSTS_KEPT, "gs_burst is ABI");

#endif
