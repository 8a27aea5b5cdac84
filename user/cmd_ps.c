/*
 * gilscope ps.  Invariant: what other processes chose (names, paths) is printed only after
 * str_printable().
 */
#include "user/cmd_ps.h"

#include <errno.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/base/str.h"
#include "user/target/proc_status.h"
#include "user/target/process.h"

#define PATH_BYTES 512

struct row {
	struct proc_status status;
	pid_t pid;
	char user[33];
	char version[24]; /* "": not supported, so not known */
	char path[PATH_BYTES]; /* of the interpreter; "": as above */
	char build_id[129];
	char command[257];
	char why[512]; /* "": supported */
	bool stripped;
};

struct ps {
	struct binaries *cache;
	struct row *rows; /* owned */
	size_t n, capacity;
};

static void name_user(uid_t uid, char *text, size_t size)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(text, size, "%s", pw->pw_name);
	else
		snprintf(text, size, "%u", uid);
	str_printable(text);
}

static void fill(struct row *row, const struct py_process *p)
{
	const struct py_binary *b = p->binary;
	struct gil_now now;

	snprintf(row->version, sizeof(row->version), "%s", b->version);
	snprintf(row->path, sizeof(row->path), "%s", b->path);
	str_printable(row->path);
	snprintf(row->build_id, sizeof(row->build_id), "%s", b->build_id ? b->build_id : "");
	row->stripped = b->stripped;
	if (process_gil(p, &now) == -EAGAIN)
		snprintf(row->why, sizeof(row->why), "its interpreter is not initialised");
}

static int look(pid_t pid, void *arg)
{
	struct ps *ps = arg;
	struct row row = { .pid = pid }, *more;
	struct py_process *p;
	struct err e = { 0 };
	int r;

	if (!process_looks_like_python(pid) || proc_status_read(pid, &row.status))
		return 0;
	r = process_identify(pid, GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_GC),
			     ps->cache, &p, &e);
	if (r == -ENOMEM)
		return r;
	if (r == -ESRCH || r == -ENOEXEC)
		return 0; /* gone, or only named like one */
	if (r) {
		snprintf(row.why, sizeof(row.why), "%s", e.text);
	} else {
		fill(&row, p);
		process_free(p);
	}
	name_user(row.status.uid, row.user, sizeof(row.user));
	proc_command(pid, row.command, sizeof(row.command));
	if (ps->n == ps->capacity) {
		ps->capacity = ps->capacity ? ps->capacity * 2 : 32;
		more = realloc(ps->rows, ps->capacity * sizeof(*more));
		if (!more)
			return -ENOMEM;
		ps->rows = more;
	}
	ps->rows[ps->n++] = row;
	return 0;
}

static void print_table(const struct ps *ps)
{
	size_t i;

	printf("%7s %7s %-10s %-9s %7s %-9s %s\n", "PID", "NS-PID", "USER", "PYTHON", "THREADS",
	       "SUPPORTED", "COMMAND");
	for (i = 0; i < ps->n; i++) {
		const struct row *r = &ps->rows[i];
		char ns[16] = "";

		if (r->status.ns_pid != r->pid)
			snprintf(ns, sizeof(ns), "%d", r->status.ns_pid);
		printf("%7d %7s %-10.10s %-9s %7u %-9s %s\n", r->pid, ns, r->user,
		       r->version[0] ? r->version : "-", r->status.threads,
		       r->why[0] ? "no" : "yes", r->command);
		if (r->why[0])
			printf("%7s   %s\n", "", r->why);
		else
			printf("%7s   %s%s\n", "", r->path, r->stripped ? " (stripped)" : "");
	}
}

/* NULL for what is not known. */
static json_t *text_or_null(const char *s)
{
	return s[0] ? json_string(s) : json_null();
}

static json_t *row_json(const struct row *r)
{
	return json_pack("{s:i, s:i, s:s, s:i, s:o, s:i, s:o, s:o, s:o, s:s, s:b, s:o}", "pid",
			 r->pid, "ns_pid", r->status.ns_pid, "user", r->user, "uid",
			 (int)r->status.uid, "version", text_or_null(r->version), "threads",
			 (int)r->status.threads, "path", text_or_null(r->path), "build_id",
			 text_or_null(r->build_id), "stripped",
			 r->path[0] ? json_boolean(r->stripped) : json_null(), "command",
			 r->command, "supported", !r->why[0], "reason", text_or_null(r->why));
}

static int print_json(const struct ps *ps, struct err *e)
{
	json_t *list = json_array(), *root = NULL;
	size_t i;
	int r = -ENOMEM;

	for (i = 0; list && i < ps->n; i++) {
		if (json_array_append_new(list, row_json(&ps->rows[i])))
			goto out;
	}
	root = json_pack("{s:s, s:O}", "schema", "gilscope.ps/1", "processes", list);
	if (!root)
		goto out;
	r = json_dumpf(root, stdout, JSON_COMPACT) || putchar('\n') == EOF ? -EIO : 0;
	if (r)
		errf(e, GS_EXIT_FAILED, r, "stdout: cannot be written: %s", strerror(EIO));
out:
	json_decref(list);
	json_decref(root);
	return r;
}

int cmd_ps(const char *format, struct err *e)
{
	struct ps ps = { .cache = binaries_new(NULL) };
	int r = -ENOMEM;

	if (format && strcmp(format, "table") && strcmp(format, "json"))
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "--format %s: not known to ps; table or json", format);
	if (ps.cache)
		r = process_each(look, &ps);
	if (!r && format && !strcmp(format, "json"))
		r = print_json(&ps, e);
	else if (!r)
		print_table(&ps);
	if (r == -ENOMEM)
		errf(e, GS_EXIT_FAILED, r, "ps: out of memory");
	else if (r)
		errf(e, GS_EXIT_FAILED, r, "ps: /proc cannot be read: %s", strerror(-r));
	free(ps.rows);
	binaries_free(ps.cache);
	return r;
}
