/* The account of a budget; see budget.h. */
#include "user/load/budget.h"

#define MS 1000000.0
#define ACCOUNT_NS (4000 * MS) /* the account holds what these give */
#define START_NS (300 * MS) /* and what it holds at the start */
#define SLICE_MIN_NS (2 * MS)
#define SLICE_MAX_NS (10 * MS)
#define BURST_MIN_NS (2 * MS)
#define BURST_GOOD_NS (5 * MS) /* worth waiting for */
#define BURST_MAX_NS (100 * MS)
#define PAUSE_MIN_NS (250 * MS)
#define PAUSE_MAX_NS (20000 * MS)
#define STRAY_MAX_NS (500 * MS) /* of a pause, at random: enough to be in step with nothing */
#define NEWS 0.3 /* weight of the last burst in what is expected of the next */
#define NEED_FIRST 6
#define NEED_MAX 96
#define LASTED_NS (60000 * MS) /* a return that long was right */

static double min(double a, double b)
{
	return a < b ? a : b;
}

static double max(double a, double b)
{
	return a > b ? a : b;
}

void budget_init(struct budget *b, double share, u64 now_ns)
{
	*b = (struct budget) {
		.share = share,
		.account_ns = share * START_NS,
		.last_ns = now_ns,
		.full_since_ns = now_ns,
		.need = NEED_FIRST,
	};
}

void budget_spend(struct budget *b, u64 now_ns, double cost_ns)
{
	if (now_ns > b->last_ns) {
		b->account_ns += b->share * (double)(now_ns - b->last_ns);
		b->last_ns = now_ns;
	}
	b->account_ns = min(b->account_ns, b->share * ACCOUNT_NS) - cost_ns;
}

u64 budget_slice(const struct budget *b)
{
	return min(max(b->account_ns, SLICE_MIN_NS), SLICE_MAX_NS);
}

bool budget_low(const struct budget *b, double load)
{
	return load > b->share && load * SLICE_MAX_NS > b->account_ns;
}

bool budget_thin(struct budget *b, u64 now_ns)
{
	if (b->account_ns >= 0)
		return false;
	if (b->changes && (double)(now_ns - b->full_since_ns) < LASTED_NS)
		b->need = b->need * 2 < NEED_MAX ? b->need * 2 : NEED_MAX;
	else
		b->need = NEED_FIRST;
	b->thinned = true;
	for (int k = 0; k < GS_BURST_KINDS; k++)
		b->kinds[k].load = 0;
	b->kind = GS_BURST_ALL;
	b->calm = 0;
	b->changes++;
	return true;
}

/* Cost per time that is expected of a burst: before the first, the worst. */
static double expected(const struct budget *b)
{
	double load = b->kinds[b->kind].load;

	return load > 0 ? max(load, b->share / 10) : 1;
}

static double tail(const struct budget *b)
{
	return b->kinds[b->kind].tail_ns;
}

u64 budget_pause(const struct budget *b, double random)
{
	double want = tail(b) + expected(b) * BURST_GOOD_NS;
	double wait = max((want - b->account_ns) / b->share, PAUSE_MIN_NS);

	return min(wait + random * min(wait / 2, STRAY_MAX_NS), PAUSE_MAX_NS);
}

u64 budget_length(const struct budget *b)
{
	double ns = (b->account_ns - tail(b)) / expected(b);

	return min(max(ns, BURST_MIN_NS), BURST_MAX_NS);
}

bool budget_burst_over(const struct budget *b, u64 length_ns, u64 ns, double cost_ns)
{
	return ns >= length_ns || ((double)ns >= BURST_MIN_NS && cost_ns > b->account_ns - tail(b));
}

bool budget_burst(struct budget *b, u64 now_ns, u64 ns, double cost_ns)
{
	double load = cost_ns / (double)(ns ? ns : 1), *mean = &b->kinds[b->kind].load;

	budget_spend(b, now_ns, cost_ns);
	*mean = *mean > 0 ? *mean + NEWS * (load - *mean) : max(load, b->share / 1000);
	if (b->kind != GS_BURST_ALL)
		return false;
	b->last_load = load;
	b->calm = load < b->share / 2 && *mean < b->share / 2 ? b->calm + 1 : 0;
	if (b->calm < b->need)
		return false;
	b->thinned = false;
	b->full_since_ns = now_ns;
	b->account_ns = max(b->account_ns, b->share * START_NS);
	b->changes++;
	return true;
}

void budget_tail(struct budget *b, double cost_ns, bool of_burst)
{
	double *mean = &b->kinds[b->kind].tail_ns;

	b->account_ns -= cost_ns;
	if (!of_burst)
		return;
	*mean = *mean > 0 ? *mean + NEWS * (cost_ns - *mean) : cost_ns;
}
