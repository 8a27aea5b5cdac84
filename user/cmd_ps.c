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
#include <sys/ioctl.h>
#include <unistd.h>

#include "bpf/families.h"
#include "user/base/str.h"
#include "user/base/utf8.h"
#include "user/target/container.h"
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
	struct container container;
	bool stripped, free_threaded, gil_enabled;
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
	row->free_threaded = b->free_threaded;
	row->gil_enabled = process_gil_enabled(p);
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
	(void)container_read(pid, &row.container);
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

/* What a person calls the place: the container, else the service or group. */
static const char *place_of(const struct row *r)
{
	if (r->container.name[0])
		return r->container.name;
	return r->container.unit[0] ? r->container.unit : "-";
}

enum column { PID, NS_PID, USER, VERSION, THREADS, SUPPORTED, CONTAINER, NCOLUMNS };

/* Text of a column of a row; @own is room for numbers. */
static const char *cell(const struct row *r, enum column c, char own[16])
{
	int n = c == PID ? r->pid : c == NS_PID ? r->status.ns_pid : (int)r->status.threads;

	switch (c) {
	case USER:
		return r->user;
	case VERSION:
		if (!r->free_threaded)
			return r->version[0] ? r->version : "-";
		snprintf(own, 16, "%.14st", r->version);
		return own;
	case SUPPORTED:
		return r->why[0] ? "no" : "yes";
	case CONTAINER:
		return place_of(r);
	default:
		if (c == NS_PID && n == r->pid)
			return "";
		snprintf(own, 16, "%d", n);
		return own;
	}
}

/* @s in @width columns: cut with a "~", or filled with blanks on the left or right. */
static void put(const char *s, size_t width, bool right)
{
	size_t used, bytes = utf8_fit(s, width, &used);

	if (s[bytes])
		bytes = utf8_fit(s, width - 1, &used);
	if (right)
		printf("%*s", (int)(width - used), "");
	printf("%.*s%s", (int)bytes, s, s[bytes] ? "~" : "");
	used += s[bytes] != 0;
	if (!right)
		printf("%*s", (int)(width - used), "");
	putchar(' ');
}

/* Each column as wide as its widest cell, within bounds. */
static void find_widths(const struct ps *ps, const char *const *titles, size_t *width)
{
	static const size_t most[NCOLUMNS] = {
		[PID] = 10,	[NS_PID] = 10,	 [USER] = 16,	   [VERSION] = 12,
		[THREADS] = 10, [SUPPORTED] = 9, [CONTAINER] = 30,
	};
	char own[16];
	size_t w;

	for (int c = 0; c < NCOLUMNS; c++) {
		width[c] = strlen(titles[c]);
		for (size_t i = 0; i < ps->n; i++) {
			utf8_fit(cell(&ps->rows[i], c, own), most[c], &w);
			width[c] = w > width[c] ? w : width[c];
		}
	}
}

/* Columns of the terminal; where output is none, no limit. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 40)
		return SIZE_MAX;
	return size.ws_col;
}

static void print_line(const char *s, size_t room)
{
	size_t used;

	printf("%.*s\n", (int)utf8_fit(s, room, &used), s);
}

static void print_table(const struct ps *ps)
{
	static const char *const titles[NCOLUMNS] = { "PID",	 "NS-PID",    "USER",	  "PYTHON",
						      "THREADS", "SUPPORTED", "CONTAINER" };
	size_t width[NCOLUMNS], used = 0, all = terminal_width(), room;
	char own[16];

	find_widths(ps, titles, width);
	for (int c = 0; c < NCOLUMNS; c++) {
		put(titles[c], width[c], c <= NS_PID || c == THREADS);
		used += width[c] + 1;
	}
	room = all > used + 8 ? all - used : 8;
	print_line("COMMAND", room);
	for (size_t i = 0; i < ps->n; i++) {
		const struct row *r = &ps->rows[i];

		for (int c = 0; c < NCOLUMNS; c++)
			put(cell(r, c, own), width[c], c <= NS_PID || c == THREADS);
		print_line(r->command, room);
		printf("%*s   %s%s%s\n", (int)width[PID], "", r->why[0] ? r->why : r->path,
		       !r->why[0] && r->stripped ? " (stripped)" : "",
		       r->path[0] && !r->gil_enabled ? " (no GIL)" : "");
	}
}

/* NULL for what is not known. */
static json_t *text_or_null(const char *s)
{
	return s[0] ? json_string(s) : json_null();
}

static json_t *row_json(const struct row *r)
{
	return json_pack(
		"{s:i, s:i, s:s, s:i, s:o, s:i, s:o, s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, "
		"s:o}",
		"pid", r->pid, "ns_pid", r->status.ns_pid, "user", r->user, "uid",
		(int)r->status.uid, "version", text_or_null(r->version), "threads",
		(int)r->status.threads, "path", text_or_null(r->path), "build_id",
		text_or_null(r->build_id), "stripped",
		r->path[0] ? json_boolean(r->stripped) : json_null(), "command", r->command,
		"supported", !r->why[0], "reason", text_or_null(r->why), "container",
		text_or_null(r->container.name), "cgroup", text_or_null(r->container.cgroup),
		"unit", text_or_null(r->container.unit), "free_threaded",
		r->path[0] ? json_boolean(r->free_threaded) : json_null(), "gil_enabled",
		r->path[0] ? json_boolean(r->gil_enabled) : json_null());
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
