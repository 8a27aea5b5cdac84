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

#define TABLE_MAX (64U << 20) /* bytes of a table; the largest libraries have half of it */

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

/*
 * Is it safe to have libdw read the unwind table of the file?  It is the process's to shape; libdw
 * checks what is in it, but not how much memory that takes.  Without sections it would look
 * elsewhere.
 */
static bool is_readable(int fd, const char *name)
{
	static const char *const parts[] = { ".eh_frame", ".eh_frame_hdr" };
	struct elf_section s = {};
	struct elf_file *elf;
	struct err e = {};
	bool ok;

	if (elf_file_open(fd, name, &elf, &e))
		return false;
	ok = !elf_file_section(elf, parts[0], &s) && s.size <= TABLE_MAX;
	if (ok && !elf_file_section(elf, parts[1], &s))
		ok = s.size <= TABLE_MAX;
	elf_file_close(elf);
	return ok;
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
	fd = m && n->nfiles < NATIVE_FILES_MAX ? native_module_open(n, m) : -1;
	if (fd < 0)
		return -1;
	if (is_readable(fd, m->path))
		*elfp = elf_begin(fd, ELF_C_READ, NULL); /* read, not mapped */
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
