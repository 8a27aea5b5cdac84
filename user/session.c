/* The pipeline, from targets to figures; see session.h. */
#include "user/session.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/session_private.h"

/* A ring's size must be one; the next smaller. */
static u32 power_of_two(u64 n)
{
	return n ? 1U << (63 - __builtin_clzll(n)) : 4096;
}

/* Are refs to be kept under a budget?  Only links of many sites are taken off fast enough. */
static bool wants_bursts(const struct session *s, bool multi)
{
	return multi && s->opts->budget > 0 && s->opts->families & GS_FAMILY_BIT(GS_FAMILY_REFS);
}

/* Without a free-threaded target, now or later, the kernel need not look at that family's code. */
static u32 families_needed(const struct session *s)
{
	const struct opts *o = s->opts;

	for (size_t i = 0; i < s->nfound; i++)
		if (s->found[i]->binary->free_threaded)
			return o->families;
	return o->all || o->children ? o->families : o->families & ~GS_FAMILY_BIT(GS_FAMILY_FT);
}

static struct skel_opts skel_opts_of(const struct session *s, bool multi)
{
	const struct opts *o = s->opts;
	bool one = s->nfound == 1 && !o->children && !o->all;

	return (struct skel_opts){
		.config = {
			.families = families_needed(s),
			.max_threads = o->max_threads,
			.max_processes = o->max_processes,
			.max_sites = SESSION_MAX_SITES,
			.only_pid = one ? s->found[0]->pid : 0,
			.follow_children = o->children || o->all,
			.follow_all = o->all,
			.record = o->command == CMD_RECORD || o->ring_bytes,
			.watch = opts_watch(o),
			.bursts = wants_bursts(s, multi),
			.slow_ns = o->slow_ns,
			.sample = session_sample_ns(s) != 0,
			.no_blame = o->command == CMD_AGENT, /* too many rows for metrics */
			.stacks_seed = session_stacks_seed(),
			.native = o->native,
		},
		.max_types = o->max_types,
		.record_bytes = power_of_two(o->buffer_bytes),
		.sites_multi = multi,
	};
}

/* Load the flavour of the site program that works here. */
static int load(struct session *s, struct err *e)
{
	bool multi = !getenv("GILSCOPE_PLAIN_UPROBES") && attach_multi_supported();
	struct skel_opts o = skel_opts_of(s, multi);
	int err = skel_load(&o, &s->skel, e);

	if (err)
		return err;
	err = attach_selftest(s->attached, s->skel, s->next_site, &s->selftest);
	if (!err && multi && !s->selftest.multi && s->by_pid) {
		s->attached = attached_free(s->attached);
		s->skel = skel_free(s->skel);
		s->attached = attached_new();
		o = skel_opts_of(s, false);
		err = s->attached ? skel_load(&o, &s->skel, e) : -ENOMEM;
	}
	s->next_site++;
	if (err == -EPERM || err == -EACCES)
		return errf(e, GS_EXIT_PERM, err,
			    "uprobes: not permitted; run as root; see gilscope doctor");
	return errf(err ? e : NULL, GS_EXIT_UNSUPPORTED, err,
		    "uprobes: cannot be attached (%s); see gilscope doctor", strerror(-err));
}

static int attach(struct session *s, struct err *e)
{
	int err = attach_hooks(s->attached, s->skel, e);

	while (!err && s->nfound) {
		struct py_process *py = s->found[--s->nfound];
		struct err gone = {};

		err = targets_attach(s, py, &gone);
		if (err && gone.code == GS_EXIT_TARGET && !s->by_pid)
			err = 0; /* one of many has ended meanwhile */
		else if (err)
			errf(e, gone.code, err, "%s", gone.text);
	}
	if (!err && s->burst && (s->collector.count || s->opts->all))
		err = burst_start(s->burst);
	if (!err && !s->collector.count && !s->opts->all)
		return errf(e, GS_EXIT_TARGET, -ESRCH, "targets: all have ended; see gilscope ps");
	if (!err)
		starts_scan(s);
	return err;
}

