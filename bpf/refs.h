/* Types whose objects are created or deallocated, as the refs family counts them. */
#ifndef GS_BPF_REFS_H
#define GS_BPF_REFS_H

#include "bpf/types.h"

#define GS_TYPE_NAME_LEN 64
#define GS_TYPE_HEAP (1U << 9) /* Py_TPFLAGS_HEAPTYPE (Include/object.h, 3.8-3.15) */

/* Key of gs_types. */
struct gs_type_key {
	u64 type; /* PyTypeObject *; of a runtime that names its types: the name's address */
	u32 pid;
	u32 pad;
};

struct gs_type {
	u64 deallocs;
	u64 allocs;
	u32 flags; /* the low half of tp_flags when first seen */
	u32 pad;
	char name[GS_TYPE_NAME_LEN]; /* tp_name when first seen; cut if longer */
};

_Static_assert(sizeof(struct gs_type_key) == 16, "gs_type_key is ABI");
_Static_assert(sizeof(struct gs_type) == 88, "gs_type is ABI");

#endif
