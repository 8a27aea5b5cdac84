/* Sessions in a row; see measurement.h. */
#include "user/measurement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/fallback.h"
#include "user/load/cost.h"
#include "user/model/figures_sum.h"

#define MAX_CALIBRATIONS 5

struct measurement {
	struct opts exact, watch; /* of the sessions; as asked for, but for the mode */
	const struct opts *opts; /* as asked for */
	struct session *session;
	bool budgeted; /* all below is used only then */
	struct fallback fallback;
	const char *failed; /* why the last change could not be made; NULL: it could */
	u64 check_ns; /* when to look next */
	struct figures *done; /* of the sessions before; NULL: none */
	struct figures *carry; /* the part of them that measurement_read() has not told yet */
	struct figures *last; /* this session's previous reading */
	u64 started_ns, started_unix_ns;
	u64 hit_ns; /* the newest measured cost of a hit */
	u64 exact_ns, exact_cost_ns; /* of finished sessions in exact mode */
};

/* SECONDS of GILSCOPE_BUDGET_RETRY in ns; 0: not given, or no such time. */
static u64 retry_of_environment(void)
{
	const char *text = getenv("GILSCOPE_BUDGET_RETRY");
	char *end;
	double s;

	if (!text)
		return 0;
	s = strtod(text, &end);
	return end != text && !*end && s >= 0.1 && s <= 300 ? (u64)(s * 1e9) : 0;
}

/* A calibration that was disturbed by others tells nothing: then another one. */
static bool calibrate(struct measurement *m)
{
	m->hit_ns = session_hit_ns(m->session);
	for (int i = 0; i < MAX_CALIBRATIONS && !m->hit_ns; i++) {
		struct hit_cost c;

		cost_measure(&c);
		m->hit_ns = c.emulated_ns;
	}
	return m->hit_ns;
}

/* What the GIL's sites have cost the targets in this session. */
static u64 gil_cost_ns(struct measurement *m)
{
	return session_gil_hits(m->session) * m->hit_ns;
}

int measurement_open(const struct opts *o, struct measurement **ret_m, struct err *e)
{
	struct measurement *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	m->opts = o;
	m->exact = m->watch = *o;
	m->exact.mode_given = m->watch.mode_given = true;
	m->watch.mode = "watch";
	m->watch.contended_sites = false; /* no probes on the GIL at all */
	m->budgeted = o->budget_given && o->budget > 0 && !opts_watch(o) &&
		      o->families & GS_FAMILY_BIT(GS_FAMILY_GIL);
	err = session_open(o, &m->session, e);
	if (!err && m->budgeted && !calibrate(m)) {
		session_leave(m->session);
		m->session = NULL;
		err = errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			   "--budget: what a probe costs could not be measured here; use "
			   "--mode watch, or --budget none");
	}
	if (err) {
		free(m);
		return err;
	}
	*ret_m = m;
	return 0;
}

int measurement_start(struct measurement *m, struct err *e)
{
	int err = session_start(m->session, e);

	m->started_ns = session_started_ns(m->session);
	m->started_unix_ns = session_started_unix_ns(m->session);
	if (m->budgeted)
		fallback_init(&m->fallback, m->opts->budget, retry_of_environment(), m->started_ns);
	return err;
}

/* Replace *@sum by its sum with @part.  0 or -ENOMEM. */
static int add_to(struct figures **sum, const struct figures *part)
{
	struct figures *more = part ? figures_sum(*sum, part) : NULL;

	if (!more)
		return -ENOMEM;
	figures_free(*sum);
	*sum = more;
	return 0;
}

/* The session is over: its last reading goes into the sums. */
static int finish(struct measurement *m)
{
	struct figures *end = session_read(m->session), *part = NULL;
	int err = -ENOMEM;

	if (end)
		part = figures_interval(m->last, end);
	if (part)
		err = add_to(&m->done, end);
	if (!err)
		err = add_to(&m->carry, part);
	if (end && !m->fallback.watch) {
		m->exact_ns += end->duration_ns;
		m->exact_cost_ns += gil_cost_ns(m);
	}
	figures_free(part);
	figures_free(end);
	m->last = figures_free(m->last);
	return err;
}

/* Go on in the mode of @o.  What cannot be changed stays as it is: only what is lost is an error.
 */
