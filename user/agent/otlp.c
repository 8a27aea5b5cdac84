/* Pushing metrics: the queue and the thread that sends; see otlp.h. */
#include "user/agent/otlp.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/agent/otlp_send.h"
#include "user/base/clock.h"
#include "user/base/thread.h"

#define SECOND 1000000000ULL
#define WAIT_MIN_NS SECOND
#define WAIT_MAX_NS (60 * SECOND)
#define LATER_MAX_NS (300 * SECOND) /* as a collector may ask */

struct request {
	struct request *next;
	u8 *bytes; /* owned; compressed or not */
	size_t size;
	bool tried;
};

struct otlp {
	struct otlp_sender *sender; /* the thread's */
	struct thread thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t news;
	struct request *first, **end; /* what waits; the first may be on its way */
	bool sending; /* the first is */
	size_t bytes, max;
	struct otlp_counts counts;
	u64 stop_ns; /* CLOCK_MONOTONIC: end by then; 0: go on */
	bool told; /* that it fails, on stderr */
};

static void free_request(struct request *r)
{
	free(r->bytes);
	free(r);
}

/* Take the first one off. */
static struct request *take_first(struct otlp *o)
{
	struct request *r = o->first;

	o->first = r->next;
	if (!o->first)
		o->end = &o->first;
	o->bytes -= r->size;
	o->counts.waiting--;
	return r;
}

/* Make room for one of @size: the oldest go, but not one on its way. */
static void make_room(struct otlp *o, size_t size)
{
	while (o->first && (o->counts.waiting >= o->max || o->bytes + size > OTLP_QUEUE_BYTES)) {
		struct request *r = o->first;

		if (!o->sending) {
			free_request(take_first(o));
		} else {
			r = r->next;
			if (!r)
				return;
			o->first->next = r->next;
			if (!r->next)
				o->end = &o->first->next;
			o->bytes -= r->size;
			o->counts.waiting--;
			free_request(r);
		}
		o->counts.dropped++;
	}
}

void otlp_add(struct otlp *o, const u8 *bytes, size_t size)
{
	struct request *r;

	if (!o)
		return;
	r = calloc(1, sizeof(*r));
	if (r)
		r->bytes = otlp_sender_pack(o->sender, bytes, size, &r->size);
	pthread_mutex_lock(&o->lock);
	if (!r || !r->bytes) {
		free(r);
		o->counts.dropped++;
	} else {
		make_room(o, r->size);
		*o->end = r;
		o->end = &r->next;
		o->bytes += r->size;
		o->counts.waiting++;
		pthread_cond_signal(&o->news);
	}
	pthread_mutex_unlock(&o->lock);
}

struct otlp_counts otlp_counts(struct otlp *o)
{
	struct otlp_counts counts = {};

	if (!o)
		return counts;
	pthread_mutex_lock(&o->lock);
	counts = o->counts;
	pthread_mutex_unlock(&o->lock);
	return counts;
}

/* Wait for news until @until; the lock is held. */
static void wait_until(struct otlp *o, u64 until)
{
	struct timespec at = { (time_t)(until / SECOND), (long)(until % SECOND) };

	pthread_cond_timedwait(&o->news, &o->lock, &at);
}

/* The time to wait after a failure: half of @wait_ns to all of it, by chance. */
static u64 some_of(u64 wait_ns)
{
	return wait_ns / 2 + clock_mono_ns() % (wait_ns / 2);
}

/* After a failed attempt: until when not to try again. */
static u64 again_at(u64 *wait_ns, u64 asked_ns)
{
	u64 ns = some_of(*wait_ns);

	*wait_ns = *wait_ns * 2 < WAIT_MAX_NS ? *wait_ns * 2 : WAIT_MAX_NS;
	if (asked_ns)
		ns = asked_ns < LATER_MAX_NS ? asked_ns : LATER_MAX_NS;
	return clock_mono_ns() + ns;
}

