/*
 * Watch mode's view of who holds the GIL: a thread of ours that reads the GIL's memory at random
 * moments, about so many times a second.  Where the kernel side samples holders (bpf/sample.bpf.c)
 * there is no thread: a reading looks at the GIL once, for who holds it and how often that changed.
 *
 * Each sample stands for the time since the one before it.  A reading takes one sample more, so
 * that the samples always cover the whole time measured.  All functions may be called from the main
 * thread only; the sampler's own thread is stopped by sampler_free().
 */
#ifndef GS_USER_INGEST_SAMPLER_H
#define GS_USER_INGEST_SAMPLER_H

#include "user/load/kmaps.h"
#include "user/target/process.h"

struct sampler;
struct sampled; /* one process in it */

/* What the samples of a GIL tell. */
struct sampled_now {
	u64 samples; /* 0: none yet, nothing is known */
	u64 covered_ns; /* the time they stand for: as long as there was this GIL */
	u64 held_ns; /* of it, in which the GIL was held; not told where the kernel side samples */
	u64 handovers; /* changes of holder since the first sample, by the interpreter's own count
			*/
	pid_t holder_ns_tid; /* 0: nobody, or not known who */
	bool held; /* by anybody */
};

/*
 * Start sampling at @rate_hz.  @kernel_ns: the kernel side does, so often; 0: it does not.
 * NULL without memory or without a thread.
 */
struct sampler *sampler_new(u32 rate_hz, u64 kernel_ns);

/* Stop.  The processes in it must have been given back.  NULL is fine; returns NULL. */
struct sampler *sampler_free(struct sampler *s);

/*
 * sampler_add - sample @py, which must outlive what is returned, from its slot's start_ns on
 * @proc: index of its slot in @maps, which is told of GILs that come.  Used until sampled_end().
 * NULL without memory.
 */
struct sampled *sampler_add(struct sampler *s, const struct py_process *py,
			    const struct kmaps *maps, u32 proc);

/* The process has ended, or its slot is about to go away: no more samples. */
void sampled_end(struct sampled *p);

/* No longer.  NULL is fine.  Returns NULL. */
struct sampled *sampled_free(struct sampled *p);

/*
 * Everything up to now of the main interpreter's GIL; begins a reading, in which sampled_thread()
 * is asked for each thread.
 */
void sampled_read(struct sampled *p, struct sampled_now *ret_now);

/* As of the last sample, of the GIL at @address.  False if it has never been seen. */
bool sampled_gil(struct sampled *p, u64 address, struct sampled_now *ret_now);

/* Time that thread @ns_tid (its id in its own namespace) held a GIL, any; 0 where the kernel side
 * samples. */
u64 sampled_thread(struct sampled *p, pid_t ns_tid);

/* The same, and forget it: the thread has ended. */
u64 sampled_thread_take(struct sampled *p, pid_t ns_tid);

/*
 * Time of holders that sampled_thread() was not asked for in this reading nor in the one before,
 * and forget them: they ended unnoticed.  After sampled_end(): of all that it is not asked for.
 */
u64 sampled_rest_take(struct sampled *p);

#endif
