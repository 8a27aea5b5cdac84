/*
 * ELF headers, segments and sections.  Invariant: no value of the file is used as an offset,
 * a size or a count before it was checked against the file's size.
 */
#include "user/sym/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/err.h"
#include "user/sym/elf_private.h"

#define FILE_SIZE_MAX (4ULL << 30)
#define PART_SIZE_MAX (256ULL << 20)

int elf_read(const struct elf_file *f, u64 offset, void *buf, size_t len)
{
	u8 *to = buf;

	if (offset > f->size || len > f->size - offset)
		return -EBADMSG;
	while (len) {
		ssize_t n = pread(f->fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EBADMSG; /* it has shrunk */
		to += n;
		offset += (u64)n;
		len -= (size_t)n;
	}
	return 0;
}

static int check_header(struct elf_file *f, struct err *e)
{
	const unsigned char *id = f->eh.e_ident;
	int r = elf_read(f, 0, &f->eh, EI_NIDENT);

	if (r == -EBADMSG || (!r && memcmp(id, ELFMAG, SELFMAG)))
		return errf(e, GS_EXIT_TARGET, -ENOEXEC, "%s: not an ELF file", f->name);
	if (r)
		return errf(e, GS_EXIT_TARGET, r, "%s: cannot be read: %s", f->name, strerror(-r));
	if (id[EI_CLASS] == ELFCLASS32)
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "%s: 32-bit program; only x86-64 ones can be traced", f->name);
	r = elf_read(f, 0, &f->eh, sizeof(f->eh));
	if (r || id[EI_CLASS] != ELFCLASS64 || id[EI_DATA] != ELFDATA2LSB)
		return errf(e, GS_EXIT_TARGET, -EBADMSG, "%s: damaged ELF header", f->name);
	f->machine = elf_machine_find(f->eh.e_machine);
	if (!f->machine)
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "%s: for machine %u; only x86-64 and aarch64 are known", f->name,
			    f->eh.e_machine);
	if (f->eh.e_type != ET_EXEC && f->eh.e_type != ET_DYN)
		return errf(e, GS_EXIT_TARGET, -ENOEXEC,
			    "%s: neither a program nor a shared library", f->name);
	return 0;
}

static void add_segment(struct elf_file *f, const Elf64_Phdr *ph)
{
	if (ph->p_type == PT_DYNAMIC) {
		f->dynamic_vaddr = ph->p_vaddr;
		f->dynamic_size = ph->p_filesz;
	}
	if (ph->p_type != PT_LOAD || f->nsegs == ELF_SEGMENTS_MAX)
		return;
	/* Such a segment could not be mapped either. */
	if (ph->p_offset > f->size || ph->p_filesz > f->size - ph->p_offset ||
	    ph->p_memsz < ph->p_filesz || ph->p_vaddr > UINT64_MAX - ph->p_memsz)
		return;
	f->segs[f->nsegs++] = (struct elf_segment) {
		.vaddr = ph->p_vaddr,
		.offset = ph->p_offset,
		.filesz = ph->p_filesz,
		.memsz = ph->p_memsz,
		.flags = ph->p_flags,
	};
}

static int read_segments(struct elf_file *f, struct err *e)
{
	u16 n = f->eh.e_phnum;
	Elf64_Phdr ph;
	u16 i;

	if (!n || n == PN_XNUM || f->eh.e_phentsize != sizeof(ph))
		goto damaged;
	for (i = 0; i < n; i++) {
		if (f->eh.e_phoff > f->size ||
		    elf_read(f, f->eh.e_phoff + i * sizeof(ph), &ph, sizeof(ph)))
			goto damaged;
		add_segment(f, &ph);
	}
	if (!f->nsegs)
		goto damaged;
	return 0;
damaged:
	return errf(e, GS_EXIT_TARGET, -EBADMSG, "%s: damaged program headers", f->name);
}

static void dynamic_entry(struct elf_dynamic *d, const Elf64_Dyn *dyn)
{
	switch (dyn->d_tag) {
	case DT_SYMTAB:
		d->symtab = dyn->d_un.d_ptr;
		break;
	case DT_STRTAB:
		d->strtab = dyn->d_un.d_ptr;
		break;
	case DT_STRSZ:
		d->strsz = dyn->d_un.d_val;
		break;
	case DT_GNU_HASH:
		d->gnu_hash = dyn->d_un.d_ptr;
		break;
	case DT_HASH:
		d->hash = dyn->d_un.d_ptr;
		break;
	case DT_RELA:
		d->rela = dyn->d_un.d_ptr;
		break;
	case DT_RELASZ:
		d->relasz = dyn->d_un.d_val;
		break;
	case DT_JMPREL:
		d->jmprel = dyn->d_un.d_ptr;
		break;
	case DT_PLTRELSZ:
		d->pltrelsz = dyn->d_un.d_val;
		break;
	case DT_SONAME:
		d->soname = dyn->d_un.d_val < UINT64_MAX ? dyn->d_un.d_val + 1 : 0;
		break;
	}
}

/* Entry @i of PT_DYNAMIC; false at its end. */
static bool dynamic_at(struct elf_file *f, size_t i, Elf64_Dyn *ret_dyn)
{
	const u8 *p;

	if (i >= ELF_DYNAMIC_MAX || (i + 1) * sizeof(*ret_dyn) > f->dynamic_size)
		return false;
	p = elf_file_bytes(f, f->dynamic_vaddr + i * sizeof(*ret_dyn), sizeof(*ret_dyn));
	if (!p)
		return false;
	memcpy(ret_dyn, p, sizeof(*ret_dyn));
	return ret_dyn->d_tag != DT_NULL;
}