static void tell(struct otlp *o, const char *what, const char *why)
{
	if (!o->told && !o->stop_ns) /* at the end, what is dropped is told */
		fprintf(stderr, "gilscope: otlp.endpoint: %s: %s\n", what, why);
	o->told = true;
}

/* Count what became of the first request; is it over? */
static bool settle(struct otlp *o, const struct otlp_sent *sent)
{
	switch (sent->result) {
	case OTLP_TAKEN:
		o->counts.taken++;
		o->counts.rejected_points += sent->rejected_points;
		if (o->told)
			fprintf(stderr, "gilscope: otlp.endpoint: answers again\n");
		o->told = false;
		return true;
	case OTLP_REFUSED:
		o->counts.refused++;
		tell(o, "refuses the metrics", sent->why);
		return true;
	case OTLP_FAILED:
		break;
	}
	o->counts.failed++;
	tell(o, "no answer; tries again", sent->why);
	return false;
}

/* At the end each request is tried once more at most. */
static bool at_end(const struct otlp *o)
{
	return o->stop_ns && (!o->first || o->first->tried || clock_mono_ns() >= o->stop_ns);
}

static void run(void *arg)
{
	struct otlp *o = arg;
	u64 wait_ns = WAIT_MIN_NS, not_before = 0;

	pthread_mutex_lock(&o->lock);
	while (!at_end(o)) {
		u64 now = clock_mono_ns();
		struct otlp_sent sent;
		struct request *r = o->first;

		if (!r || (now < not_before && !o->stop_ns)) {
			wait_until(o, r ? not_before : now + WAIT_MAX_NS);
			continue;
		}
		r->tried = o->stop_ns;
		o->sending = true;
		pthread_mutex_unlock(&o->lock);
		otlp_send(o->sender, r->bytes, r->size, &sent);
		pthread_mutex_lock(&o->lock);
		o->sending = false;
		if (settle(o, &sent)) {
			free_request(take_first(o));
			wait_ns = WAIT_MIN_NS;
			not_before = 0;
		} else {
			not_before = again_at(&wait_ns, sent.later_ns);
		}
	}
	pthread_mutex_unlock(&o->lock);
}

static int set_up(struct otlp *o)
{
	pthread_condattr_t attr;
	int err = pthread_condattr_init(&attr);

	if (err)
		return -err;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	err = pthread_cond_init(&o->news, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&o->lock, NULL);
	o->end = &o->first;
	return -err;
}

int otlp_open(const struct agent_config *config, struct otlp **ret_o, struct err *e)
{
	struct otlp *o;
	int err;

	*ret_o = NULL;
	if (!*config->otlp_endpoint)
		return 0;
	o = calloc(1, sizeof(*o));
	if (!o)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	o->max = config->otlp_queue;
	err = otlp_sender_new(config, &o->sender, e);
	if (err) {
		free(o);
		return err;
	}
	err = set_up(o);
	if (!err)
		err = thread_start(&o->thread, run, o);
	if (err) {
		otlp_sender_free(o->sender);
		free(o);
		return errf(e, GS_EXIT_FAILED, err, "otlp: no thread: %s", strerror(-err));
	}
	*ret_o = o;
	return 0;
}

void otlp_close(struct otlp *o, u64 wait_ns, struct otlp_counts *ret_counts)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->stop_ns = clock_mono_ns() + wait_ns;
	otlp_sender_end(o->sender, o->stop_ns);
	pthread_cond_signal(&o->news);
	pthread_mutex_unlock(&o->lock);
	thread_join(&o->thread);
	if (o->first)
		fprintf(stderr, "gilscope: otlp.endpoint: %llu requests that waited are dropped\n",
			(unsigned long long)o->counts.waiting);
	while (o->first) {
		free_request(take_first(o));
		o->counts.dropped++;
	}
	if (ret_counts)
		*ret_counts = o->counts;
	otlp_sender_free(o->sender);
	pthread_cond_destroy(&o->news);
	pthread_mutex_destroy(&o->lock);
	free(o);
}
