/*
 * pid -> what CPython runs there.
 *
 * The interpreter is the mapped file that defines _PyRuntime: a libpython first, then the
 * program itself, then any other mapped code (python run by ld.so, programs that embed it).
 * Files are opened as the process has them mapped, so deleted ones and other mount namespaces
 * work.  Invariant: what is returned was consistent with one start time of that pid, and one
 * program that it executed: while it executes one, all kinds of things can be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/sym/elf_file.h"
#include "user/target/binaries.h"
#include "user/target/container.h"
#include "user/target/interpreter.h"
#include "user/target/proc_maps.h"
#include "user/target/proc_status.h"
#include "user/target/process.h"
#include "user/target/rt_notes.h"
#include "user/target/version.h"

#define PAGE_MASK 4095ULL
#define OTHER_FILES 256 /* mapped files of any name that are looked into */
#define COMMAND_BYTES 257
#define COMMAND_LINE_MAX 65536

struct identify {
	pid_t pid;
	u32 families;
	struct binaries *cache;
	struct proc_maps maps;
	struct proc_status status;
	char exe[4096]; /* "" if it cannot be read */
	u64 exe_inode;
	struct py_process *best; /* found, but its interpreter is not made yet */
	struct err why; /* the first telling reason why a file was not it */
	int why_ret;
};

enum pass { PASS_LIBRARY, PASS_EXE, PASS_NAMED, PASS_ANY, PASS_END };

static bool in_pass(const struct identify *id, const struct proc_map *m, enum pass pass)
{
	bool exe = id->exe_inode && m->inode == id->exe_inode, library, named;
	size_t n;

	named = version_name_is_python(m->path) || version_name_is_other(m->path);
	library = named && !strncmp(version_base_name(m->path, &n), "lib", 3);
	switch (pass) {
	case PASS_LIBRARY:
		return library;
	case PASS_EXE:
		return exe && !library;
	case PASS_NAMED:
		return named && !exe && !library;
	default:
		return !named && !exe;
	}
}

static int load_bias(struct elf_file *f, const struct proc_map *m, u64 *ret_bias)
{
	size_t i;

	for (i = 0; i < elf_file_nsegments(f); i++) {
		const struct elf_segment *s = elf_file_segment(f, i, NULL);

		if (s && s->flags & PF_X && (s->offset & ~PAGE_MASK) == m->offset) {
			*ret_bias = m->start - (s->vaddr & ~PAGE_MASK);
			return 0;
		}
	}
	return -ENOEXEC;
}

static void remember(struct identify *id, const struct err *e, int r)
{
	if (!id->why_ret && r) {
		id->why = *e;
		id->why_ret = r;
	}
}

static struct py_process *make(const struct identify *id, const struct py_binary *b, u64 bias,
			       const char *path)
{
	struct py_process *p = calloc(1, sizeof(*p));
	struct container place;

	if (!p)
		return NULL;
	p->command = malloc(COMMAND_BYTES);
	if (!p->command)
		return process_free(p);
	proc_command(id->pid, p->command, COMMAND_BYTES);
	if (!container_read(id->pid, &place))
		p->cgroup = strdup(place.cgroup);
	p->pid = id->pid;
	p->ns_pid = id->status.ns_pid;
	p->start_ticks = id->status.start_ticks;
	p->image = id->status.image;
	p->binary = b;
	p->load_bias = bias;
	p->runtime_addr = b->runtime_vaddr + bias;
	snprintf(p->open_path, sizeof(p->open_path), "%s", path);
	return p;
}

/* What process_refresh() found keeps it from being measured. */
static int unfit(const struct py_binary *b, struct err *e)
{
	return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: its %s and its memory contradict each other on where the GIL is", b->path,
		    b->layout.found_by);
}

