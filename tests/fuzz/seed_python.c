/*
 * A small interpreter for the fuzz targets to begin with: as much of CPython 3.11 as the search for
 * sites looks at (Python/ceval_gil.h, Modules/gcmodule.c), and structs of its names for the debug
 * information.  Compiled as a shared library without libc; never run.  -DSEED_VERSION=0x030d05f0
 * makes it say another version, -DSEED_LIES describe itself wrongly (_Py_DebugOffsets).
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define SDT(name, arg) \
	__asm__ volatile( \
		"990: nop\n" \
		".pushsection .note.stapsdt,\"\",\"note\"\n.balign 4\n" \
		".4byte 992f-991f, 994f-993f, 3\n991: .asciz \"stapsdt\"\n992: .balign 4\n" \
		"993: .8byte 990b, 0, 0\n.asciz \"python\"\n.asciz \"" name "\"\n" \
		".asciz \"-4@%0\"\n994: .balign 4\n.popsection\n" \
		: \
		: "nor"(arg))

typedef struct _ts {
	struct _ts *prev, *next;
	struct _is *interp;
	char before[128];
	unsigned long thread_id, native_thread_id;
} PyThreadState;

struct _gil_runtime_state {
	unsigned long interval;
	uintptr_t last_holder;
	int locked;
	unsigned long switch_number;
	pthread_cond_t cond;
	pthread_mutex_t mutex;
	pthread_cond_t switch_cond;
	pthread_mutex_t switch_mutex;
};

typedef struct pyruntimestate {
	char before[352];
	struct {
		int signals_pending;
		struct _gil_runtime_state gil;
	} ceval;
	char after[200000];
} _PyRuntimeState;

#ifndef SEED_VERSION
#define SEED_VERSION 0x030b02f0
#endif

const unsigned long Py_Version = SEED_VERSION;
#ifdef SEED_LIES
/* The cookie, the version it has, and numbers that no structure has. */
_PyRuntimeState _PyRuntime = {
	.before = "xdebugpy" SEED_LIES,
};
#else
_PyRuntimeState _PyRuntime;
#endif
int gil_drop_request;
void *_PyThreadState_Current;

void pthread_exit(void *) __attribute__((noreturn));

static __attribute__((noinline)) void drop_gil(struct _gil_runtime_state *gil, PyThreadState *t)
{
	if (t)
		gil->last_holder = (uintptr_t)t;
	pthread_mutex_lock(&gil->mutex);
	__atomic_store_n(&gil->locked, 0, __ATOMIC_RELEASE);
	pthread_cond_signal(&gil->cond);
	if (pthread_mutex_unlock(&gil->mutex))
		__builtin_trap();
	if (gil_drop_request && t) {
		pthread_mutex_lock(&gil->switch_mutex);
		if (gil->last_holder == (uintptr_t)t)
			pthread_cond_wait(&gil->switch_cond, &gil->switch_mutex);
		if (pthread_mutex_unlock(&gil->switch_mutex))
			__builtin_trap();
	}
}

static __attribute__((noinline)) void take_gil(PyThreadState *t)
{
	struct _gil_runtime_state *gil = &_PyRuntime.ceval.gil;
	struct timespec deadline = { 0, 5000000 };

	pthread_mutex_lock(&gil->mutex);
	while (__atomic_load_n(&gil->locked, __ATOMIC_ACQUIRE)) {
		if (pthread_cond_timedwait(&gil->cond, &gil->mutex, &deadline) == 110)
			gil_drop_request = 1;
	}
	pthread_mutex_lock(&gil->switch_mutex);
	__atomic_store_n(&gil->locked, 1, __ATOMIC_RELEASE);
	if (gil->last_holder != (uintptr_t)t) {
		gil->last_holder = (uintptr_t)t;
		gil->switch_number++;
	}
	pthread_cond_signal(&gil->switch_cond);
	if (pthread_mutex_unlock(&gil->switch_mutex))
		__builtin_trap();
	if (!t)
		pthread_exit(NULL);
	if (pthread_mutex_unlock(&gil->mutex))
		__builtin_trap();
	gil_drop_request = 0;
}

PyThreadState *PyEval_SaveThread(void)
{
	PyThreadState *t = __atomic_exchange_n(&_PyThreadState_Current, NULL, __ATOMIC_ACQ_REL);

	drop_gil(&_PyRuntime.ceval.gil, t);
	return t;
}

void PyEval_RestoreThread(PyThreadState *t)
{
	take_gil(t);
	_PyThreadState_Current = t;
}

void *_PyEval_EvalFrameDefault(PyThreadState *t, int n)
{
	while (n--) {
		if (gil_drop_request) {
			drop_gil(&_PyRuntime.ceval.gil, t);
			take_gil(t);
		}
	}
	return t;
}

long PyGC_Collect(int generation, long *stats)
{
	long n = 0;

	SDT("gc__start", generation);
	for (int i = 0; i < generation; i++)
		n += stats[i];
	SDT("gc__done", (int)n);
	return n;
}
