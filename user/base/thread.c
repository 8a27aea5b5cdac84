/* Threads that end before we do; see thread.h. */
#include "user/base/thread.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *begin(void *arg)
{
	struct thread *t = arg;

	t->tid = (pid_t)syscall(SYS_gettid);
	t->run(t->arg);
	return NULL;
}

int thread_start(struct thread *t, void (*run)(void *arg), void *arg)
{
	sigset_t all, before;
	int err;

	t->run = run;
	t->arg = arg;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&t->id, NULL, begin, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

void thread_join(struct thread *t)
{
	const struct timespec pause = { .tv_nsec = 20000 };

	pthread_join(t->id, NULL);
	/* Signal 0 is only a question; it is answered with ESRCH once the thread's files are let
	 * go. */
	while (!syscall(SYS_tgkill, getpid(), t->tid, 0))
		nanosleep(&pause, NULL);
}