static int change(struct measurement *m, struct opts *o)
{
	struct session *next, *old = m->session;
	struct err e = {};
	int err = session_follow(old, o, &next, &e);

	if (err) {
		m->failed = err == -EAGAIN
				    ? "the mode could not be changed: processes came and went"
				    : "the mode could not be changed: the targets do not "
				      "allow it";
		fallback_put_off(&m->fallback, clock_mono_ns());
		return 0;
	}
	err = session_start(next, &e);
	if (!err)
		err = finish(m);
	session_hand_over(old, next);
	m->session = next;
	m->hit_ns = session_hit_ns(next) ?: m->hit_ns;
	m->failed = NULL;
	if (m->fallback.watch)
		fallback_to_exact(&m->fallback, session_started_ns(next));
	else
		fallback_to_watch(&m->fallback, session_started_ns(next));
	session_close_safely(old);
	return err;
}

static int check(struct measurement *m)
{
	struct fallback *f = &m->fallback;
	u64 now = clock_mono_ns();
	int err = 0;

	if (!session_running(m->session) && !m->opts->all) { /* else another may start */
		m->check_ns = UINT64_MAX;
		return 0;
	}
	if (f->watch && now >= f->retry_ns)
		err = change(m, &m->exact);
	else if (!f->watch && fallback_exceeds(f, now, gil_cost_ns(m)))
		err = change(m, &m->watch);
	now = clock_mono_ns();
	m->check_ns = now + fallback_pace(f, now);
	return err;
}

int measurement_wait(struct measurement *m, u64 until_ns, int input_fd)
{
	if (!m->budgeted)
		return session_wait(m->session, until_ns, input_fd);
	for (;;) {
		bool mine = m->check_ns < until_ns;
		int event, err;

		if (clock_mono_ns() >= m->check_ns) {
			err = check(m);
			if (err)
				return err;
			continue;
		}
		event = session_wait(m->session, mine ? m->check_ns : until_ns, input_fd);
		if (event != SESSION_TICK || !mine)
			return event;
	}
}

/* What a reader has to know of the budget. */
static void describe(struct measurement *m, struct figures *f)
{
	const struct fallback *b = &m->fallback;
	u64 cost = m->exact_cost_ns, ns = m->exact_ns;

	if (!b->watch) {
		cost += gil_cost_ns(m);
		ns += clock_mono_ns() - session_started_ns(m->session);
	}
	f->fallback = (struct fig_fallback) {
		.family = "gil",
		.state = b->watch ? "watch" : "exact",
		.share = b->share,
		.since_unix_ns = m->started_unix_ns + (b->since_ns - m->started_ns),
		.why = m->failed
			       ?: b->watch ? "exact mode's probes cost more than the budget"
					   : NULL,
		.cost_ratio = ns ? (double)cost / (double)ns : 0,
		.last_cost_ratio = b->left_ratio,
		.switches = b->switches,
		.retry_unix_ns =
			b->watch ? m->started_unix_ns + (b->retry_ns - m->started_ns) : FIG_NULL,
	};
}

int measurement_read(struct measurement *m, struct figures **ret_total,
		     struct figures **ret_interval)
{
	struct figures *now = session_read(m->session), *total = NULL, *part = NULL;

	if (now && !m->done)
		total = figures_interval(NULL, now);
	else if (now)
		total = figures_sum(m->done, now);
	if (total)
		part = figures_interval(m->last, now);
	if (part && m->carry && add_to(&m->carry, part)) {
		part = figures_free(part);
	} else if (part && m->carry) {
		figures_free(part);
		part = m->carry;
		m->carry = NULL;
	}
	if (!part) {
		figures_free(now);
		figures_free(total);
		return -ENOMEM;
	}
	if (m->budgeted) {
		describe(m, total);
		describe(m, part);
	}
	figures_free(m->last);
	m->last = now;
	*ret_total = total;
	*ret_interval = part;
	return 0;
}

u64 measurement_started_ns(const struct measurement *m)
{
	return m->started_ns;
}

void measurement_leave(struct measurement *m)
{
	static struct measurement *left; /* what it owns stays reachable up to the end */

	left = m;
	if (!left)
		return;
	figures_free(left->done);
	figures_free(left->carry);
	figures_free(left->last);
	left->done = left->carry = left->last = NULL;
	session_leave(left->session);
}