int elf_file_open(int fd, const char *name, struct elf_file **ret_f, struct err *e)
{
	struct elf_file *f = calloc(1, sizeof(*f));
	struct stat st;
	Elf64_Dyn dyn;
	size_t i;
	int r;

	if (!f)
		return -ENOMEM;
	f->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	f->name = strdup(name);
	if (f->fd < 0 || !f->name || fstat(f->fd, &st)) {
		r = errf(e, GS_EXIT_FAILED, f->name ? -errno : -ENOMEM, "%s: %s", name,
			 strerror(errno));
		goto out;
	}
	f->size = st.st_size > 0 && (u64)st.st_size < FILE_SIZE_MAX ? (u64)st.st_size : 0;
	if (!S_ISREG(st.st_mode))
		f->size = 0;
	r = check_header(f, e);
	if (!r)
		r = read_segments(f, e);
	if (!r)
		r = elf_sections_read(f);
	if (r)
		goto out;
	for (i = 0; dynamic_at(f, i, &dyn); i++)
		dynamic_entry(&f->dyn, &dyn);
	*ret_f = f;
	f = NULL;
out:
	elf_file_close(f);
	return r;
}

struct elf_file *elf_file_close(struct elf_file *f)
{
	size_t i;

	if (!f)
		return NULL;
	for (i = 0; i < f->nsegs; i++)
		free(f->segs[i].data);
	free(f->sections);
	free(f->section_names);
	free(f->symtab);
	free(f->symtab_names);
	free(f->stubs);
	free(f->name);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
	return NULL;
}

int elf_file_fd(const struct elf_file *f)
{
	return f->fd;
}

const char *elf_file_name(const struct elf_file *f)
{
	return f->name;
}

u16 elf_file_type(const struct elf_file *f)
{
	return f->eh.e_type;
}

u16 elf_file_machine(const struct elf_file *f)
{
	return f->eh.e_machine;
}

size_t elf_file_nsegments(const struct elf_file *f)
{
	return f->nsegs;
}

/* A file may have a part of its own that is too big for us: an error, not an allocation. */
static bool load(struct elf_file *f, struct elf_segment *s)
{
	if (s->data)
		return true;
	if (!s->filesz || s->filesz > PART_SIZE_MAX)
		return false;
	s->data = malloc(s->filesz);
	if (!s->data)
		return false;
	if (elf_read(f, s->offset, s->data, s->filesz)) {
		free(s->data);
		s->data = NULL;
		s->filesz = 0; /* do not try again */
		return false;
	}
	return true;
}

const struct elf_segment *elf_file_segment(struct elf_file *f, size_t i, const u8 **ret_data)
{
	if (i >= f->nsegs || (ret_data && !load(f, &f->segs[i])))
		return NULL;
	if (ret_data)
		*ret_data = f->segs[i].data;
	return &f->segs[i];
}

const u8 *elf_file_bytes(struct elf_file *f, u64 vaddr, u64 len)
{
	size_t i;

	for (i = 0; i < f->nsegs; i++) {
		struct elf_segment *s = &f->segs[i];

		if (vaddr < s->vaddr || vaddr - s->vaddr >= s->filesz)
			continue;
		if (len > s->filesz - (vaddr - s->vaddr) || !load(f, s))
			return NULL;
		return s->data + (vaddr - s->vaddr);
	}
	return NULL;
}

const char *elf_file_string(struct elf_file *f, u64 vaddr, size_t max)
{
	size_t i;

	for (i = 0; i < f->nsegs; i++) {
		struct elf_segment *s = &f->segs[i];
		u64 left;

		if (vaddr < s->vaddr || vaddr - s->vaddr >= s->filesz)
			continue;
		left = s->filesz - (vaddr - s->vaddr);
		if (!load(f, s) ||
		    !memchr(s->data + (vaddr - s->vaddr), 0, left < max + 1 ? left : max + 1))
			return NULL;
		return (const char *)s->data + (vaddr - s->vaddr);
	}
	return NULL;
}

int elf_file_offset(const struct elf_file *f, u64 vaddr, u64 *ret_offset)
{
	size_t i;

	for (i = 0; i < f->nsegs; i++) {
		const struct elf_segment *s = &f->segs[i];

		if (vaddr >= s->vaddr && vaddr - s->vaddr < s->filesz) {
			*ret_offset = s->offset + (vaddr - s->vaddr);
			return 0;
		}
	}
	return -ENOENT;
}

int elf_file_vaddr(const struct elf_file *f, u64 offset, u64 *ret_vaddr)
{
	size_t i;

	for (i = 0; i < f->nsegs; i++) {
		const struct elf_segment *s = &f->segs[i];

		if (offset >= s->offset && offset - s->offset < s->filesz) {
			*ret_vaddr = s->vaddr + (offset - s->offset);
			return 0;
		}
	}
	return -ENOENT;
}

const char *elf_file_soname(struct elf_file *f)
{
	return f->dyn.soname ? elf_file_string(f, f->dyn.strtab + f->dyn.soname - 1, 255) : NULL;
}

const char *elf_file_needs(struct elf_file *f, const char *prefix)
{
	Elf64_Dyn dyn;
	size_t i;

	for (i = 0; dynamic_at(f, i, &dyn); i++) {
		const char *name;

		if (dyn.d_tag != DT_NEEDED)
			continue;
		name = elf_file_string(f, f->dyn.strtab + dyn.d_un.d_val, 255);
		if (name && !strncmp(name, prefix, strlen(prefix)))
			return name;
	}
	return NULL;
}
