/*
 * gilscope tour: how Python works inside, one mechanism at a time, traced live.
 *
 * A stop is a short program on the bundled runtime (or, with --python, on a real CPython).  It
 * runs under the same session as `stat` and leaves an account of itself; the tour prints what
 * it is, the program, its output, and that account beside what the tracer saw.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/families.h"
#include "user/commands.h"
#include "user/export/json_figures.h"
#include "user/session.h"
#include "user/tour_check.h"
#include "user/tour_program.h"

#define DEFAULT_PYTHON "/usr/bin/python3"
/* Where the program writes its account; runtime programs and scripts know it by this name. */
#define ACCOUNT_FD "GILSCOPE_ACCOUNT_FD"

struct tour {
	const struct opts *opts;
	char program[PATH_MAX];
	const char *name; /* of the stop */
	json_t *about; /* what the program says of the stop */
	int account; /* memory file */
};

static const char *text_of(const struct tour *t, const char *key)
{
	const char *s = json_string_value(json_object_get(t->about, key));

	return s ? s : "";
}

static void print_indented(const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && *text != '\n')
			fputs("  ", stdout);
		putchar(*text);
		start = *text == '\n';
	}
	if (!start)
		putchar('\n');
}

static u32 families_of(const struct tour *t)
{
	const char *list = text_of(t, "families");
	u32 mask = GS_FAMILY_BIT(GS_FAMILY_PROC);

#define X(NAME, name, id, on, help) \
	if (strstr(list, #name)) \
		mask |= GS_FAMILY_BIT(id);
	GS_FAMILIES(X)
#undef X
	return mask;
}

/* Figures of the whole run, as JSON; NULL with @e set. */
static json_t *trace(const struct opts *o, struct err *e)
{
	struct session *s = NULL;
	struct figures *f = NULL;
	json_t *seen = NULL;
	int event = SESSION_TICK;

	if (session_open(o, &s, e))
		return NULL;
	if (!session_start(s, e)) {
		while (event >= 0 && event != SESSION_ENDED && event != SESSION_STOP)
			event = session_wait(s, UINT64_MAX, -1);
		f = session_read(s);
		seen = f ? json_figures(f) : NULL;
	}
	figures_free(f);
	session_close(s);
	if (!seen)
		errf(e, GS_EXIT_FAILED, -ENOMEM, "tour: the figures could not be read");
	return seen;
}

static json_t *read_account(const struct tour *t)
{
	FILE *in;
	json_t *v;

	if (lseek(t->account, 0, SEEK_SET))
		return NULL;
	in = fdopen(dup(t->account), "r");
	v = in ? json_loadf(in, 0, NULL) : NULL;
	if (in)
		fclose(in);
	return v;
}

/* Run the stop: traced if the kernel lets us, else alone, saying why. */
static json_t *run_program(const struct tour *t, char **argv, struct err *e)
{
	struct opts o = *t->opts;
	struct err why = {};
	json_t *seen;

	o.program = argv;
	o.all = false; /* it was said of the stops */
	o.families = families_of(t);
	o.count = t->opts->on_python ? NULL : json_string_value(json_object_get(t->about, "count"));
	o.children = strstr(text_of(t, "families"), "children");
	o.max_threads = 1024;
	o.families &= ~GS_FAMILY_BIT(GS_FAMILY_CALLS);
	if (o.count)
		o.families |= GS_FAMILY_BIT(GS_FAMILY_CALLS);
	fflush(stdout);
	seen = trace(&o, &why);
	if (seen || (why.code != GS_EXIT_PERM && why.code != GS_EXIT_UNSUPPORTED)) {
		if (!seen)
			*e = why;
		return seen;
	}
	/* The one that was held for the tracer is gone; it has run nothing. */
	if (tour_program_run(argv) < 0)
		errf(e, GS_EXIT_FAILED, -ENOENT, "%s: cannot be run", argv[0]);
	printf("\nNot traced: %s\n", why.text);
	return NULL;
}

static int run_and_compare(struct tour *t, char **argv, struct err *e)
{
	char fd[16];
	json_t *seen, *told;
	int wrong;

	t->account = memfd_create("account", 0);
	if (t->account < 0)
		return errf(e, GS_EXIT_FAILED, -errno, "memory file: %s", strerror(errno));
	snprintf(fd, sizeof(fd), "%d", t->account);
	setenv(ACCOUNT_FD, fd, 1);
	printf("\nIts output:\n\n");
	seen = run_program(t, argv, e);
	told = read_account(t);
	close(t->account);
	if (e->code) {
		wrong = -EIO;
	} else {
		printf("\nWhat it says of itself, and what the tracer saw:\n\n");
		wrong = tour_compare(told, seen, e);
	}
	json_decref(seen);
	json_decref(told);
	return wrong;
}

/* One stop: how many figures were not as expected, or a negative errno with @e set. */
static int visit(struct tour *t, const char *name, struct err *e)
{
	const char *python = t->opts->python ? t->opts->python : DEFAULT_PYTHON;
	char *text = tour_program_ask(t->program, "--about", name, e);
	char *rt_argv[] = { t->program, (char *)name, NULL };
	char *py_argv[] = { (char *)python, (char *)"-c", NULL, NULL };
	int wrong;

	if (!text)
		return -EINVAL;
	t->name = name;
	t->about = json_loads(text, 0, NULL);
	free(text);
	if (!t->about)
		return errf(e, GS_EXIT_FAILED, -EBADMSG, "%s: its description is damaged", name);
	py_argv[2] = (char *)text_of(t, "script");
	if (t->opts->on_python && !*py_argv[2]) {
		printf("%s: CPython has no such thing to run\n", name);
		json_decref(t->about);
		return 0;
	}
	printf("%s - %s\n\n", name, text_of(t, "title"));
	print_indented(text_of(t, "about"));
	printf("\nThe program:\n\n");
	print_indented(t->opts->on_python ? py_argv[2] : text_of(t, "program"));
	wrong = run_and_compare(t, t->opts->on_python ? py_argv : rt_argv, e);
	if (wrong >= 0)
		printf("\n%s: %s\n\n", name, wrong ? "NOT as expected" : "as expected");
	json_decref(t->about);
	return wrong;
}

static int visit_all(struct tour *t, struct err *e)
{
	char *list = tour_program_ask(t->program, "--names", NULL, e), *next = list, *name;
	int stops = 0, wrong = 0;

	if (!list)
		return -ENOENT;
	while ((name = strsep(&next, "\n"))) {
		struct err why = {};
		int r;

		if (!*name)
			continue;
		stops++;
		r = visit(t, name, &why);
		if (r < 0)
			printf("\n%s: NOT as expected: %s\n\n", name, why.text);
		wrong += r != 0;
	}
	free(list);
	printf("%d stops, %d as expected\n", stops, stops - wrong);
	return wrong;
}

int cmd_tour(const struct opts *o, struct err *e)
{
	struct tour t = { .opts = o };
	char *list;
	int r = tour_program_find(t.program, e);

	if (r)
		return r;
	if (o->all)
		r = visit_all(&t, e);
	else if (o->stop)
		r = visit(&t, o->stop, e);
	else {
		list = tour_program_ask(t.program, "--list", NULL, e);
		fputs(list ? list : "", stdout);
		r = list ? 0 : -ENOENT;
		free(list);
	}
	if (r > 0)
		return errf(e, GS_EXIT_FAILED, -EIO, "tour: %d not as expected", r);
	return r;
}
