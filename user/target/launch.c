/*
 * Starting a program under ptrace until its interpreter's file is mapped.
 *
 *   fork -> traced, stopped -> exec -> run to its entry point -> CPython? hold : run to the
 *   next exec -> ...
 *
 * The entry point is where the kernel says (AT_ENTRY): by then the dynamic loader is done.
 * Invariant: a breakpoint of ours is in the program only while we wait for it; should we die,
 * the program dies with us (PTRACE_O_EXITKILL) until it is resumed.  ptrace binds the program
 * to the thread that started it: all calls come from that one.
 */
#include "user/target/launch.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/types.h"
#include "user/target/breakpoint.h"
#include "user/target/interpreter.h"
#include "user/target/proc_maps.h"

struct launch {
	pid_t pid;
	bool held; /* stopped at the entry point, traced by us */
	bool ended;
	int status; /* once it has ended */
};

/* In the child: only what may follow fork() in a program with threads. */
static void run_child(char **argv, int report)
{
	sigset_t none;
	int r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL)) {
		raise(SIGSTOP); /* until the parent has set its options */
		execvp(argv[0], argv);
	}
	r = errno;
	if (write(report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

static int wait_stop(struct launch *l, int *ret_status)
{
	for (;;) {
		pid_t got = waitpid(l->pid, ret_status, __WALL);

		if (got < 0)
			return -errno;
		if (WIFEXITED(*ret_status) || WIFSIGNALED(*ret_status)) {
			l->ended = true;
			l->status = *ret_status;
			return -ECHILD;
		}
		return 0;
	}
}

/* Let it run until it stops for something else than a signal meant for it. */
static int run_until(struct launch *l, bool (*is_it)(int status), int *ret_status)
{
	long sig = 0;
	int r;

	for (;;) {
		if (ptrace(PTRACE_CONT, l->pid, NULL, (void *)sig) && errno != ESRCH)
			return -errno;
		r = wait_stop(l, ret_status);
		if (r || is_it(*ret_status))
			return r;
		/* Events have no signal of their own; the first SIGSTOP was ours. */
		sig = *ret_status >> 16 ? 0 : WSTOPSIG(*ret_status);
	}
}

static bool is_exec(int status)
{
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8);
}

static bool is_trap(int status)
{
	return WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSEGV;
}

static int find_entry(pid_t pid, u64 *ret_entry)
{
	size_t n, i;
	char *text;
	int r = proc_read_file(pid, "auxv", 65536, &text, &n);

	if (r)
		return r;
	r = -ENOENT;
	for (i = 0; i + sizeof(Elf64_auxv_t) <= n && r; i += sizeof(Elf64_auxv_t)) {
		Elf64_auxv_t a;

		memcpy(&a, text + i, sizeof(a));
		if (a.a_type == AT_ENTRY) {
			*ret_entry = a.a_un.a_val;
			r = 0;
		}
	}
	free(text);
	return r;
}

/* After exec: run to the entry point, by a breakpoint that is gone afterwards. */
static int run_to_entry(struct launch *l)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };
	void *set = (void *)NT_PRSTATUS;
	long word, with;
	int status, r;
	u64 entry;

	r = find_entry(l->pid, &entry);
	if (r)
		return r;
	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, l->pid, (void *)entry, NULL);
	if (errno)
		return -errno;
	with = word;
	memcpy(&with, BREAKPOINT, BREAKPOINT_SIZE);
	if (ptrace(PTRACE_POKETEXT, l->pid, (void *)entry, (void *)with))
		return -errno;
	for (;;) {
		r = run_until(l, is_trap, &status);
		if (r)
			return r;
		if (ptrace(PTRACE_GETREGSET, l->pid, set, &io))
			return -errno;
		if (regs.BREAKPOINT_PC == entry + BREAKPOINT_PAST && WSTOPSIG(status) == SIGTRAP)
			break;
		/* A fault or trap of the loader's own: fatal to the program. */
		if (ptrace(PTRACE_CONT, l->pid, NULL, (void *)(long)WSTOPSIG(status)) ||
		    wait_stop(l, &status))
			return -ECHILD;
	}
	regs.BREAKPOINT_PC = entry;
	if (ptrace(PTRACE_POKETEXT, l->pid, (void *)entry, (void *)word) ||
	    ptrace(PTRACE_SETREGSET, l->pid, set, &io))
		return -errno;
	return 0;
}

