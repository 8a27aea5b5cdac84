/* Native stacks: what a process has mapped, and the walk; see native.h. */
#include "user/target/native.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "user/target/native_private.h"

#define VDSO_BYTES 8192 /* it is one page or two */
#define AUXV_MAX 4096

/* Where the process has its vDSO; 0: it has none, or that cannot be read. */
static u64 vdso_of(pid_t pid)
{
	const Elf64_auxv_t *v;
	size_t len;
	char *text;
	u64 at = 0;

	if (proc_read_file(pid, "auxv", AUXV_MAX, &text, &len))
		return 0;
	v = (const Elf64_auxv_t *)text;
	for (; len >= sizeof(*v) && v->a_type != AT_NULL; v++, len -= sizeof(*v))
		if (v->a_type == AT_SYSINFO_EHDR)
			at = v->a_un.a_val;
	free(text);
	return at;
}

/* What has been read of a process's maps. */
struct reading {
	struct native_module *modules;
	size_t nmodules;
	u64 *bounds;
	size_t nbounds;
	u64 hash;
};

static void reading_done(struct reading *r)
{
	for (size_t i = 0; i < r->nmodules; i++) {
		free(r->modules[i].path);
		native_symbols_free(r->modules[i].symbols);
	}
	free(r->modules);
	free(r->bounds);
}

static void note(struct reading *r, u64 v)
{
	r->hash = (r->hash ^ v) * 0x9e3779b97f4a7c15ULL;
	r->hash ^= r->hash >> 32;
}

/* The mapping @m goes on with the module before it, or begins one. */
static int add_map(struct reading *r, struct proc_map *m)
{
	struct native_module *last = r->nmodules ? &r->modules[r->nmodules - 1] : NULL;

	if (m->exec) {
		r->bounds[r->nbounds++] = m->start;
		r->bounds[r->nbounds++] = m->end;
		note(r, m->start);
		note(r, m->end);
		note(r, m->inode); /* of a file that is gone it may be another's */
		for (const char *c = m->path; *c; c++)
			note(r, (u8)*c);
	}
	if (last && last->inode == m->inode && m->offset && !strcmp(last->path, m->path)) {
		last->end = m->end;
		return 0;
	}
	if (m->offset)
		return 0; /* a part of a file without its begin: nothing can be said of it */
	r->modules[r->nmodules++] = (struct native_module) {
		.start = m->start,
		.end = m->end,
		.inode = m->inode,
		.first_end = m->end,
		.path = m->path,
	};
	m->path = NULL;
	return 0;
}

