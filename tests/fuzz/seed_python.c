/*
 * A small interpreter for the fuzz targets to begin with: as much of CPython 3.11 as the search for
 * sites looks at (Python/ceval_gil.h, Modules/gcmodule.c, and a task's step of
 * Modules/_asynciomodule.c), type objects and accessors to read offsets from, what a free-threaded
 * build stops the world by (Python/pystate.c), and structs of its names for the debug information.
 * Compiled as a shared library without libc; never run.  -DSEED_VERSION=0x030d05f0
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

/* Type objects as in cpython/object.h, of which only what is read has a name. */
struct member {
	const char *name;
	int type;
	long offset;
	int flags;
	const char *doc;
};

struct type {
	long refcnt, type, size;
	const char *name;
	long basicsize, itemsize;
	void (*dealloc)(void *object);
	void *before[14];
	unsigned long flags;
	void *between[8];
	const struct member *members;
	void *after[5];
	long dictoffset;
};

int dead;

static void code_dealloc(void *object)
{
	dead += *(int *)object;
	pthread_exit(NULL);
}

static void bytes_dealloc(void *object)
{
	if (*(int *)object)
		code_dealloc(object);
	dead++;
}

static const struct member code_members[] = {
	{ "co_firstlineno", 1, 72, 1, 0 },
	{ "co_filename", 6, 112, 1, 0 },
	{ "co_name", 6, 120, 1, 0 },
	{ "co_qualname", 6, 128, 1, 0 },
	{ "co_linetable", 6, 136, 1, 0 },
	{ "co_flags", 1, 48, 1, 0 },
	{ 0 },
};
static const struct member type_members[] = {
	{ "__basicsize__", 19, 32, 1, 0 },
	{ "__flags__", 12, 168, 1, 0 },
	{ "__dictoffset__", 19, 288, 1, 0 },
	{ 0 },
};

struct type PyCode_Type = {
	.name = "code", .basicsize = 184, .dealloc = code_dealloc, .members = code_members
};
struct type PyType_Type = { .name = "type", .basicsize = 888, .members = type_members };
struct type PyBytes_Type = { .name = "bytes", .basicsize = 33, .dealloc = bytes_dealloc };
struct type PyUnicode_Type = { .name = "str", .basicsize = 80, .dealloc = bytes_dealloc };

PyThreadState *PyThreadState_Next(PyThreadState *t)
{
	return t->next;
}

struct _is *PyThreadState_GetInterpreter(PyThreadState *t)
{
	return t->interp;
}

void *PyInterpreterState_Head(void)
{
	return *(void **)(_PyRuntime.before + 40);
}

/* asyncio: what a task's step does, and what it says of one that is done. */
int PyIter_Send(void *coroutine, void *sent, void **result);
void *PyErr_Format(void *type, const char *text, ...);

void *PyInit__asyncio(void *task, void *coroutine)
{
	void *result = NULL;

	if (!task)
		return PyErr_Format(coroutine, "__step(): already done: %R %R", task, result);
	if (PyIter_Send(coroutine, NULL, &result) < 0)
		return NULL;
	dead++;
	return result;
}

/* Free-threaded builds: stopping the world, and sleeping for a mutex or while it is stopped. */
int _PyParkingLot_Park(void *at, void *expected, long size, long ns, void *arg, int detach);
void _PyParkingLot_Unpark(void *at);
void _PyParkingLot_UnparkAll(void *at);
int PyEvent_WaitTimed(void *event, long ns, int detach);

struct world {
	char mutex, requested, stopped, pad[5];
	long count;
	PyThreadState *requester;
	char event;
};

__attribute__((noinline)) void world_stop(struct world *w, PyThreadState *t)
{
	w->requested = 1;
	w->requester = t;
	while (!PyEvent_WaitTimed(&w->event, 1000000, 0))
		dead++;
	w->stopped = 1;
}

__attribute__((noinline)) void world_start(struct world *w)
{
	w->requested = 0;
	w->requester = NULL;
	_PyParkingLot_UnparkAll(&w->count);
	dead++;
}

void PyMutex_Lock(char *mutex)
{
	char expected = 3;

	while (_PyParkingLot_Park(mutex, &expected, 1, -1, &dead, 1))
		dead++;
}

void PyMutex_Unlock(char *mutex)
{
	_PyParkingLot_Unpark(mutex);
	dead++;
}

void PyThreadState_WaitAttach(int *state)
{
	int expected = 2;

	while (_PyParkingLot_Park(state, &expected, sizeof(*state), -1, NULL, 0))
		dead++;
}

void _PyCriticalSection_BeginSlow(char *mutex)
{
	PyMutex_Lock(mutex);
	dead++;
}

void _PyCriticalSection2_BeginSlow(char *a, char *b)
{
	PyMutex_Lock(a);
	PyMutex_Lock(b);
	dead++;
}
