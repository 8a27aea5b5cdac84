/*
 * Evidence of a build's layout, the best first.  Invariant: two pieces that say different things
 * of one field are an error; none is preferred.
 */
#include "user/target/layout_evidence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/sym/elf_file.h"
#include "user/target/binary.h"
#include "user/target/debug_file.h"
#include "user/target/debug_offsets.h"
#include "user/target/layout_cache.h"
#include "user/target/layout_dwarf.h"
#include "user/target/layout_exports.h"
#include "user/target/layout_fields.h"
#include "user/target/layout_machine.h"

int layout_agree(const struct py_layout *l, const struct py_layout *dwarf, const char *where,
		 struct err *e)
{
	size_t i;
	int all = 1;

	for (i = 0; i < LAYOUT_FIELDS; i++) {
		u32 said = layout_field(l, i), other = layout_field(dwarf, i);

		if (said == GS_NO_FIELD)
			continue;
		if (other == GS_NO_FIELD)
			all = 0;
		else if (other != said)
			return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
				    "%s: its debug information says %u for %s, %s says %u; one of "
				    "them is wrong",
				    where, other, layout_fields[i].name,
				    strcmp(l->found_by, "table") ? "_Py_DebugOffsets"
								 : "the table of versions",
				    said);
	}
	return all;
}

/* Is all there that was looked for? */
static bool tells_all(const struct py_layout *l, const struct py_layout *wanted)
{
	size_t i;

	for (i = 0; i < LAYOUT_FIELDS; i++) {
		if (layout_field(wanted, i) != GS_NO_FIELD && layout_field(l, i) == GS_NO_FIELD)
			return false;
	}
	return true;
}

/*
 * What debug information says of the fields of @l; @path: of which file.
 *
 * Who runs a program of his own can give it any build id, and tell anything of it.  So what is not
 * from our own root is kept for that very file alone.
 */
static int read_dwarf(struct elf_file *f, const struct py_binary *b, const char *root,
		      const struct py_layout *l, struct py_layout *ret_l, char *path, size_t size)
{
	struct layout_dwarf_from from = { .fd = elf_file_fd(f), .wanted = l };
	char file_id[LAYOUT_CACHE_ID_MAX + 1], *id = b->build_id;
	struct elf_section s;
	bool ours = false;
	int fd = -1, r;

	*ret_l = *l;
	snprintf(path, size, "%s", b->path);
	if (!layout_cache_get(b->build_id, ret_l) && tells_all(ret_l, l))
		return 0;
	if (elf_file_section(f, ".debug_info", &s)) {
		fd = debug_file_open(root, b->build_id, path, size, &ours);
		if (fd < 0)
			return -ENOENT;
		from.fd = fd;
		from.build_id = b->build_id;
	}
	*ret_l = *l;
	r = ours ? -ENOENT : layout_cache_file_id(b->build_id, from.fd, file_id);
	if (!ours)
		id = r ? NULL : file_id;
	if (r || layout_cache_get(id, ret_l) || !tells_all(ret_l, l)) {
		*ret_l = *l;
		r = layout_dwarf_read(&from, ret_l);
		if (!r && tells_all(ret_l, l))
			layout_cache_put(id, ret_l);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static int no_dwarf(const struct py_binary *b, int why, struct err *e)
{
	if (why == -ETIME)
		return errf(e, GS_EXIT_UNSUPPORTED, why,
			    "%s: CPython %s, debug build: its debug information was not read in "
			    "time; try again, or run the default build",
			    b->path, b->version);
	return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
		    "%s: CPython %s, debug build, without debug information that tells its layout; "
		    "install its debug symbols, or run the default build",
		    b->path, b->version);
}

/* What was built for debugging has no row: the debug information has to tell all. */
static int of_debug_build(const struct py_binary *b, struct py_layout *l,
			  const struct py_layout *dwarf, struct err *e)
{
	if (!tells_all(dwarf, l))
		return no_dwarf(b, 0, e);
	*l = *dwarf; /* and the row's, of what no debug information has */
	l->found_by = "dwarf";
	return 0;
}

static int add_dwarf(struct elf_file *f, const struct py_binary *b, const char *root,
		     bool described, struct py_layout *l, struct err *e)
{
	struct py_layout dwarf;
	char path[4096];
	int r = read_dwarf(f, b, root, l, &dwarf, path, sizeof(path));

	if (r == -ENOMEM)
		return r;
	if (r)
		return b->debug ? no_dwarf(b, r, e) : 0; /* the row alone, then */
	if (b->debug && !described)
		return of_debug_build(b, l, &dwarf, e);
	r = layout_agree(l, &dwarf, path, e);
	if (r < 0)
		return r;
	if (!r && b->debug)
		return no_dwarf(b, 0, e);
	if (r && !described)
		l->found_by = "dwarf";
	return 0;
}

/* What it exports says the same as all the rest. */
static int check_exports(struct elf_file *f, const struct py_binary *b, u64 runtime_size,
			 struct py_layout *l, struct err *e)
{
	struct layout_export list[LAYOUT_EXPORTS_MAX];
	size_t n = layout_exports_read(f, b->runtime_vaddr, runtime_size, l, !b->debug, list);
	int r = layout_exports_agree(list, n, l, b->path, e);

	if (r < 0)
		return r;
	l->confirmed = (u32)r;
	return 0;
}

static u64 runtime_size(struct elf_file *f)
{
	struct elf_symbol sym;

	return elf_file_export(f, "_PyRuntime", &sym) && elf_file_symbol(f, "_PyRuntime", &sym)
		       ? 0
		       : sym.size;
}

int layout_evidence(struct elf_file *f, const struct py_binary *b, const char *root,
		    struct py_layout *ret_l, struct err *e)
{
	size_t n = debug_offsets_size(b->version_hex);
	struct debug_offsets_from from = {
		.path = b->path,
		.version_hex = b->version_hex,
		.version_found_by = b->version_found_by,
		.free_threaded = b->free_threaded,
		.runtime_size = runtime_size(f),
	};
	struct py_layout l;
	int r = layout_find(b->version_hex, b->free_threaded, &l, e);

	if (!r)
		layout_for_machine(elf_file_machine(f), &l);
	if (!r && n) {
		from.bytes = elf_file_bytes(f, b->runtime_vaddr, n);
		from.nbytes = from.bytes ? n : 0;
		r = debug_offsets_read(&from, &l, e);
	}
	if (!r && (b->debug || !n))
		r = add_dwarf(f, b, root, n > 0, &l, e);
	if (!r)
		r = check_exports(f, b, from.runtime_size, &l, e);
	if (!r)
		*ret_l = l;
	return r;
}