static int compare_modules(const void *a, const void *b)
{
	const struct native_module *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Those that overlap an earlier one can only be an error: maps are read in several pieces. */
static void drop_overlaps(struct reading *r)
{
	size_t n = 0;

	qsort(r->modules, r->nmodules, sizeof(*r->modules), compare_modules);
	for (size_t i = 0; i < r->nmodules; i++) {
		if (n && r->modules[i].start < r->modules[n - 1].end)
			free(r->modules[i].path); /* none has symbols yet */
		else
			r->modules[n++] = r->modules[i];
	}
	r->nmodules = n;
}

static int read_maps(pid_t pid, struct reading *r)
{
	struct proc_maps maps;
	u64 vdso = vdso_of(pid);
	int err = proc_maps_read(pid, &maps);

	if (err)
		return err;
	r->modules = calloc(maps.n + 1, sizeof(*r->modules));
	r->bounds = calloc(2 * maps.n + 1, sizeof(*r->bounds));
	if (!r->modules || !r->bounds)
		err = -ENOMEM;
	for (size_t i = 0; i < maps.n && !err; i++)
		err = add_map(r, &maps.list[i]);
	proc_maps_free(&maps);
	if (!err && vdso) {
		struct native_module *m = &r->modules[r->nmodules++];

		*m = (struct native_module) { .start = vdso, .end = vdso + VDSO_BYTES };
		m->path = strdup("[vdso]");
		err = m->path ? 0 : -ENOMEM;
	}
	if (!err)
		drop_overlaps(r);
	return err;
}

static int report(struct native *n)
{
	dwfl_report_begin(n->dwfl);
	for (size_t i = 0; i < n->nmodules; i++) {
		const struct native_module *m = &n->modules[i];
		Dwfl_Module *mod;
		void **userdata;
		char name[PATH_MAX + 32];

		/* dwfl keeps what it has of a module by its name: another file is another one. */
		snprintf(name, sizeof(name), "%llu %s", (unsigned long long)m->inode, m->path);
		mod = dwfl_report_module(n->dwfl, name, m->start, m->end);
		if (!mod)
			continue;
		dwfl_module_info(mod, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
		*userdata = n;
	}
	return dwfl_report_end(n->dwfl, NULL, NULL) ? -ENOMEM : 0;
}

/* What is known of modules that are there as before goes with them. */
static void keep_symbols(struct native *n, struct reading *r)
{
	n->symbols_bytes = 0;
	for (size_t i = 0; i < r->nmodules; i++) {
		struct native_module *m = &r->modules[i], *was = native_module_at(n, m->start);

		if (!was || was->start != m->start || was->inode != m->inode ||
		    strcmp(was->path, m->path) != 0)
			continue;
		m->symbols = was->symbols;
		was->symbols = NULL;
		n->symbols_bytes += native_symbols_bytes(m->symbols);
	}
}

int native_refresh(struct native *n)
{
	struct reading r = {}, before;
	int err = read_maps(n->pid, &r);

	if (err || (n->nmodules && r.hash == n->maps_hash)) {
		reading_done(&r);
		return err;
	}
	keep_symbols(n, &r);
	before = (struct reading) { n->modules, n->nmodules, n->bounds, n->nbounds, n->maps_hash };
	n->modules = r.modules;
	n->nmodules = r.nmodules;
	n->bounds = r.bounds;
	n->nbounds = r.nbounds;
	n->maps_hash = r.hash;
	reading_done(&before);
	native_places_clear(n);
	if (n->nfiles > NATIVE_FILES_MAX / 2) { /* some may be of modules that are gone */
		dwfl_report_begin(n->dwfl);
		dwfl_report_end(n->dwfl, NULL, NULL);
		n->nfiles = 0;
	}
	err = report(n);
	if (err)
		n->maps_hash = 0; /* again, the next time */
	return err ? err : 1;
}

/* A file of nothing but its header, for the machine that this runs on. */
static Elf *machine(void)
{
	static Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
#if defined(__x86_64__)
		.e_machine = EM_X86_64,
#else
		.e_machine = EM_AARCH64,
#endif
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
	};

	return elf_memory((char *)&head, sizeof(head));
}

int native_new(const struct py_process *p, struct native_names *names, struct native **ret_n)
{
	struct native *n = calloc(1, sizeof(*n));
	int err;

	if (!n)
		return -ENOMEM;
	n->pid = p->pid;
	n->interpreter = p->binary->ino;
	n->names = names;
	elf_version(EV_CURRENT);
	n->dwfl = dwfl_begin(&native_callbacks);
	n->machine = machine();
	err = n->dwfl && n->machine ? native_refresh(n) : -ENOMEM;
	if (err < 0) {
		native_free(n);
		return err;
	}
	*ret_n = n;
	return 0;
}

struct native *native_free(struct native *n)
{
	if (!n)
		return NULL;
	if (n->dwfl)
		dwfl_end(n->dwfl);
	elf_end(n->machine);
	for (size_t i = 0; i < n->nmodules; i++) {
		free(n->modules[i].path);
		native_symbols_free(n->modules[i].symbols);
	}
	free(n->modules);
	free(n->bounds);
	native_places_clear(n);
	native_eval_done(n);
	free(n);
	return NULL;
}

/* Join what is nearest to each other in @bound until there are @max of the @n. */
static size_t join(u64 *bound, size_t n, size_t max)
{
	while (n > max) {
		size_t at = 1;

		for (size_t i = 1; i + 1 < n; i += 2)
			if (bound[i + 1] - bound[i] < bound[at + 1] - bound[at])
				at = i;
		memmove(&bound[at], &bound[at + 2], (n - at - 2) * sizeof(*bound));
		n -= 2;
	}
	return n;
}

size_t native_codes(const struct native *n, u64 *bound, size_t max)
{
	u64 *all = malloc((n->nbounds + 1) * sizeof(*all));
	size_t count = 0;

	if (all) {
		memcpy(all, n->bounds, n->nbounds * sizeof(*all));
		count = join(all, n->nbounds, max);
		memcpy(bound, all, count * sizeof(*all));
	}
	free(all);
	for (size_t i = count; i < max; i++)
		bound[i] = ~0ULL;
	return count;
}
