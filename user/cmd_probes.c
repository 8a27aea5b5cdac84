/*
 * gilscope probes: every place that would be probed, why it means what it is said to mean, and
 * what it will cost.  Attaches nothing to the target; costs are measured on ourselves.  Only with
 * a duration the places are probed for so long, to count how often each is hit.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/base/fmt.h"
#include "user/cmd_probes.h"
#include "user/commands.h"
#include "user/load/cost.h"
#include "user/session.h"
#include "user/target/launch.h"
#include "user/target/module.h"
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

/* What was counted at this site of @file; NULL: not counted. */
static const struct fig_probe *hits_of(const struct figures *f, const char *file, u64 offset,
				       const char *event)
{
	for (size_t i = 0; f && i < f->nprobes; i++)
		if (f->probes[i].offset == offset && !strcmp(f->probes[i].event, event) &&
		    !strcmp(f->probes[i].file, file))
			return &f->probes[i];
	return NULL;
}

static void print_rate(const struct figures *f, const struct fig_probe *hits)
{
	if (f)
		printf("  %9s", hits ? fmt_rate(hits->hits, f->duration_ns).s : "-");
}

static void print_rows(const struct opts *o, const struct py_binary *b, const struct hit_cost *c,
		       const struct figures *f)
{
	for (size_t i = 0; i < b->nsites; i++) {
		const struct probe_site *s = &b->sites[i];

		if (!session_wants(o, s))
			continue;
		printf("  %-7s %-9s 0x%-10llx %-9s ", family_names[s->family],
		       events[s->event].name, (unsigned long long)s->offset, s->found_by);
		print_cost(cost_of(s, c));
		print_rate(f,
			   hits_of(f, b->path ? b->path : "?", s->offset, events[s->event].name));
		printf("  %s%s; %s\n", s->instruction, s->emulated ? "" : " (single-stepped)",
		       s->evidence ? s->evidence : "");
	}
}

void probes_print_sites(const struct opts *o, const struct py_binary *b, const struct hit_cost *c,
			const struct figures *f)
{
	printf("  %-7s %-9s %-12s %-9s %9s%s  %s\n", "FAMILY", "EVENT", "FILE OFFSET", "FOUND BY",
	       "PER HIT", f ? "     HITS/s" : "", "INSTRUCTION; EVIDENCE");
	print_rows(o, b, c, f);
}

static void print_process(const struct opts *o, const struct py_process *p,
			  const struct py_binary *module, const struct hit_cost *c,
			  const struct figures *f)
{
	const struct py_binary *b = p->binary;

	printf("pid %d  %s %s (%s)  %s  build id %s\n", (int)p->pid,
	       b->by_notes ? "gilscope's" : "CPython", b->version, b->version_found_by, b->path,
	       b->build_id ? b->build_id : "none");
	if (!b->by_notes)
		printf("  _PyRuntime at 0x%llx, GIL at 0x%llx, layout from %s; %u of its offsets "
		       "are also in what the file exports\n",
		       (unsigned long long)p->runtime_addr, (unsigned long long)p->gil_addr,
		       b->layout.found_by, b->layout.confirmed);
	if (b->free_threaded)
		printf("  a free-threaded build: %s\n",
		       process_gil_enabled(p)
			       ? "its GIL has been switched on"
			       : "no GIL, unless a module or -X gil=1 switches it on");
	probes_print_sites(o, b, c, f);
	if (b->types_coverage)
		printf("  types: %s\n", b->types_coverage);
	if (module) {
		printf("  and in %s  build id %s\n", module->path,
		       module->build_id ? module->build_id : "none");
		print_rows(o, module, c, f);
	}
}

/* The kernel's side as it was measured, and what all of it cost. */
static void print_counted(const struct figures *f)
{
	double cost = fmt_ratio(f->overhead.target_cpu_ns_estimate, f->duration_ns);

	for (size_t i = 0; i < f->nprobes; i++)
		if (!strcmp(f->probes[i].file, "kernel"))
			printf("  %-7s %-24s %9s hits/s\n", f->probes[i].family, f->probes[i].event,
			       fmt_rate(f->probes[i].hits, f->duration_ns).s);
	printf("in %s: %s hits/s, about %s of a CPU\n", fmt_ns(f->duration_ns).s,
	       fmt_rate(f->overhead.probe_hits, f->duration_ns).s, fmt_percent(cost).s);
}

static void print_kernel(const struct opts *o)
{
	printf("kernel hooks: tp_btf/sched_process_{exit,exec%s}",
	       o->children || o->all ? ",fork" : "");
	if (o->families & (GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_SCHED) |
			   GS_FAMILY_BIT(GS_FAMILY_IO)))
		printf(", tp_btf/sched_switch (every switch of the machine, targets first)");
	if (o->families & GS_FAMILY_BIT(GS_FAMILY_IO))
		printf(", tp_btf/sched_waking");
	if (o->families & GS_FAMILY_BIT(GS_FAMILY_IO) && !opts_watch(o))
		printf(",\n  tracepoints "
		       "syscalls/sys_exit_{epoll_wait,epoll_pwait,"
		       "epoll_pwait2,poll,ppoll,select,pselect6}: while any\n  system-call "
		       "tracepoint is "
		       "on, every system call of every process costs a little more");
	if (o->families & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO))
		printf(",\n  tracepoints syscalls/sys_{enter,exit}_{epoll_wait,epoll_pwait,"
		       "epoll_pwait2},\n  sys_enter_epoll_create1: likewise");
	if (o->families & GS_FAMILY_BIT(GS_FAMILY_STACKS))
		printf(",\n  a clock on each CPU, %llu ticks a second (--stack-rate): the stack of "
		       "who holds\n  the GIL then; and stacks at the hooks and sites of gil, "
		       "sched, gc and refs",
		       (unsigned long long)o->stack_rate);
	printf("\n");
}

