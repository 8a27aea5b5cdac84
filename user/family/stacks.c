/* stacks: what Python code held the GIL, waited for it, collected, and made others wait. */
#include "user/family/family.h"
#include "user/model/stack_rows.h"

static int stacks_process(const struct family_input *in, struct fig_process *out)
{
	out->stacks_measured = in->stacks;
	return in->stacks ? stack_rows_share(in->stacks, out) : 0;
}

const struct family_ops stacks_family = {
	.id = GS_FAMILY_STACKS,
	.process = stacks_process,
};