static int watch_signals(struct session *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	if (s->opts->ring_bytes)
		sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? -errno : 0;
}

static int prepare_budget(struct session *s, struct err *e)
{
	bool multi = skel_sites_multi(s->skel);

	if (!multi && wants_bursts(s, true) && s->opts->budget_given)
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "--budget: this kernel has no uprobe_multi links that work, and others "
			    "are taken off too slowly; use --budget none");
	if (!multi && wants_bursts(s, true) && !s->quiet)
		fprintf(stderr, "gilscope: refs: no budget on this kernel, each hit is counted\n");
	if (!wants_bursts(s, multi))
		return 0;
	s->burst = burst_new(s->skel, s->opts->budget, s->selftest.hit_ns);
	s->collector.burst = s->burst;
	return s->burst ? 0 : -ENOMEM;
}

static int prepare(struct session *s, struct err *e)
{
	int err = targets_find(s, e);

	if (!err)
		err = watch_signals(s); /* not before: a launched program inherits the mask */
	if (!err)
		err = load(s, e);
	if (!err)
		err = collector_init(&s->collector, skel_maps(s->skel), s->opts->families);
	if (err)
		return err;
	s->collector.hit_ns = s->selftest.hit_ns;
	s->collector.watch = opts_watch(s->opts);
	s->collector.slow_ns = s->opts->slow_ns;
	s->collector.drop_told = s->collector.no_blame = s->opts->command == CMD_AGENT;
	err = prepare_budget(s, e);
	if (err)
		return err;
	err = session_sample(s);
	if (!err)
		err = session_stacks(s);
	if (err)
		return err;
	s->life = ring_buffer__new(skel_maps(s->skel)->life_fd, targets_on_life, s, NULL);
	return s->life ? attach(s, e) : -errno;
}

/* A session that could not be opened.  One that was to follow another leaves it the signals. */
static void abandon(struct session *s)
{
	if (!s->quiet) {
		session_close(s);
		return;
	}
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	s->signal_fd = -1;
	session_close_safely(s);
}

int session_open_as(const struct opts *o, bool quiet, struct session **ret_s, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (!s)
		return errf(e, GS_EXIT_FAILED, err, "memory: none left");
	s->opts = o;
	s->quiet = quiet;
	s->signal_fd = -1;
	s->binaries = binaries_new(o->count);
	s->attached = attached_new();
	if (s->binaries && s->attached)
		err = prepare(s, e);
	if (err) {
		errf(e, GS_EXIT_FAILED, err, "set-up: %s", strerror(-err));
		abandon(s);
		return err;
	}
	*ret_s = s;
	return 0;
}

int session_open(const struct opts *o, struct session **ret_s, struct err *e)
{
	return session_open_as(o, false, ret_s, e);
}

int session_start(struct session *s, struct err *e)
{
	const struct kmaps *k = skel_maps(s->skel);
	int err = 0;

	s->started_ns = clock_mono_ns();
	s->started_unix_ns = clock_real_ns();
	s->cpu_ns = clock_cpu_ns();
	for (size_t i = 0; i < s->collector.count; i++) {
		struct measured *m = s->collector.list[i];

		__atomic_store_n(&k->procs[m->index].start_ns, s->started_ns, __ATOMIC_RELEASE);
		targets_seed(s, m);
		collector_begin(m);
		if (s->on_target)
			s->on_target(s->on_target_ctx, m->py, k->procs[m->index].start_ns,
				     m->seed_tid);
	}
	if (s->launch)
		err = launch_resume(s->launch);
	return err ? errf(e, GS_EXIT_FAILED, err, "%s: cannot be started (%s)", s->opts->program[0],
			  strerror(-err))
		   : 0;
}

