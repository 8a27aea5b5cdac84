/* The table of families, from the one list, and what they share. */
#include <string.h>

#include "user/family/family.h"

const struct family_ops *const families[GS_FAMILY_END] = {
#define X(NAME, name, id, on, help) [GS_FAMILY_##NAME] = &name##_family,
	GS_FAMILIES(X)
#undef X
};

void family_hist(const struct gs_hist *h, u32 epoch, struct fig_hist *ret_h)
{
	ret_h->valid = true;
	ret_h->count = h->count;
	ret_h->sum_ns = h->sum;
	ret_h->max_ns = h->max;
	if (h->epoch == epoch)
		ret_h->interval_max_ns = h->epoch_max;
	else
		ret_h->interval_max_ns = h->epoch == epoch + 1 ? h->prev_max : 0;
	memcpy(ret_h->bucket, h->bucket, sizeof(ret_h->bucket));
}
