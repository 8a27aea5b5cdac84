/*
 * What a session is to measure: the processes named, found or launched, and by which mode.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "user/session_private.h"

/* With more processes than this, sites are attached once for all who map the file. */
#define MAX_LINKS_BY_PID 4
#define INITIALISED_STEP_NS 10000000
#define INITIALISED_MOST_NS 500000000

static int found_add(struct session *s, struct py_process *py, struct err *e)
{
	struct py_process **more;

	if (s->nfound == s->opts->max_processes) {
		process_free(py);
		return errf(e, GS_EXIT_FAILED, -ENOSPC,
			    "targets: more than %zu processes; raise --max-processes", s->nfound);
	}
	more = realloc(s->found, (s->nfound + 1) * sizeof(struct py_process *));
	if (!more) {
		process_free(py);
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	}
	s->found = more;
	s->found[s->nfound++] = py;
	return 0;
}

static bool found_already(const struct session *s, pid_t pid)
{
	for (size_t i = 0; i < s->nfound; i++)
		if (s->found[i]->pid == pid)
			return true;
	return false;
}

u32 session_site_families(const struct session *s)
{
	u32 families = s->opts->families;

	if (opts_watch(s->opts) && !s->opts->contended_sites)
		families &= ~GS_FAMILY_BIT(GS_FAMILY_GIL);
	return families;
}

bool session_can_watch(const struct py_process *py)
{
	const struct py_layout *l = &py->binary->layout;

	return py->gil_addr && l->gil_locked == l->gil_last_holder + 8 &&
	       l->gil_switch_number == l->gil_last_holder + 16;
}

static int find_one(struct session *s, pid_t pid, struct err *e)
{
	struct py_process *py;
	int err;

	if (found_already(s, pid))
		return 0;
	err = process_identify(pid, session_site_families(s), s->binaries, &py, e);
	return err ? err : found_add(s, py, e);
}

/*
 * One that was named by its pid.  A program that embeds Python may be far from initialising it:
 * that is told rather than nothing measured.  An interpreter that only starts gets the time for it.
 */
static int find_named(struct session *s, pid_t pid, struct err *e)
{
	struct timespec pause = { .tv_nsec = INITIALISED_STEP_NS };
	const struct py_process *py;
	size_t before = s->nfound;
	struct gil_now now;
	int err = find_one(s, pid, e);

	if (err || s->nfound == before)
		return err;
	py = s->found[before];
	for (u64 ns = 0; !py->binary->by_notes && process_gil(py, &now) == -EAGAIN;
	     ns += INITIALISED_STEP_NS) {
		if (ns >= INITIALISED_MOST_NS)
			return errf(e, GS_EXIT_TARGET, -ESRCH,
				    "pid %d: %s is there, but no interpreter is initialised; try "
				    "again once the program has done that",
				    pid, py->binary->path);
		nanosleep(&pause, NULL);
	}
	(void)process_refresh(s->found[before]); /* its places, if they were not known before */
	return 0;
}

/* One of many: what cannot be measured is told and passed over. */
static int find_if_python(pid_t pid, void *arg)
{
	struct session *s = arg;
	struct err e = {};

	if (!process_looks_like_python(pid))
		return 0;
	if (find_one(s, pid, &e) && e.code != GS_EXIT_TARGET && !s->quiet)
		fprintf(stderr, "gilscope: %s; left out\n", e.text);
	return s->nfound == s->opts->max_processes;
}

static int find_launched(struct session *s, struct err *e)
{
	int err = launch_start(s->opts->program, &s->launch, e);

	return err ? err : find_one(s, launch_pid(s->launch), e);
}

bool session_wants_watch(const struct session *s)
{
	return opts_watch(s->opts) && s->opts->families & GS_FAMILY_BIT(GS_FAMILY_GIL);
}

/*
 * Watch mode is the default where it works.  Of the targets that do not tell where their GIL is
 * none can be watched; if none of all can, and nobody asked for watch mode, exact mode it is.
 */
static int choose_exact(struct session *s, struct err *e)
{
	int err = 0;

	if (!session_wants_watch(s) || s->opts->mode_given || !s->nfound)
		return 0;
	for (size_t i = 0; i < s->nfound; i++)
		if (session_can_watch(s->found[i]))
			return 0;
	fprintf(stderr,
		"gilscope: exact mode: where the GIL is cannot be told, as watch mode needs\n");
	s->own = *s->opts;
	s->own.mode = "exact";
	s->opts = &s->own;
	for (size_t i = 0; i < s->nfound && !err; i++) {
		pid_t pid = s->found[i]->pid;
		struct py_process *py;

		err = process_identify(pid, session_site_families(s), s->binaries, &py, e);
		if (!err) {
			process_free(s->found[i]);
			s->found[i] = py;
		}
	}
	return err;
}

/* Several at once: one that cannot be watched does not keep the others from it. */
static void leave_out_unwatched(struct session *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->nfound; i++) {
		struct py_process *py = s->found[i];

		if (s->by_pid || !session_wants_watch(s) || session_can_watch(py)) {
			s->found[kept++] = py;
			continue;
		}
		if (!s->quiet)
			fprintf(stderr,
				"gilscope: pid %d: where its GIL is cannot be told, as watch mode "
				"needs; "
				"left out\n",
				py->pid);
		process_free(py);
	}
	s->nfound = kept;
}

int targets_find(struct session *s, struct err *e)
{
	const struct opts *o = s->opts;
	int err = 0;

	if (o->program)
		err = find_launched(s, e);
	else if (o->all)
		err = process_each(find_if_python, s);
	for (size_t i = 0; i < o->npids && err >= 0; i++)
		err = find_named(s, o->pids[i], e);
	for (size_t i = 0; i < o->npids && err >= 0 && o->children; i++)
		err = process_each_child(o->pids[i], find_if_python, s);
	if (err < 0)
		return e->code ? err : errf(e, GS_EXIT_FAILED, err, "/proc: %s", strerror(-err));
	if (!s->nfound && !s->quiet) /* of --all: those named are there, or an error */
		fprintf(stderr, "gilscope: --all: no CPython process yet; waiting for the first\n");
	s->by_pid = !o->all && !o->children && s->nfound <= MAX_LINKS_BY_PID;
	err = choose_exact(s, e);
	if (!err)
		leave_out_unwatched(s);
	return err;
}
