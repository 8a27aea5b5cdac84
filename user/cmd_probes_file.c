/*
 * gilscope probes --file: the probe sites of an interpreter's file, with no process that runs it.
 * The file may be for another machine; what a probe costs there is not known then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/cmd_probes.h"
#include "user/load/cost.h"
#include "user/opts.h"
#include "user/sym/elf_file.h"
#include "user/target/binary.h"

static int open_file(const char *path, struct elf_file **ret_f, struct err *e)
{
	/* Not a pipe's writer to be waited for, nor a terminal to be taken. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = -errno;

	if (fd < 0)
		return errf(e, r == -EACCES || r == -EPERM ? GS_EXIT_PERM : GS_EXIT_TARGET, r,
			    "%s: cannot be opened: %s", path, strerror(-r));
	r = elf_file_open(fd, path, ret_f, e);
	close(fd);
	return r;
}

/* A program may be but a few lines that call what is in a library. */
static int find_interpreter(struct elf_file *f, const char *path, struct py_binary **ret_b,
			    struct err *e)
{
	const char *library = elf_file_needs(f, "libpython3");
	struct elf_symbol sym;

	if (library && elf_file_export(f, "_PyRuntime", &sym))
		return errf(e, GS_EXIT_TARGET, -ENOEXEC,
			    "%s: its interpreter is in %s; give that file", path, library);
	return binary_new(f, path, "", ret_b, e);
}

static void print_table(const struct opts *o, struct elf_file *f, const struct py_binary *b,
			const struct hit_cost *cost)
{
	printf("file %s  %s %s (%s)  for %s  build id %s\n", b->path,
	       b->by_notes ? "gilscope's" : "CPython", b->version, b->version_found_by,
	       elf_file_machine_name(f), b->build_id ? b->build_id : "none");
	if (!b->by_notes)
		printf("  _PyRuntime at 0x%llx, layout from %s; %u of its offsets are also in what "
		       "the file exports\n",
		       (unsigned long long)b->runtime_vaddr, b->layout.found_by,
		       b->layout.confirmed);
	probes_print_sites(o, b, cost, NULL);
	if (b->types_coverage)
		printf("  types: %s\n", b->types_coverage);
}

static int print_json(const struct opts *o, struct elf_file *f, const struct py_binary *b,
		      const struct hit_cost *cost)
{
	json_t *sites = json_array(), *all;
	int err;

	probes_add_sites(o, b, cost, NULL, sites);
	all = json_pack("{s:s,s:[],s:[{s:s,s:s,s:{s:s,s:s,s:o},s:s,s:i,s:o}]}", "schema",
			"gilscope.probes/1", "processes", "files", "path", b->path, "machine",
			elf_file_machine_name(f), "python", "version", b->version, "path", b->path,
			"build_id", b->build_id ? json_string(b->build_id) : json_null(), "layout",
			b->layout.found_by, "layout_confirmed", (int)b->layout.confirmed, "probes",
			sites);
	err = !all || json_dumpf(all, stdout, JSON_INDENT(2)) ? -EIO : 0;
	printf("\n");
	json_decref(all);
	return err;
}

int probes_file(const struct opts *o, struct err *e)
{
	struct hit_cost cost = { 0 };
	struct py_binary *b = NULL;
	struct elf_file *f = NULL;
	int err = open_file(o->file, &f, e);

	if (!err)
		err = find_interpreter(f, o->file, &b, e);
	if (!err) {
		b->count_symbol = o->count;
		err = binary_find_sites(b, f, o->families, 0, 0, e);
	}
	if (!err && !elf_file_runs_here(f, NULL))
		cost_measure(&cost);
	if (!err && !strcmp(o->format, "json"))
		err = print_json(o, f, b, &cost);
	else if (!err)
		print_table(o, f, b, &cost);
	binary_free(b);
	elf_file_close(f);
	return err ? errf(e, GS_EXIT_FAILED, err, "%s: %s", o->file, strerror(-err)) : 0;
}
