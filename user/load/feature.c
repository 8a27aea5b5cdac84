/* Requirements, and finding out about them; see feature.h. */
#include "user/load/feature.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/families.h"
#include "user/load/attach.h"
#include "user/load/tracefs.h"

static const struct feature_text texts[FEAT_COUNT] = {
	[FEAT_KERNEL] = { "Linux 5.15 or later on x86-64 or aarch64", "5.15",
			  "what is missing is told below; nothing works on other machines",
			  "boot a newer kernel, unless everything else here is ok" },
	[FEAT_ROOT] = { "privileges", "", "BPF programs and probes are refused",
			"run as root, or with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, "
			"CAP_DAC_READ_SEARCH and CAP_CHECKPOINT_RESTORE; exact mode mounts tracefs "
			"where it is not mounted, by CAP_SYS_ADMIN" },
	[FEAT_BTF] = { "kernel type information (BTF)", "5.2",
		       "nothing works: the programs adapt to the kernel through it",
		       "use a kernel built with CONFIG_DEBUG_INFO_BTF" },
	[FEAT_BPF] = { "BPF programs", "5.15", "nothing works",
		       "see the privileges; some containers forbid bpf(2)" },
	[FEAT_TP_BTF] = { "BTF tracepoints", "5.5",
			  "no waits, no blocked calls, no ends of threads",
			  "use a kernel built with CONFIG_DEBUG_INFO_BTF" },
	[FEAT_UPROBE] = { "uprobes", "4.18", "no GIL, GC and type figures",
			  "use a kernel built with CONFIG_UPROBE_EVENTS" },
	[FEAT_MULTI] = { "uprobe_multi links", "6.6",
			 "one link per site: attaching and detaching take longer",
			 "boot a newer kernel; nothing is lost but time" },
	[FEAT_MULTI_PID] = { "uprobe_multi for one process", "6.10",
			     "one link per site: attaching and detaching take longer",
			     "boot a newer kernel; nothing is lost but time" },
	[FEAT_TRACEFS] = { "system-call tracepoints", "", "no io figures (use --without io)",
			   "use a kernel built with CONFIG_FTRACE_SYSCALLS; tracefs is mounted "
			   "privately "
			   "where it is not mounted" },
	[FEAT_READ_MEMORY] = { "reading other processes' memory", "",
			       "no GIL owner at attach, no Python thread names, no "
			       "sub-interpreters",
			       "run as root, or with CAP_SYS_PTRACE" },
	[FEAT_MAP_FILES] = { "/proc/PID/map_files", "4.3",
			     "deleted or replaced interpreters cannot be opened",
			     "run as root, or with CAP_CHECKPOINT_RESTORE" },
#define X(NAME, name, since, loss) \
	[FEAT_NEEDS + NEED_##NAME] = { name, since, loss, "boot a newer kernel" },
	GS_NEEDS(X)
#undef X
};

const struct feature_text *feature_text(enum feature f)
{
	return &texts[f];
}

static void set(struct feature_result *r, bool ok, const char *detail)
{
	r->state = ok ? FEAT_OK : FEAT_MISSING;
	snprintf(r->detail, sizeof(r->detail), "%s", detail);
}

static void probe_kernel(struct feature_result *r)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2) {
		set(r, false, "cannot tell");
		return;
	}
	set(r, !strcmp(u.machine, "x86_64") || !strcmp(u.machine, "aarch64"), "");
	/* Its number alone proves nothing: distributions carry newer things back. */
	if (r->state == FEAT_OK && (major < 5 || (major == 5 && minor < 15)))
		r->state = FEAT_WARN;
	snprintf(r->detail, sizeof(r->detail), "Linux %.60s %.20s", u.release, u.machine);
}

static void probe_root(struct feature_result *r)
{
	unsigned long long caps = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (f)
		fclose(f);
	/* CAP_SYS_PTRACE 19, CAP_SYS_ADMIN 21; instead of that, CAP_PERFMON 38 and CAP_BPF 39 */
	set(r, (caps >> 19 & 1) && ((caps >> 21 & 1) || (caps >> 38 & 3) == 3), "");
	snprintf(r->detail, sizeof(r->detail), "uid %d, effective capabilities %llx",
		 (int)geteuid(), caps);
}

