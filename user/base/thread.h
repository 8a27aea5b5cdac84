/*
 * Threads of our own, which end before we do.
 *
 * A process that exits kills its other threads.  One of them that is about to end by itself may
 * then be the last to leave, and so the one that closes the files of the process, killed already:
 * the kernel gives up putting back the first bytes of probed instructions in a thread that was
 * killed (uprobe_unregister() fails with -EINTR in get_user_pages(); seen on Linux 6.1 and 6.18),
 * and the target keeps its breakpoints.  So to wait for a thread here is to wait until the kernel
 * knows it no more, which is later than pthread_join() returns.
 */
#ifndef GS_USER_BASE_THREAD_H
#define GS_USER_BASE_THREAD_H

#include <pthread.h>
#include <sys/types.h>

struct thread {
	pthread_t id;
	pid_t tid; /* the thread's own, once it runs */
	void (*run)(void *arg);
	void *arg;
};

/*
 * thread_start - run @run(@arg) in a thread that gets no signals: they are the main thread's
 * @t: the caller's, to stay where it is up to thread_join()
 *
 * Return: 0 or a negative errno, as pthread_create(3).
 */
int thread_start(struct thread *t, void (*run)(void *arg), void *arg);

/* Wait until it has ended, for the kernel too.  Once for each thread_start(). */
void thread_join(struct thread *t);

#endif
