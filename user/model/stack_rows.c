/*
 * Stacks of a process as figures: see stack_rows.h.
 *
 * Counted for the stack itself: time off the CPU while holding, waits, collections.  Known of the
 * thread and shared out over its stacks: time on the CPU while holding, by samples; and how long
 * others waited for it (blame), by how many waited at each sample and in each time off the CPU.
 * Where there is no blame, what all waited is shared out over all stacks; so are deallocations.
 * Each time what has come since the time before is shared out, so no row shrinks but those with
 * id 0, which have what no stack was taken of.  Where nothing tells what a thread held (a recording
 * in watch mode), its samples do.
 */
#include "user/model/stack_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/fig_rows.h"

static int compare(const struct stack_row *r, u32 tid, u64 id)
{
	if (r->tid != tid)
		return r->tid < tid ? -1 : 1;
	return r->id < id ? -1 : r->id > id;
}

/* Where the row of @tid and @id is, or belongs. */
static size_t place(const struct stack_rows *s, u32 tid, u64 id)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&s->rows[middle], tid, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct stack_row *stack_rows_find(const struct stack_rows *s, u32 tid, u64 id)
{
	size_t at = place(s, tid, id);

	return at < s->n && !compare(&s->rows[at], tid, id) ? &s->rows[at] : NULL;
}

struct stack_row *stack_rows_row(struct stack_rows *s, u32 tid, u64 id)
{
	size_t at = place(s, tid, id);

	if (at < s->n && !compare(&s->rows[at], tid, id))
		return &s->rows[at];
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : 64;
		struct stack_row *more = realloc(s->rows, room * sizeof(*more));

		if (!more)
			return NULL;
		s->rows = more;
		s->room = room;
	}
	memmove(&s->rows[at + 1], &s->rows[at], (s->n++ - at) * sizeof(*s->rows));
	s->rows[at] = (struct stack_row) { .tid = tid, .id = id };
	return &s->rows[at];
}

/* Rows next to each other: a thread's, or all. */
struct range {
	struct stack_row *rows;
	size_t n;
};

static struct range rows_of(struct stack_rows *s, u32 tid)
{
	size_t from = place(s, tid, 0), to = tid == UINT32_MAX ? s->n : place(s, tid + 1, 0);

	return (struct range) { s->rows + from, to - from };
}

/* Something that is shared out: where a row has its part; its weight, and that by the last time. */
struct shared {
	size_t part, was;
	u64 (*weight)(const struct stack_row *r, u64 period_ns);
};

static u64 samples(const struct stack_row *r, u64 period_ns)
{
	(void)period_ns;
	return r->cost.samples;
}

/*
 * How many waited at a sample, on average, for as long as it held on the CPU: what its samples
 * stand for is known better than by the clock's period, which a busy machine stretches.
 */
static u64 causes(const struct stack_row *r, u64 period_ns)
{
	double each = r->on_cpu_ns && r->cost.samples
			      ? (double)r->on_cpu_ns / (double)r->cost.samples
			      : (double)period_ns;

	return r->cost.off_caused_ns + (u64)((double)r->cost.waiters * each);
}

static u64 weight_of_deallocs(const struct stack_row *r, u64 period_ns)
{
	(void)period_ns;
	return r->cost.deallocs;
}

#define SHARED(part, was, weight) \
	{ \
		offsetof(struct stack_row, part), offsetof(struct stack_row, was), weight \
	}

static const struct shared on_cpu = SHARED(on_cpu_ns, samples, samples);
static const struct shared caused = SHARED(caused_ns, causes, causes);
static const struct shared deallocs = SHARED(deallocs, dealloc_weight, weight_of_deallocs);

static u64 *member(struct stack_row *r, size_t offset)
{
	return (u64 *)((char *)r + offset);
}

/* A weight less what it was: one that is an average may have become less. */
static double new_weight(u64 weight, u64 was)
{
	return weight > was ? (double)(weight - was) : 0;
}

/* @more by weight; @news: by the weight that is new.  False: there is none. */
static bool give(struct range r, const struct shared *of, u64 period_ns, u64 more, bool news)
{
	double sum = 0, so_far = 0;
	u64 given = 0;

	for (size_t i = 0; i < r.n; i++)
		sum += new_weight(of->weight(&r.rows[i], period_ns),
				  news ? *member(&r.rows[i], of->was) : 0);
	if (sum <= 0)
		return false;
	for (size_t i = 0; i < r.n; i++) {
		u64 weight = of->weight(&r.rows[i], period_ns);
		u64 *was = member(&r.rows[i], of->was), up_to;

		so_far += new_weight(weight, news ? *was : 0);
		up_to = so_far >= sum ? more : (u64)((double)more * (so_far / sum));
		*member(&r.rows[i], of->part) += up_to - given;
		*was = weight;
		given = up_to;
	}
	return true;
}

