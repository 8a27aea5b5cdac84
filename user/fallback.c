/* The budget of exact mode; see fallback.h. */
#include "user/fallback.h"

#include <math.h>

#define SECOND 1000000000ULL
#define LASTED_NS (60 * SECOND)

static double full_account(const struct fallback *f)
{
	return f->share * (double)SECOND;
}

static void begin_exact(struct fallback *f, u64 now_ns)
{
	f->watch = false;
	f->since_ns = f->checked_ns = f->recent_ns = now_ns;
	f->cost_ns = f->recent_cost_ns = 0;
	f->account_ns = full_account(f);
	f->retry_ns = 0;
}

void fallback_init(struct fallback *f, double share, u64 first_ns, u64 now_ns)
{
	*f = (struct fallback) { .share = share, .left_ratio = NAN };
	f->first_ns = f->wait_ns = first_ns ? first_ns : FALLBACK_FIRST_NS;
	begin_exact(f, now_ns);
}

/* Of the time since a mark that moves on each half second. */
static void measure_ratio(struct fallback *f, u64 now_ns, u64 cost_ns)
{
	u64 ns = now_ns - f->recent_ns;

	if (!ns)
		return;
	f->last_ratio = (double)(cost_ns - f->recent_cost_ns) / (double)ns;
	if (ns >= SECOND / 2) {
		f->recent_ns = now_ns;
		f->recent_cost_ns = cost_ns;
	}
}

bool fallback_exceeds(struct fallback *f, u64 now_ns, u64 cost_ns)
{
	u64 ns = now_ns > f->checked_ns ? now_ns - f->checked_ns : 0;

	if (f->watch)
		return false;
	if (cost_ns < f->cost_ns)
		cost_ns = f->cost_ns;
	f->account_ns += f->share * (double)ns - (double)(cost_ns - f->cost_ns);
	if (f->account_ns > full_account(f))
		f->account_ns = full_account(f);
	measure_ratio(f, now_ns, cost_ns);
	f->checked_ns = now_ns;
	f->cost_ns = cost_ns;
	return f->account_ns < 0 && now_ns >= f->retry_ns;
}

u64 fallback_pace(const struct fallback *f, u64 now_ns)
{
	return now_ns - f->since_ns < SECOND ? SECOND / 20 : SECOND / 10;
}

static void next_wait(struct fallback *f)
{
	f->wait_ns *= 2;
	if (f->wait_ns > FALLBACK_LAST_NS)
		f->wait_ns = FALLBACK_LAST_NS;
}

void fallback_to_watch(struct fallback *f, u64 now_ns)
{
	u64 lasted = now_ns - f->since_ns;

	if (lasted >= LASTED_NS && lasted >= f->wait_ns)
		f->wait_ns = f->first_ns;
	f->watch = true;
	f->left_ratio = f->last_ratio;
	f->since_ns = now_ns;
	f->retry_ns = now_ns + f->wait_ns;
	f->switches++;
	next_wait(f);
}

void fallback_to_exact(struct fallback *f, u64 now_ns)
{
	begin_exact(f, now_ns);
	f->switches++;
}

void fallback_put_off(struct fallback *f, u64 now_ns)
{
	f->retry_ns = now_ns + f->wait_ns;
	next_wait(f);
}
