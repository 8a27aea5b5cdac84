/* Finding extension modules among the mapped files.  The name is the process's to choose, so what
 * is found is judged by its sites. */
#include "user/target/module.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "user/sym/elf_file.h"
#include "user/target/binaries.h"
#include "user/target/proc_maps.h"

#define LOOKS_LIKE_MAX 4 /* files of that name that are looked into */

bool module_name_is(const char *path, const char *name)
{
	static const char suffix[] = ".so", deleted[] = " (deleted)";
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(name), len = strlen(base);

	if (len > sizeof(deleted) - 1 && !strcmp(base + len - (sizeof(deleted) - 1), deleted))
		len -= sizeof(deleted) - 1;
	return !strncmp(base, name, n) && base[n] == '.' && len >= n + sizeof(suffix) - 1 &&
	       !memcmp(base + len - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1);
}

/* @fd is a file of the right name. */
static int look_into(int fd, const struct proc_map *m, const struct stat *st, u32 families,
		     pid_t pid, struct binaries *cache, struct module *ret_m, struct err *e)
{
	struct elf_file *f = NULL;
	struct py_binary *b;
	int r = elf_file_open(fd, m->path, &f, e);

	if (!r)
		r = elf_file_runs_here(f, e);
	if (!r)
		r = binaries_get_module(cache, f, m->path, st, &b);
	if (!r)
		r = binary_find_sites(b, f, families, pid, 0, e);
	if (!r)
		ret_m->binary = b;
	elf_file_close(f);
	return r;
}

int module_find(pid_t pid, const char *name, u32 families, struct binaries *cache,
		struct module *ret_m, struct err *e)
{
	struct proc_maps maps;
	size_t i, looked = 0;
	struct stat st;
	int fd, r = proc_maps_read(pid, &maps), found = -ENOENT;

	if (r)
		return errf(e, GS_EXIT_TARGET, r, "pid %d: its memory map cannot be read: %s", pid,
			    strerror(-r));
	for (i = 0; i < maps.n && found && looked < LOOKS_LIKE_MAX; i++) {
		const struct proc_map *m = &maps.list[i];

		if (!m->exec || !module_name_is(m->path, name))
			continue;
		looked++;
		fd = proc_map_open(pid, m, ret_m->open_path, sizeof(ret_m->open_path), &st);
		if (fd < 0) {
			found = errf(e, GS_EXIT_FAILED, fd, "%s: cannot be opened: %s", m->path,
				     strerror(-fd));
			continue;
		}
		found = look_into(fd, m, &st, families, pid, cache, ret_m, e);
		close(fd);
	}
	proc_maps_free(&maps);
	return found;
}