static json_t *site_json(const struct probe_site *s, const struct hit_cost *c,
			 const struct figures *f, const char *file)
{
	const struct fig_probe *hits = hits_of(f, file, s->offset, events[s->event].name);
	char offset[32], semaphore[32];
	u64 ns = cost_of(s, c);

	snprintf(offset, sizeof(offset), "0x%llx", (unsigned long long)s->offset);
	snprintf(semaphore, sizeof(semaphore), "0x%llx", (unsigned long long)s->semaphore);
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:o}", "family",
			 family_names[s->family], "event", events[s->event].name, "meaning",
			 events[s->event].meaning, "file", file, "offset", offset, "found_by",
			 s->found_by, "evidence", s->evidence ? s->evidence : "", "instruction",
			 s->instruction, "emulated", s->emulated, "cost_ns",
			 ns ? json_integer((json_int_t)ns) : json_null(), "hits_per_s",
			 hits ? json_real(hits->hits * 1e9 / f->duration_ns) : json_null(),
			 "semaphore", s->semaphore ? json_string(semaphore) : json_null());
}

void probes_add_sites(const struct opts *o, const struct py_binary *b, const struct hit_cost *c,
		      const struct figures *f, json_t *sites)
{
	for (size_t i = 0; b && i < b->nsites; i++)
		if (session_wants(o, &b->sites[i]))
			json_array_append_new(
				sites, site_json(&b->sites[i], c, f, b->path ? b->path : "?"));
}

static json_t *process_json(const struct opts *o, const struct py_process *p,
			    const struct py_binary *module, const struct hit_cost *c,
			    const struct figures *f)
{
	const struct py_binary *b = p->binary;
	json_t *sites = json_array();
	char gil[32];

	probes_add_sites(o, b, c, f, sites);
	probes_add_sites(o, module, c, f, sites);
	snprintf(gil, sizeof(gil), "0x%llx", (unsigned long long)p->gil_addr);
	return json_pack("{s:i,s:{s:s,s:s,s:o,s:b},s:s,s:b,s:s,s:i,s:o}", "pid", (int)p->pid,
			 "python", "version", b->version, "path", b->path, "build_id",
			 b->build_id ? json_string(b->build_id) : json_null(), "free_threaded",
			 b->free_threaded, "gil", gil, "gil_enabled", process_gil_enabled(p),
			 "layout", b->layout.found_by, "layout_confirmed", (int)b->layout.confirmed,
			 "probes", sites);
}

struct probes_run {
	const struct opts *opts;
	struct binaries *binaries;
	struct launch *launch;
	struct hit_cost cost;
	struct figures *counted; /* NULL: nothing was attached */
	json_t *list; /* NULL: table */
	struct err *e;
	size_t count;
};

static int show(struct probes_run *r, pid_t pid, struct err *e)
{
	u32 asyncio = r->opts->families & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO);
	struct module module = {};
	struct py_process *p;
	int err = process_identify(pid, r->opts->families, r->binaries, &p, e);

	if (err)
		return err;
	if (asyncio)
		err = module_find(pid, "_asyncio", asyncio, r->binaries, &module, e);
	if (err == -ENOENT)
		err = 0; /* not mapped, or part of the interpreter's file */
	if (!err && r->list)
		json_array_append_new(
			r->list, process_json(r->opts, p, module.binary, &r->cost, r->counted));
	else if (!err)
		print_process(r->opts, p, module.binary, &r->cost, r->counted);
	r->count += !err;
	process_free(p);
	return err;
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

/* -d: probe the places for so long. */
static int count_hits(struct probes_run *r, struct session **ret_s)
{
	u64 end;
	int err;

	if (r->opts->program)
		return errf(r->e, GS_EXIT_USAGE, -EINVAL,
			    "--duration: hits are counted in a running process; give -p PID");
	err = session_open(r->opts, ret_s, r->e);
	if (!err)
		err = session_start(*ret_s, r->e);
	if (err)
		return err;
	end = session_started_ns(*ret_s) + r->opts->duration_ns;
	do {
		err = session_wait(*ret_s, end, -1);
	} while (err == SESSION_RESIZED);
	r->counted = err < 0 ? NULL : session_read(*ret_s);
	return r->counted ? 0
			  : errf(r->e, GS_EXIT_FAILED, err < 0 ? err : -ENOMEM,
				 "measurement: broken off");
}

static int print_all(struct probes_run *r)
{
	json_t *all;
	int err;

	if (!r->list) {
		print_kernel(r->opts);
		if (r->counted)
			print_counted(r->counted);
		return 0;
	}
	all = json_pack("{s:s,s:O}", "schema", "gilscope.probes/1", "processes", r->list);
	err = json_dumpf(all, stdout, JSON_INDENT(2)) ? -EIO : 0;
	printf("\n");
	json_decref(all);
	return err;
}

int cmd_probes(const struct opts *o, struct err *e)
{
	struct probes_run r = { .opts = o, .e = e, .binaries = binaries_new(o->count) };
	struct session *s = NULL;
	int err = 0;

	if (o->file) {
		binaries_free(r.binaries);
		return probes_file(o, e);
	}
	if (!strcmp(o->format, "json"))
		r.list = json_array();
	cost_measure(&r.cost);
	if (o->duration_ns)
		err = count_hits(&r, &s);
	if (!err)
		err = show_targets(&r);
	if (!err)
		err = print_all(&r);
	json_decref(r.list);
	launch_free(r.launch);
	binaries_free(r.binaries);
	figures_free(r.counted);
	session_leave(s);
	return err ? errf(e, GS_EXIT_FAILED, err, "probes: %s", strerror(-err)) : 0;
}
