/*
 * Files for libdwfl, which has their unwind tables read: a module's, as the process has it mapped,
 * and the kernel's vDSO, which is the same in every 64-bit process and so is ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/target/native_private.h"

struct native_module *native_module_at(const struct native *n, u64 addr)
{
	size_t low = 0, high = n->nmodules;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (n->modules[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n->nmodules && n->modules[low].start <= addr ? &n->modules[low] : NULL;
}

/* Our own vDSO, in a file in memory; it is the process's in all that matters. */
static int open_vdso(void)
{
	const Elf64_Ehdr *head = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	size_t left;
	const char *at;
	ssize_t wrote;
	int fd;

	if (!head)
		return -ENOENT;
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Its section headers are last. */
	left = head->e_shoff + (size_t)head->e_shnum * head->e_shentsize;
	for (at = (const char *)head; left; at += wrote, left -= (size_t)wrote) {
		wrote = write(fd, at, left);
		if (wrote <= 0) {
			close(fd);
			return -EIO;
		}
	}
	return fd;
}

int native_module_open(const struct native *n, const struct native_module *m)
{
	const struct proc_map map = {
		.start = m->start, .end = m->first_end, .inode = m->inode, .path = m->path
	};
	struct stat st;
	char path[4096 + 32];

	return m->inode ? proc_map_open(n->pid, &map, path, sizeof(path), &st) : open_vdso();
}

void native_base(const char *path, char *to, size_t size)
{
	static const char gone[] = " (deleted)";
	const char *base = strrchr(path, '/');
	size_t len;

	base = base ? base + 1 : path;
	len = strlen(base);
	if (len > strlen(gone) && !strcmp(base + len - strlen(gone), gone))
		len -= strlen(gone);
	snprintf(to, size, "%.*s", (int)(len < size ? len : size - 1), base);
}

/* A descriptor of a file with the module's unwind table, or a negative errno. */
static int open_table(const struct native *n, const struct native_module *m)
{
	struct elf_file *elf = NULL;
	struct err e = {};
	int fd = native_module_open(n, m), table;

	if (fd < 0)
		return fd;
	table = elf_file_open(fd, m->path, &elf, &e);
	close(fd);
	if (table)
		return table;
	table = native_table(elf);
	elf_file_close(elf);
	return table;
}

/* libdwfl's callback; the descriptor and the Elf are its own from then on. */
static int find_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		    char **file_name, Elf **elfp)
{
	struct native *n = *userdata;
	const struct native_module *m = n ? native_module_at(n, base) : NULL;
	int fd;

	(void)mod;
	(void)name;
	*file_name = NULL;
	*elfp = NULL;
	fd = m && n->nfiles < NATIVE_FILES_MAX ? open_table(n, m) : -1;
	if (fd < 0)
		return -1;
	*elfp = elf_begin(fd, ELF_C_READ, NULL);
	*file_name = *elfp ? strdup(m->path) : NULL; /* libdwfl's to free */
	if (*file_name) {
		n->nfiles++;
		return fd;
	}
	elf_end(*elfp);
	*elfp = NULL;
	close(fd);
	return -1;
}

/* libdwfl's callback: for walking it needs none. */
static int find_debug(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base,
		      const char *file, const char *link, GElf_Word crc, char **debug_name)
{
	(void)mod;
	(void)userdata;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	*debug_name = NULL;
	return -1;
}

const Dwfl_Callbacks native_callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = find_debug,
};
