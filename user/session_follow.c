/*
 * One session after another on the same targets, in another mode.
 *
 * The earlier one's probes are to be off for good, whatever happens meanwhile.  A thread that is
 * killed while it closes a link leaves breakpoints in the target (session_leave() says why), so
 * the last reference to each link is left to a process that does nothing but exit: what closes in
 * an exit cannot be broken off.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/ingest/stacks.h"
#include "user/session_private.h"

/* A process with copies of all descriptors, which exits once *@ret_fd is closed.  -1: none. */
static pid_t keep_descriptors(int *ret_fd)
{
	int fds[2];
	pid_t pid;
	char c;

	*ret_fd = -1;
	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		close(fds[1]);
		while (read(fds[0], &c, 1) < 0 && errno == EINTR)
			;
		_exit(0);
	}
	close(fds[0]);
	if (pid < 0)
		close(fds[1]);
	else
		*ret_fd = fds[1];
	return pid;
}

struct session *session_close_safely(struct session *s)
{
	pid_t keeper;
	int fd, status;

	burst_stop(s->burst); /* it opens no more links */
	keeper = keep_descriptors(&fd);
	session_close(s);
	if (keeper > 0) {
		close(fd);
		while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
			;
	}
	return NULL;
}

/* Name the targets that still run; those of --all are found anew. */
static int name_targets(const struct session *s, struct opts *o, struct err *e)
{
	o->npids = 0;
	o->program = NULL;
	for (size_t i = 0; i < s->collector.count; i++) {
		const struct measured *m = s->collector.list[i];

		if (m->exited || o->all)
			continue;
		if (o->npids == OPTS_MAX_PIDS)
			return errf(e, GS_EXIT_FAILED, -E2BIG, "targets: too many to be named");
		o->pids[o->npids++] = m->py->pid;
	}
	return collector_running(&s->collector) && (o->all || !starts_expected(s))
		       ? 0
		       : errf(e, GS_EXIT_TARGET, -ESRCH, "targets: have ended, or begin anew");
}

static bool has_all(const struct session *s, const struct session *of)
{
	for (size_t i = 0; i < of->collector.count; i++) {
		const struct measured *m = of->collector.list[i];
		bool found = m->exited;

		for (size_t j = 0; j < s->collector.count && !found; j++)
			found = s->collector.list[j]->py->pid == m->py->pid;
		if (!found)
			return false;
	}
	return true;
}

int session_follow(struct session *s, struct opts *o, struct session **ret_next, struct err *e)
{
	struct session *next;
	int err = name_targets(s, o, e);

	if (!err)
		err = session_open_as(o, true, &next, e);
	if (err)
		return err;
	if (collect_housekeep(&s->collector) || !has_all(next, s)) {
		close(next->signal_fd);
		next->signal_fd = -1; /* signals stay blocked: they are for @s */
		session_close_safely(next);
		return errf(e, GS_EXIT_FAILED, -EAGAIN, "targets: others meanwhile");
	}
	if (next->collector.stacks && s->collector.stacks)
		stacks_follow(next->collector.stacks, s->collector.stacks);
	*ret_next = next;
	return 0;
}

void session_hand_over(struct session *from, struct session *to)
{
	to->launch = from->launch;
	from->launch = NULL;
	if (from->signal_fd >= 0) { /* the signals stay blocked: @to's descriptor gets them */
		close(from->signal_fd);
		from->signal_fd = -1;
	}
}

u64 session_gil_hits(struct session *s)
{
	u64 sum = 0;

	for (size_t b = 0; b < s->nblocks; b++) {
		const struct site_block *block = &s->blocks[b];
		u32 row = block->first;

		for (size_t i = 0; i < block->binary->nsites && !block->covered; i++) {
			const struct probe_site *site = &block->binary->sites[i];
			u64 hits;

			if (!session_wants(s->opts, site) || session_in_bursts(s, site))
				continue;
			if (!kmaps_hits(skel_maps(s->skel), GS_HOOK_COUNT + row++, &hits, 1) &&
			    site->family == GS_FAMILY_GIL)
				sum += hits;
		}
	}
	return sum;
}

bool session_running(const struct session *s)
{
	return collector_running(&s->collector);
}