/*
 * The rows have @total together.  Where no weight is new, it is as it was before; where there never
 * was any, the first row has it: that of no stack.
 */
static void share(struct range r, const struct shared *of, u64 period_ns, u64 total)
{
	u64 given = 0;

	for (size_t i = 0; i < r.n; i++)
		given += *member(&r.rows[i], of->part);
	if (total == FIG_NULL || total <= given)
		return;
	if (!give(r, of, period_ns, total - given, true) &&
	    !give(r, of, period_ns, total - given, false))
		*member(r.rows, of->part) += total - given;
}

/* What all threads of a tid have together; FIG_NULL: not measured, or not known. */
struct sums {
	u64 held_ns, off_ns, preempted_ns, wait_ns, blame_ns;
};

static bool is_thread(const struct fig_process *p, u32 tid)
{
	for (size_t i = 0; i < p->nthreads; i++)
		if (p->threads[i].tid == tid)
			return true;
	return false;
}

static struct sums sums_of(const struct fig_process *p, u32 tid)
{
	struct sums sum = { FIG_NULL, FIG_NULL, FIG_NULL, FIG_NULL, 0 };

	for (size_t i = 0; i < p->nthreads; i++) {
		const struct fig_thread *t = &p->threads[i];

		if (t->tid != tid)
			continue;
		sum.held_ns = fig_sum(sum.held_ns, t->held_ns);
		sum.off_ns = fig_sum(sum.off_ns, t->held_offcpu_ns);
		sum.preempted_ns = fig_sum(sum.preempted_ns, t->held_preempted_ns);
		sum.wait_ns = fig_sum(sum.wait_ns, t->wait_ns);
	}
	/* Holders that are no threads of the list count as those that have ended. */
	for (size_t i = 0; i < p->nblame; i++)
		if (p->blame[i].holder_tid == tid ||
		    (!tid && !is_thread(p, p->blame[i].holder_tid)))
			sum.blame_ns += p->blame[i].wait_ns;
	return sum;
}

static u64 less(u64 a, u64 b)
{
	return a == FIG_NULL ? 0 : a > b ? a - b : 0;
}

static struct fig_stack row_of(const struct stack_row *r, const struct sums *sum,
			       const struct fig_process *out)
{
	u64 preempted = r->cost.off_preempted_ns + r->open_preempted_ns;
	u64 off = preempted + r->cost.off_blocked_ns + r->open_blocked_ns;

	return (struct fig_stack) {
		.tid = r->tid,
		.id = r->id,
		.frames = r->frames,
		.samples = r->cost.samples,
		.held_ns = r->on_cpu_ns + off,
		.held_offcpu_ns = off,
		.held_preempted_ns = preempted,
		.wait_ns = r->cost.wait_ns + r->open_wait_ns,
		.caused_wait_ns = sum->blame_ns == FIG_NULL ? FIG_NULL : r->caused_ns,
		.paused_ns = r->cost.paused_ns,
		.deallocs = out->types_measured ? r->deallocs : FIG_NULL,
	};
}

static bool is_empty(const struct fig_stack *r)
{
	return !r->samples && !r->held_ns && !r->wait_ns && !r->paused_ns &&
	       (!r->caused_wait_ns || r->caused_wait_ns == FIG_NULL) &&
	       (!r->deallocs || r->deallocs == FIG_NULL);
}

static int put(struct fig_process *out, const struct fig_stack *row)
{
	struct fig_stack *to;

	if (is_empty(row))
		return 0;
	to = fig_row_add(FIG_STACKS, out);
	if (!to)
		return -ENOMEM;
	*to = *row;
	return 0;
}

/* The rows of one thread; the first one, of no stack, has the rest. */
static int thread_rows(struct range r, const struct sums *sum, u64 unpaused_ns,
		       struct fig_process *out)
{
	struct fig_stack none = row_of(r.rows, sum, out);
	u64 off = 0, preempted = 0, waited = 0;
	int err = 0;

	for (size_t i = 1; i < r.n && !err; i++) {
		struct fig_stack row = row_of(&r.rows[i], sum, out);

		off += row.held_offcpu_ns;
		preempted += row.held_preempted_ns;
		waited += row.wait_ns;
		err = put(out, &row);
	}
	none.held_offcpu_ns = less(sum->off_ns, off);
	none.held_preempted_ns = less(sum->preempted_ns, preempted);
	none.held_ns = r.rows->on_cpu_ns + none.held_offcpu_ns;
	none.wait_ns = less(sum->wait_ns, waited);
	none.paused_ns += unpaused_ns;
	return err ? err : put(out, &none);
}