static void probe_tracefs(struct feature_result *r)
{
	static const char *const names[] = { "syscalls/sys_exit_epoll_pwait" };
	int id, err = tracefs_ids(names, &id, 1);

	set(r, !err && id > 0,
	    err	     ? strerror(-err)
	    : id < 0 ? strerror(-id)
		     : "sys_exit_epoll_pwait");
}

/* A copy of ourselves that belongs to another user, until the pipe is closed. */
static pid_t start_other(int to_child[2], bool *ret_other_user)
{
	pid_t pid;
	char c;

	if (pipe(to_child))
		return -1;
	*ret_other_user = !geteuid();
	pid = fork();
	if (pid)
		return pid;
	close(to_child[1]);
	if (*ret_other_user && setresuid(65534, 65534, 65534))
		_exit(1);
	_exit(read(to_child[0], &c, 1) < 0);
}

static void probe_memory(struct feature_result *r)
{
	static u64 word = 0x6c73636f7065ULL;
	bool other_user = false, readable = false;
	u64 seen = 0;
	struct iovec here = { &seen, sizeof(seen) }, there = { &word, sizeof(word) };
	int to_child[2];
	pid_t pid = start_other(to_child, &other_user);

	if (pid > 0) {
		readable = process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof(seen) &&
			   seen == word;
		close(to_child[0]);
		close(to_child[1]);
		(void)waitpid(pid, NULL, 0);
	}
	set(r, readable, readable ? "process_vm_readv" : "not permitted");
	if (readable && !other_user) {
		r->state = FEAT_WARN;
		snprintf(r->detail, sizeof(r->detail), "own processes only");
	}
}

/* Load everything that top and stat load by default, and hit ourselves. */
static void probe_programs(struct feature_result *r)
{
	bool multi = attach_multi_supported();
	struct skel_opts o = {
		.config = { .families = ~0U, .max_threads = 1, .max_processes = 1, .max_sites = 2 },
		.max_types = 1,
		.sites_multi = multi,
	};
	struct attached *a = attached_new();
	struct selftest t = {};
	struct skel *s = NULL;
	struct err e = {};
	int err = a ? skel_load(&o, &s, &e) : -ENOMEM;
	char cost[64] = "";

	set(&r[FEAT_BPF], !err, err ? e.text : "all programs are accepted");
	set(&r[FEAT_UPROBE], false, "not tried: the programs cannot be loaded");
	set(&r[FEAT_TP_BTF], false, "not tried: the programs cannot be loaded");
	if (!err) {
		err = attach_hooks(a, s, &e);
		set(&r[FEAT_TP_BTF], !err,
		    err ? e.text : "sched_switch, sched_waking, sched_process_*");
		err = attach_selftest(a, s, 0, &t);
		snprintf(cost, sizeof(cost), "a hit costs %.2f us", t.hit_ns / 1000.0);
		set(&r[FEAT_UPROBE], !err, err ? strerror(-err) : cost);
	}
	set(&r[FEAT_MULTI], multi, multi ? "known" : "not known; plain uprobes are used");
	set(&r[FEAT_MULTI_PID], t.multi && multi,
	    t.multi && multi ? "all threads are seen" : "not usable; plain uprobes are used");
	for (int i = FEAT_MULTI; i <= FEAT_MULTI_PID; i++)
		if (r[i].state == FEAT_MISSING)
			r[i].state = FEAT_WARN;
	attached_free(a);
	skel_free(s);
}

void features_probe(struct feature_result ret_r[FEAT_COUNT])
{
	char path[64];
	bool ok;

	probe_kernel(&ret_r[FEAT_KERNEL]);
	probe_root(&ret_r[FEAT_ROOT]);
	set(&ret_r[FEAT_BTF], !access("/sys/kernel/btf/vmlinux", R_OK), "/sys/kernel/btf/vmlinux");
	for (int i = 0; i < NEED_COUNT; i++) {
		ok = need_met(i);
		set(&ret_r[FEAT_NEEDS + i], ok,
		    ok ? "known to this kernel" : "not known, or refused");
	}
	probe_programs(ret_r);
	probe_tracefs(&ret_r[FEAT_TRACEFS]);
	probe_memory(&ret_r[FEAT_READ_MEMORY]);
	snprintf(path, sizeof(path), "/proc/%d/map_files", (int)getppid());
	set(&ret_r[FEAT_MAP_FILES], !access(path, R_OK | X_OK), path);
}
