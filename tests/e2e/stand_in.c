/*
 * stand_in: a program that looks to gilscope as CPython 3.11 does, for C libraries that there is no
 * CPython of here: the symbols it exports, where _PyRuntime has the GIL, the interpreter and its
 * threads, and take_gil() and drop_gil() with the calls of Python/ceval_gil.h.  No Python runs in
 * it.
 *
 * Its threads count their own takes, forced releases and waits.  Two compute and give the GIL up
 * on request, one goes to sleep without it.  It is talked to as tests/work/common.py says.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NAPS 120
#define BURNERS 2
#define THREADS (BURNERS + 1)
#define SWITCH_NS 5000000
#define MAIN_INTERPRETER 58936 /* offset in _PyRuntime */

struct gil {
	unsigned long interval_us;
	_Atomic(void *) last_holder;
	atomic_int locked;
	unsigned long switch_number;
	pthread_cond_t cond;
	pthread_mutex_t mutex;
	pthread_cond_t switch_cond;
	pthread_mutex_t switch_mutex;
};

struct runtime {
	char before[40];
	void *interpreters_head, *interpreters_main;
	char between[304];
	struct gil gil; /* at 360 */
	char more[MAIN_INTERPRETER - 360 - sizeof(struct gil)];
	void *interp_next, *interp_unused;
	void *threads_head;
	char rest[100000];
};

struct tstate {
	void *prev, *next, *interp;
	char between[128];
	unsigned long thread_id, native_thread_id; /* at 152 */
	/* What it knows of itself. */
	unsigned long takes, forced, contended, wait_ns, held_ns, since;
};

extern struct runtime _PyRuntime;
extern const unsigned int Py_Version;
void PyEval_SaveThread(struct tstate *t);
void PyEval_RestoreThread(struct tstate *t);
void _PyEval_EvalFrameDefault(struct tstate *t);

struct runtime _PyRuntime;
const unsigned int Py_Version = 0x030b02f0; /* 3.11.2 */

static struct tstate states[THREADS + 1]; /* the last one is the main thread's */
static atomic_int drop_request, started, stop;
static int begin[2], end[2];

static unsigned long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long)t.tv_sec * 1000000000UL + (unsigned long)t.tv_nsec;
}

/* As take_gil() of CPython 3.11. */
static __attribute__((noinline)) void take_gil(struct tstate *t)
{
	struct gil *g = &_PyRuntime.gil;
	unsigned long from = now_ns(), waited = 0;

	pthread_mutex_lock(&g->mutex);
	while (atomic_load(&g->locked)) {
		unsigned long saved = g->switch_number, until = now_ns() + SWITCH_NS;
		struct timespec at = { (time_t)(until / 1000000000UL),
				       (long)(until % 1000000000UL) };
		int timed_out = pthread_cond_timedwait(&g->cond, &g->mutex, &at);

		waited = 1;
		if (timed_out == ETIMEDOUT && atomic_load(&g->locked) && g->switch_number == saved)
			atomic_store(&drop_request, 1);
	}
	pthread_mutex_lock(&g->switch_mutex);
	atomic_store(&g->locked, 1);
	if (atomic_load(&g->last_holder) != t) {
		atomic_store(&g->last_holder, t);
		g->switch_number++;
	}
	pthread_cond_signal(&g->switch_cond);
	pthread_mutex_unlock(&g->switch_mutex);
	atomic_store(&drop_request, 0);
	pthread_mutex_unlock(&g->mutex);
	t->since = now_ns();
	t->takes++;
	t->contended += waited;
	t->wait_ns += waited ? t->since - from : 0;
}