static void add(struct stack_row *to, const struct stack_row *r)
{
	const u64 *from = &r->cost.samples;

	to->frames = r->frames;
	for (size_t i = 0; i < sizeof(r->cost) / sizeof(u64); i++)
		(&to->cost.samples)[i] += from[i];
	to->on_cpu_ns += r->on_cpu_ns;
	to->caused_ns += r->caused_ns;
	to->deallocs += r->deallocs;
	to->samples += r->samples;
	to->causes += r->causes;
	to->dealloc_weight += r->dealloc_weight;
	from = &r->told.samples;
	for (size_t i = 0; i < sizeof(r->told) / sizeof(u64); i++)
		(&to->told.samples)[i] += from[i];
}

/* Rows of threads that are told as one with tid 0 by now go there, too. */
static int fold(struct stack_rows *s, const struct fig_process *p)
{
	for (size_t i = 0; i < s->n;) {
		struct stack_row gone = s->rows[i], *to;
		bool known = !gone.tid || (i && s->rows[i - 1].tid == gone.tid) ||
			     is_thread(p, gone.tid);

		if (known) {
			i++;
			continue;
		}
		memmove(&s->rows[i], &s->rows[i + 1], (--s->n - i) * sizeof(*s->rows));
		to = stack_rows_row(s, 0, gone.id);
		if (!to)
			return -ENOMEM;
		add(to, &gone);
		i = place(s, gone.tid, 0);
	}
	return 0;
}

/* Each thread has a row of no stack: its first. */
static int add_nones(struct stack_rows *s, const struct fig_process *p)
{
	bool ok = stack_rows_row(s, 0, 0);

	for (size_t i = 0; i < p->nthreads && ok; i++)
		ok = stack_rows_row(s, p->threads[i].tid, 0);
	return ok ? 0 : -ENOMEM;
}

/* What is not known by thread. */
static void share_all(struct stack_rows *s, const struct fig_process *p, u64 *ret_paused_ns)
{
	struct range all = { s->rows, s->n };
	u64 waited = FIG_NULL, died = FIG_NULL, paused = 0;

	for (size_t i = 0; i < p->nthreads; i++)
		waited = fig_sum(waited, p->threads[i].wait_ns);
	for (size_t i = 0; i < p->ntypes; i++)
		died = fig_sum(died, p->types[i].deallocs);
	for (size_t i = 0; i < p->ngc; i++)
		paused += p->gc[i].pause.valid ? p->gc[i].pause.sum_ns : 0;
	for (size_t i = 0; i < s->n; i++)
		paused = less(paused, s->rows[i].cost.paused_ns);
	if (!p->blame_measured && !s->one_thread)
		share(all, &caused, s->period_ns, waited);
	if (p->types_measured)
		share(all, &deallocs, s->period_ns, died);
	*ret_paused_ns = paused;
}

/* What the rows @r of a thread held on the CPU; where that is not known of the thread, by samples
 * alone. */
static u64 on_cpu_of(struct range r, const struct sums *sum, u64 period_ns)
{
	u64 n = 0;

	if (sum->held_ns != FIG_NULL)
		return less(sum->held_ns, sum->off_ns == FIG_NULL ? 0 : sum->off_ns);
	for (size_t i = 0; i < r.n; i++)
		n += r.rows[i].cost.samples;
	return n * period_ns;
}

int stack_rows_share(struct stack_rows *s, struct fig_process *out)
{
	u64 unpaused_ns;
	int err = fold(s, out);

	if (!err)
		err = add_nones(s, out);
	if (err)
		return err;
	share_all(s, out, &unpaused_ns);
	for (size_t i = 0; i < s->n && !err;) {
		u32 tid = s->rows[i].tid;
		struct sums sum = sums_of(out, tid);
		struct range r = rows_of(s, tid);

		if (s->one_thread)
			sum.blame_ns = FIG_NULL;
		share(r, &on_cpu, s->period_ns, on_cpu_of(r, &sum, s->period_ns));
		if (out->blame_measured)
			share(r, &caused, s->period_ns, sum.blame_ns);
		stack_rows_limit(r.rows, r.n, sum.wait_ns, sum.preempted_ns, sum.off_ns);
		err = thread_rows(r, &sum, tid ? 0 : unpaused_ns, out);
		i += r.n;
	}
	return err;
}