/* From here on a signal does what it does by default. */
static void release_signals(struct session *s)
{
	sigset_t none;

	if (s->signal_fd < 0)
		return;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(s->signal_fd);
	s->signal_fd = -1;
}

/* What a signal means; -1: nothing. */
static int on_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return -1;
	if (info.ssi_signo == SIGWINCH)
		return SESSION_RESIZED;
	if (info.ssi_signo == SIGUSR2)
		return SESSION_SNAPSHOT;
	if (info.ssi_signo == SIGHUP && s->opts->command == CMD_AGENT)
		return SESSION_RELOAD;
	release_signals(s); /* a second one ends us at once */
	return SESSION_STOP;
}

/* What the kernel side tells of forks, execs and exits. */
static int hear_of_lives(struct session *s)
{
	u64 now = clock_mono_ns();
	int err = ring_buffer__consume(s->life);

	if (err >= 0)
		s->collector.heard_ns = now;
	return err;
}

/* Starts are looked at as they come, what takes a look at all slots less often. */
static int look_after(struct session *s)
{
	int err = hear_of_lives(s), status;

	if (err < 0)
		return err;
	starts_retry(s);
	modules_look(s);
	sweep_look(s);
	if (!s->hurry && clock_mono_ns() < s->housekeep_at_ns)
		return 0;
	s->hurry = false;
	s->nended = 0;
	if (s->launch)
		(void)launch_status(s->launch, &status); /* reap it */
	s->housekeep_at_ns = clock_mono_ns() + collector_pace_ns(&s->collector);
	return collect_housekeep(&s->collector);
}

/* With --all others may start at any time. */
static bool has_ended(const struct session *s)
{
	return !s->end_told && !s->opts->all && !collector_running(&s->collector) &&
	       !starts_expected(s);
}

int session_wait(struct session *s, u64 until_ns, int input_fd)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = s->signal_fd, .events = POLLIN },
			{ .fd = ring_buffer__epoll_fd(s->life), .events = POLLIN },
			{ .fd = input_fd, .events = POLLIN },
		};
		u64 now = clock_mono_ns(), next;
		int err, event;

		if (now >= until_ns)
			return SESSION_TICK;
		next = starts_next_ns(s);
		next = s->housekeep_at_ns < next ? s->housekeep_at_ns : next;
		next = next < until_ns ? next : until_ns;
		err = poll(fds, 3, next > now ? (int)((next - now + 999999) / 1000000) : 0);
		if (err < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents && (event = on_signal(s)) >= 0)
			return event;
		err = look_after(s);
		if (err)
			return err;
		if (has_ended(s)) {
			s->end_told = true;
			return SESSION_ENDED;
		}
		if (fds[2].revents)
			return SESSION_INPUT;
	}
}

struct figures *session_read(struct session *s)
{
	struct figures *f = figures_new();

	(void)hear_of_lives(s);
	if (f && !collect_figures(&s->collector, f) && !session_describe(s, f))
		return f;
	return figures_free(f);
}

void session_on_target(struct session *s, session_target_fn *fn, void *ctx)
{
	s->on_target = fn;
	s->on_target_ctx = ctx;
}

struct session *session_close(struct session *s)
{
	if (!s)
		return NULL;
	launch_free(s->launch);
	burst_free(s->burst);
	attached_free(s->attached);
	release_signals(s); /* not before: see session_leave() */
	ring_buffer__free(s->life);
	process_walk_end(&s->sweep);
	collector_done(&s->collector);
	skel_free(s->skel);
	while (s->nfound)
		process_free(s->found[--s->nfound]);
	free(s->found);
	free(s->blocks);
	binaries_free(s->binaries);
	free(s);
	return NULL;
}

void session_leave(struct session *s)
{
	static struct session *left; /* what it owns stays reachable up to the end */

	left = s;
	if (!left)
		return;
	burst_stop(left->burst);
	attached_leave(left->attached);
}
