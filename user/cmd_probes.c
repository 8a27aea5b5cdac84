/*
 * gilscope probes: every place that would be probed, why it means what it is said to mean, and
 * what it will cost.  Attaches nothing to the target; costs are measured on ourselves.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/commands.h"
#include "user/load/cost.h"
#include "user/session.h"
#include "user/target/launch.h"
#include "user/target/process.h"

static const char *const family_names[GS_FAMILY_END] = {
#define X(NAME, name, id, on, help) [GS_FAMILY_##NAME] = #name,
	GS_FAMILIES(X)
#undef X
};

static const struct {
	const char *name, *meaning;
} events[GS_EVENT_COUNT] = {
#define X(NAME, name, FAMILY, help) [GS_EVENT_##NAME] = { #name, help },
	GS_EVENTS(X)
#undef X
};

static u64 cost_of(const struct probe_site *site, const struct hit_cost *c)
{
	return site->emulated ? c->emulated_ns : c->stepped_ns;
}

static void print_cost(u64 ns)
{
	if (ns)
		printf("%6.2f us", ns / 1000.0);
	else
		printf("%9s", "-");
}

static void print_process(const struct opts *o, const struct py_process *p,
			  const struct hit_cost *c)
{
	const struct py_binary *b = p->binary;

	printf("pid %d  %s %s (%s)  %s  build id %s\n", (int)p->pid,
	       b->by_notes ? "gilscope's" : "CPython", b->version, b->version_found_by, b->path,
	       b->build_id ? b->build_id : "none");
	if (!b->by_notes)
		printf("  _PyRuntime at 0x%llx, GIL at 0x%llx, layout from %s\n",
		       (unsigned long long)p->runtime_addr, (unsigned long long)p->gil_addr,
		       b->layout.found_by);
	printf("  %-6s %-9s %-12s %-9s %9s  %s\n", "FAMILY", "EVENT", "FILE OFFSET", "FOUND BY",
	       "PER HIT", "INSTRUCTION; EVIDENCE");
	for (size_t i = 0; i < b->nsites; i++) {
		const struct probe_site *s = &b->sites[i];

		if (!session_wants(o, s))
			continue;
		printf("  %-6s %-9s 0x%-10llx %-9s ", family_names[s->family],
		       events[s->event].name, (unsigned long long)s->offset, s->found_by);
		print_cost(cost_of(s, c));
		printf("  %s%s; %s\n", s->instruction, s->emulated ? "" : " (single-stepped)",
		       s->evidence ? s->evidence : "");
	}
	if (b->types_coverage)
		printf("  types: %s\n", b->types_coverage);
}

static void print_kernel(const struct opts *o)
{
	printf("kernel hooks: tp_btf/sched_process_{exit,exec%s}",
	       o->children || o->all ? ",fork" : "");
	if (o->families & (GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_SCHED) |
			   GS_FAMILY_BIT(GS_FAMILY_IO)))
		printf(", tp_btf/sched_switch (every switch of the machine, targets first)");
	if (o->families & GS_FAMILY_BIT(GS_FAMILY_IO))
		printf(", tp_btf/sched_waking,\n  tracepoints "
		       "syscalls/sys_exit_{epoll_wait,epoll_pwait,"
		       "epoll_pwait2,poll,ppoll,select,pselect6}: while any\n  system-call "
		       "tracepoint is "
		       "on, every system call of every process costs a little more");
	printf("\n");
}

static json_t *site_json(const struct probe_site *s, const struct hit_cost *c)
{
	char offset[32];
	u64 ns = cost_of(s, c);

	snprintf(offset, sizeof(offset), "0x%llx", (unsigned long long)s->offset);
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:o}", "family", family_names[s->family],
			 "event", events[s->event].name, "meaning", events[s->event].meaning,
			 "offset", offset, "found_by", s->found_by, "evidence",
			 s->evidence ? s->evidence : "", "instruction", s->instruction, "emulated",
			 s->emulated, "cost_ns", ns ? json_integer((json_int_t)ns) : json_null());
}

static json_t *process_json(const struct opts *o, const struct py_process *p,
			    const struct hit_cost *c)
{
	const struct py_binary *b = p->binary;
	json_t *sites = json_array();
	char gil[32];

	for (size_t i = 0; i < b->nsites; i++)
		if (session_wants(o, &b->sites[i]))
			json_array_append_new(sites, site_json(&b->sites[i], c));
	snprintf(gil, sizeof(gil), "0x%llx", (unsigned long long)p->gil_addr);
	return json_pack("{s:i,s:{s:s,s:s,s:o},s:s,s:s,s:o}", "pid", (int)p->pid, "python",
			 "version", b->version, "path", b->path, "build_id",
			 b->build_id ? json_string(b->build_id) : json_null(), "gil", gil, "layout",
			 b->layout.found_by, "probes", sites);
}

struct probes_run {
	const struct opts *opts;
	struct binaries *binaries;
	struct launch *launch;
	struct hit_cost cost;
	json_t *list; /* NULL: table */
	struct err *e;
	size_t count;
};

static int show(struct probes_run *r, pid_t pid, struct err *e)
{
	struct py_process *p;
	int err = process_identify(pid, r->opts->families, r->binaries, &p, e);

	if (err)
		return err;
	if (r->list)
		json_array_append_new(r->list, process_json(r->opts, p, &r->cost));
	else
		print_process(r->opts, p, &r->cost);
	r->count++;
	process_free(p);
	return 0;
}

static int show_if_python(pid_t pid, void *arg)
{
	struct probes_run *r = arg;
	struct err e = {};

	if (process_looks_like_python(pid) && show(r, pid, &e) && e.code != GS_EXIT_TARGET)
		fprintf(stderr, "gilscope: %s; left out\n", e.text);
	return 0;
}

static int show_targets(struct probes_run *r)
{
	const struct opts *o = r->opts;
	int err = 0;

	if (o->program) {
		err = launch_start(o->program, &r->launch, r->e);
		if (!err)
			err = show(r, launch_pid(r->launch), r->e);
	}
	if (o->all)
		err = process_each(show_if_python, r);
	for (size_t i = 0; i < o->npids && !err; i++)
		err = show(r, o->pids[i], r->e);
	for (size_t i = 0; i < o->npids && !err && o->children; i++)
		err = process_each_child(o->pids[i], show_if_python, r);
	if (!err && !r->count)
		err = errf(r->e, GS_EXIT_TARGET, -ESRCH,
			   "--all: no CPython process that can be measured; see gilscope ps");
	return err;
}

int cmd_probes(const struct opts *o, struct err *e)
{
	struct probes_run r = { .opts = o, .e = e, .binaries = binaries_new(o->count) };
	int err;

	if (!strcmp(o->format, "json"))
		r.list = json_array();
	cost_measure(&r.cost);
	err = show_targets(&r);
	if (!err && r.list) {
		json_t *all =
			json_pack("{s:s,s:O}", "schema", "gilscope.probes/1", "processes", r.list);

		err = json_dumpf(all, stdout, JSON_INDENT(2)) ? -EIO : 0;
		printf("\n");
		json_decref(all);
	} else if (!err) {
		print_kernel(o);
	}
	json_decref(r.list);
	launch_free(r.launch);
	binaries_free(r.binaries);
	return err ? errf(e, GS_EXIT_FAILED, err, "probes: %s", strerror(-err)) : 0;
}