/* As drop_gil() of CPython 3.11. */
static __attribute__((noinline)) void drop_gil(struct tstate *t)
{
	struct gil *g = &_PyRuntime.gil;

	t->held_ns += now_ns() - t->since;
	atomic_store(&g->last_holder, t);
	pthread_mutex_lock(&g->mutex);
	atomic_store(&g->locked, 0);
	pthread_cond_signal(&g->cond);
	pthread_mutex_unlock(&g->mutex);
	if (atomic_load(&drop_request)) {
		pthread_mutex_lock(&g->switch_mutex);
		if (atomic_load(&g->last_holder) == t) {
			atomic_store(&drop_request, 0);
			pthread_cond_wait(&g->switch_cond, &g->switch_mutex);
		}
		pthread_mutex_unlock(&g->switch_mutex);
	}
}

void PyEval_SaveThread(struct tstate *t)
{
	drop_gil(t);
}

void PyEval_RestoreThread(struct tstate *t)
{
	take_gil(t);
}

/* Computes, and gives the GIL up whenever it is asked to. */
void _PyEval_EvalFrameDefault(struct tstate *t)
{
	while (!atomic_load(&stop)) {
		for (volatile int i = 0; i < 1000; i++)
			;
		if (!atomic_load(&drop_request))
			continue;
		t->forced++;
		drop_gil(t);
		take_gil(t);
	}
}

static void known_as(struct tstate *t)
{
	t->interp = &_PyRuntime.interp_next;
	t->thread_id = (unsigned long)pthread_self();
	t->native_thread_id = (unsigned long)syscall(SYS_gettid);
}

static void wait_at(const int gate[2])
{
	char c;

	while (read(gate[0], &c, 1) < 0 && errno == EINTR)
		;
}

static void *run(void *arg)
{
	struct tstate *t = arg;

	known_as(t);
	atomic_fetch_add(&started, 1);
	wait_at(begin);
	PyEval_RestoreThread(t);
	if (t - states < BURNERS) {
		_PyEval_EvalFrameDefault(t);
	} else {
		for (int i = 0; i < NAPS; i++) {
			PyEval_SaveThread(t);
			usleep(2000);
			PyEval_RestoreThread(t);
		}
		atomic_store(&stop, 1);
	}
	PyEval_SaveThread(t);
	atomic_fetch_sub(&started, 1);
	wait_at(end);
	return NULL;
}

static void make_gil(void)
{
	struct gil *g = &_PyRuntime.gil;
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->cond, &attr);
	pthread_cond_init(&g->switch_cond, &attr);
	pthread_mutex_init(&g->mutex, NULL);
	pthread_mutex_init(&g->switch_mutex, NULL);
	g->interval_us = SWITCH_NS / 1000;
	_PyRuntime.interpreters_head = _PyRuntime.interpreters_main =
		(char *)&_PyRuntime + MAIN_INTERPRETER;
	for (int i = 0; i <= THREADS; i++)
		states[i].next = i ? &states[i - 1] : NULL;
	_PyRuntime.threads_head = &states[THREADS];
}

static void tell(void)
{
	printf("{\"threads\": [");
	for (int i = 0; i < THREADS; i++) {
		const struct tstate *t = &states[i];

		printf("%s{\"tid\": %lu, \"takes\": %lu, \"forced\": %lu, \"contended\": %lu, "
		       "\"wait_ns\": %lu, \"held_ns\": %lu}",
		       i ? ", " : "", t->native_thread_id, t->takes, t->forced, t->contended,
		       t->wait_ns, t->held_ns);
	}
	printf("]}\n");
	fflush(stdout);
}

int main(void)
{
	pthread_t threads[THREADS];
	int in[2] = { 0, 0 };

	alarm(600);
	if (pipe(begin) || pipe(end))
		return 1;
	make_gil();
	known_as(&states[THREADS]);
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, run, &states[i]))
			return 1;
	}
	while (atomic_load(&started) < THREADS)
		usleep(1000);
	printf("READY {\"pid\": %d}\n", (int)getpid());
	fflush(stdout);
	wait_at(in);
	if (write(begin[1], "...", THREADS) != THREADS)
		return 1;
	while (atomic_load(&started))
		usleep(1000);
	tell();
	wait_at(in);
	_exit(0);
}
