/* Where in the program a finding is: the function that its stacks name, the system call; and what
 * the program's own switch interval makes of a threshold.
 */
#include <string.h>

#include "user/model/fig_functions.h"
#include "user/model/findings.h"

#define LEAST 0.1 /* of it; less names nothing */
#define LEAST_INTERVAL_NS 1000000ULL /* below it, a busy machine makes waits longer than that */
#define MOST_INTERVAL_NS 1000000000ULL
#define MAX_CALLS 64 /* that are told apart */

int finding_function(struct finding *x, u32 tid, u32 by)
{
	const struct fig_process *p = x->process;
	const struct fig_function *top = NULL;
	struct fig_functions l;
	double share;
	int err;

	if (!p || !p->stacks_measured)
		return 0;
	err = fig_functions_of(p, 1, tid, &l);
	if (err)
		return err;
	/* What others waited is known of contended holds only: else by how long it held. */
	if (by == FIG_BY_CAUSED && (l.all[by] == FIG_NULL || !l.all[by]))
		by = FIG_BY_HELD;
	fig_functions_sort(&l, by, false);
	for (size_t i = 0; i < l.n && l.all[by] != FIG_NULL && l.all[by]; i++) {
		const struct fig_function *f = &l.list[i];

		if (f->label.kind == FIG_LABEL_FUNCTION && f->label.text &&
		    (!top || f->python[by] > top->python[by]))
			top = f;
	}
	share = top ? (double)top->python[by] / (double)l.all[by] : 0;
	if (share >= LEAST) {
		x->function = top->label;
		x->function_share = share;
	}
	fig_functions_done(&l);
	return 0;
}

u64 finding_scaled(const struct fig_process *p, u64 ns)
{
	u64 interval = p->cpu.switch_interval_ns;

	if (interval == FIG_NULL || !interval || interval == FINDING_INTERVAL_NS)
		return ns;
	if (interval < LEAST_INTERVAL_NS)
		interval = LEAST_INTERVAL_NS;
	if (interval > MOST_INTERVAL_NS)
		interval = MOST_INTERVAL_NS;
	return (u64)((double)ns * (double)interval / FINDING_INTERVAL_NS);
}

const char *finding_call(const struct fig_process *p)
{
	struct {
		const char *call;
		u64 ns;
	} sums[MAX_CALLS] = {};
	size_t top = 0, n = 0;

	for (size_t i = 0; p->blocked_measured && i < p->nblocked; i++) {
		size_t j = 0;

		while (j < n && strcmp(sums[j].call, p->blocked[i].call))
			j++;
		if (j == MAX_CALLS)
			continue;
		n += j == n;
		sums[j].call = p->blocked[i].call;
		sums[j].ns += p->blocked[i].ns;
		if (sums[j].ns > sums[top].ns)
			top = j;
	}
	return sums[top].call;
}