/* @fd is the file of @m; 1: it is the interpreter and it runs, 0: not, or perhaps. */
static int look_into(struct identify *id, const struct proc_map *m, int fd, const struct stat *st,
		     const char *path, bool telling)
{
	struct err sub = { 0 };
	struct py_binary *b = NULL;
	struct elf_file *f = NULL;
	struct gil_now now;
	struct py_process *p;
	struct elf_symbol sym;
	char root[32];
	u64 bias;
	int r = elf_file_open(fd, m->path, &f, &sub);

	snprintf(root, sizeof(root), "/proc/%d/root", id->pid);
	if (!r)
		r = elf_file_runs_here(f, &sub);
	if (!r && !telling && elf_file_export(f, "_PyRuntime", &sym) && !rt_notes_in(f))
		goto out; /* cheap, and nothing to tell about it */
	if (!r)
		r = binaries_get(id->cache, f, m->path, root, st, &b, &sub);
	if (!r)
		r = load_bias(f, m, &bias);
	if (!r)
		r = binary_find_sites(b, f, id->families, id->pid, bias, &sub);
	if (r) {
		if (telling || r != -ENOEXEC)
			remember(id, &sub, r);
		r = r == -ENOMEM ? r : 0;
		goto out;
	}
	p = make(id, b, bias, path);
	r = p ? 0 : -ENOMEM;
	if (p) {
		r = process_refresh(p);
		if (r == -EBADMSG) {
			process_free(p);
			remember(id, &sub, unfit(b, &sub));
			r = 0;
			goto out;
		}
		/* no GIL: mapped, but not initialised */
		r = b->by_notes || !process_gil(p, &now);
	}
	if (p && (r || !id->best)) {
		process_free(id->best);
		id->best = p;
	} else {
		process_free(p);
	}
out:
	elf_file_close(f);
	return r;
}

static bool seen_before(const struct identify *id, size_t i)
{
	const struct proc_map *list = id->maps.list;
	size_t k;

	for (k = 0; k < i; k++) {
		if (list[k].exec && list[k].inode == list[i].inode &&
		    list[k].major == list[i].major && list[k].minor == list[i].minor)
			return true;
	}
	return false;
}

static int run_pass(struct identify *id, enum pass pass)
{
	char path[sizeof(((struct py_process *)0)->open_path)];
	size_t i, tried = 0;
	struct stat st;
	int fd, r = 0;

	for (i = 0; i < id->maps.n && !r && tried < OTHER_FILES; i++) {
		const struct proc_map *m = &id->maps.list[i];

		if (!m->exec || !in_pass(id, m, pass) || seen_before(id, i))
			continue;
		tried++;
		fd = proc_map_open(id->pid, m, path, sizeof(path), &st);
		if (fd < 0) {
			if (fd == -EACCES || fd == -EPERM) {
				struct err sub = { 0 };

				remember(id, &sub,
					 errf(&sub, GS_EXIT_PERM, fd,
					      "%s: cannot be opened: %s; run as root", m->path,
					      strerror(-fd)));
			}
			continue;
		}
		r = look_into(id, m, fd, &st, path, pass != PASS_ANY);
		close(fd);
	}
	return r;
}

static int check_process(struct identify *id, struct err *e)
{
	const struct proc_status *s = &id->status;
	int r = proc_status_read(id->pid, &id->status);

	if (r == -ESRCH)
		return errf(e, GS_EXIT_TARGET, r,
			    "pid %d: no such process; list CPython processes with gilscope ps",
			    id->pid);
	if (r)
		return errf(e, r == -EACCES || r == -EPERM ? GS_EXIT_PERM : GS_EXIT_TARGET, r,
			    "pid %d: /proc/%d/status: %s", id->pid, id->pid, strerror(-r));
	if (s->kernel)
		return errf(e, GS_EXIT_TARGET, -ESRCH,
			    "pid %d: a kernel thread; list CPython processes with gilscope ps",
			    id->pid);
	if (s->state == 'Z' || s->state == 'X')
		return errf(e, GS_EXIT_TARGET, -ESRCH, "pid %d: has ended (a zombie)", id->pid);
	if (s->executing)
		return errf(e, GS_EXIT_TARGET, -EAGAIN, "pid %d: begins a program; try again",
			    id->pid);
	if (s->tgid != id->pid)
		return errf(e, GS_EXIT_TARGET, -ESRCH, "pid %d: a thread; use its process, -p %d",
			    id->pid, s->tgid);
	return 0;
}

