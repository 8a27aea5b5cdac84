/* What signals do while a recording is read; see trace_watch_signals() in reader.h. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "user/base/err.h"
#include "user/trace/reader_private.h"

static volatile sig_atomic_t interrupted;

bool reader_interrupted(void)
{
	return interrupted;
}

static void on_end(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void on_bus_error(int sig)
{
	static const char text[] = "gilscope: recording: made shorter while it was read; "
				   "read a copy of it\n";

	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(GS_EXIT_FAILED);
}

void trace_watch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND | SA_RESTART };
	struct sigaction bus = { .sa_handler = on_bus_error }, old;

	/* what nohup, or a shell in the background, has us ignore stays ignored */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!sigaction(ends[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(ends[i], &end, NULL);
	sigaction(SIGBUS, &bus, NULL);
}