/* From the first stop to a CPython held at its entry point. */
static int run_to_python(struct launch *l)
{
	long options = PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int status, r;

	r = wait_stop(l, &status);
	if (r)
		return r;
	if (ptrace(PTRACE_SETOPTIONS, l->pid, NULL, (void *)options))
		return -errno;
	do {
		r = run_until(l, is_exec, &status);
		if (!r)
			r = run_to_entry(l);
		/* Not a 64-bit program: not one of ours, but it may go on to run one. */
		if (r && r != -ENOENT && r != -EIO)
			return r;
	} while (!interpreter_mapped(l->pid));
	l->held = true;
	return 0;
}

static int tell_failure(char **argv, int exec_errno, const struct launch *l, int r, struct err *e)
{
	if (exec_errno)
		return errf(e, GS_EXIT_TARGET, -exec_errno, "%s: cannot be run: %s", argv[0],
			    strerror(exec_errno));
	if (r == -ECHILD && l->ended && WIFEXITED(l->status))
		return errf(e, GS_EXIT_TARGET, r,
			    "%s: ended with status %d before any CPython started", argv[0],
			    WEXITSTATUS(l->status));
	if (r == -ECHILD && l->ended)
		return errf(e, GS_EXIT_TARGET, r,
			    "%s: killed by signal %d before any CPython started", argv[0],
			    WTERMSIG(l->status));
	if (r == -EPERM)
		return errf(e, GS_EXIT_PERM, r, "%s: cannot be traced (ptrace): %s", argv[0],
			    strerror(EPERM));
	return errf(e, GS_EXIT_FAILED, r, "%s: cannot be held at its start: %s", argv[0],
		    strerror(-r));
}

int launch_start(char **argv, struct launch **ret_l, struct err *e)
{
	struct launch *l = calloc(1, sizeof(*l));
	int report[2], exec_errno = 0, r;

	if (!l)
		return -ENOMEM;
	if (pipe2(report, O_CLOEXEC)) {
		free(l);
		return errf(e, GS_EXIT_FAILED, -errno, "%s: pipe: %s", argv[0], strerror(errno));
	}
	l->pid = fork();
	if (!l->pid)
		run_child(argv, report[1]);
	r = l->pid < 0 ? -errno : 0;
	l->ended = r;
	close(report[1]);
	if (!r)
		r = run_to_python(l);
	/* Filled only if exec failed; still open in a program that is being held: do not wait. */
	if (r == -ECHILD && read(report[0], &exec_errno, sizeof(exec_errno)) < 0)
		exec_errno = 0;
	close(report[0]);
	if (r) {
		r = tell_failure(argv, exec_errno, l, r, e);
		if (!l->ended && !kill(l->pid, SIGKILL))
			(void)waitpid(l->pid, NULL, __WALL);
		launch_free(l);
		return r;
	}
	*ret_l = l;
	return 0;
}

pid_t launch_pid(const struct launch *l)
{
	return l->pid;
}

int launch_resume(struct launch *l)
{
	if (!l->held)
		return 0;
	l->held = false;
	return ptrace(PTRACE_DETACH, l->pid, NULL, NULL) ? -errno : 0;
}

int launch_status(struct launch *l, int *ret_status)
{
	int status;

	if (!l->ended) {
		pid_t got = waitpid(l->pid, &status, WNOHANG);

		if (got < 0)
			return -errno;
		if (!got || (!WIFEXITED(status) && !WIFSIGNALED(status)))
			return -EAGAIN;
		l->ended = true;
		l->status = status;
	}
	*ret_status = l->status;
	return 0;
}

struct launch *launch_free(struct launch *l)
{
	if (!l)
		return NULL;
	if (l->held && !kill(l->pid, SIGKILL)) {
		(void)waitpid(l->pid, NULL, __WALL);
	} else if (!l->ended && l->pid > 0) {
		int status;

		(void)launch_status(l, &status); /* collect it if it is over */
	}
	free(l);
	return NULL;
}