static int read_maps(struct identify *id, struct err *e)
{
	char path[32];
	struct stat st;
	ssize_t n;
	int r = proc_maps_read(id->pid, &id->maps);

	if (r == -EACCES || r == -EPERM)
		return errf(e, GS_EXIT_PERM, r,
			    "pid %d: its memory map cannot be read: %s; run as root", id->pid,
			    strerror(-r));
	if (r)
		return errf(e, GS_EXIT_TARGET, r, "pid %d: has ended", id->pid);
	snprintf(path, sizeof(path), "/proc/%d/exe", id->pid);
	n = readlink(path, id->exe, sizeof(id->exe) - 1);
	id->exe[n > 0 ? n : 0] = '\0';
	if (!stat(path, &st))
		id->exe_inode = st.st_ino;
	return 0;
}

/* The second word of its command line into @text, if it is named like an interpreter. */
static bool runs_script(pid_t pid, char *text, size_t size)
{
	char *line;
	size_t n, first;
	bool yes = false;

	if (proc_read_file(pid, "cmdline", COMMAND_LINE_MAX, &line, &n))
		return false;
	first = strlen(line) + 1;
	if (first < n && version_name_is_python(line + first)) {
		snprintf(text, size, "%s", line + first);
		yes = true;
	}
	free(line);
	return yes;
}

static int explain(struct identify *id, struct err *e)
{
	char script[256];

	if (id->why_ret == -ENOEXEC && !version_name_is_other(id->exe) &&
	    runs_script(id->pid, script, sizeof(script)))
		return errf(e, GS_EXIT_TARGET, -ENOEXEC,
			    "pid %d: %s is a script that %s runs, not CPython; what it starts may "
			    "be: see gilscope ps",
			    id->pid, script, id->exe[0] ? id->exe : "another program");
	if (id->why_ret && id->why.code)
		return errf(e, id->why.code, id->why_ret, "pid %d: %s", id->pid, id->why.text);
	return errf(e, GS_EXIT_TARGET, -ENOEXEC,
		    "pid %d: runs %s, not CPython; list CPython processes with gilscope ps",
		    id->pid, id->exe[0] ? id->exe : "a program that cannot be read");
}

int process_identify(pid_t pid, u32 families, struct binaries *cache, struct py_process **ret_p,
		     struct err *e)
{
	struct identify *id = calloc(1, sizeof(*id));
	enum pass pass;
	int r;

	if (!id)
		return -ENOMEM;
	id->pid = pid;
	id->families = families;
	id->cache = cache;
	r = check_process(id, e);
	if (!r)
		r = read_maps(id, e);
	for (pass = PASS_LIBRARY; pass < PASS_END && !r; pass++) {
		if (pass == PASS_ANY && (id->best || id->why_ret == -ENOTSUP))
			break;
		r = run_pass(id, pass);
	}
	if (r < 0)
		goto out;
	r = 0;
	if (!id->best)
		r = explain(id, e);
	else if (!process_is_same(id->best))
		r = errf(e, GS_EXIT_TARGET, -ESRCH, "pid %d: has ended, or begun another program",
			 pid);
	if (!r) {
		*ret_p = id->best;
		id->best = NULL;
	}
out:
	process_free(id->best);
	proc_maps_free(&id->maps);
	free(id);
	return r;
}

bool interpreter_mapped(pid_t pid)
{
	struct elf_file *f;
	struct elf_symbol sym;
	char path[32];
	bool yes;
	int fd;

	if (process_looks_like_python(pid))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	yes = !elf_file_open(fd, path, &f, NULL);
	if (yes) {
		yes = !elf_file_runs_here(f, NULL) &&
		      (!elf_file_export(f, "_PyRuntime", &sym) || rt_notes_in(f));
		elf_file_close(f);
	}
	close(fd);
	return yes;
}
