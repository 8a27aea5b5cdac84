/* calls: calls of one function.  The hits of its site are the figure: see the probes. */
#include "user/family/family.h"

const struct family_ops calls_family = {
	.id = GS_FAMILY_CALLS,
};
