/*
 * Offsets from debug information, with libdw.
 *
 * DWARF is a language, and a hostile file can make its reader loop or worse: it is read in a
 * child process, which has CPU_MAX_S of a CPU and no say but one array of numbers.  Waiting for a
 * cold disk or a busy machine is no fault of the file's, so the time we wait is longer.  Invariant:
 * what gets out of here lies within its struct, or is GS_NO_FIELD.
 */
#include "user/target/layout_dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/target/layout_fields.h"

#define CPU_MAX_S 3
#define WAIT_MAX_MS 10000
#define DIES_MAX (8U << 20)
#define BYTES_MAX (256ULL << 20) /* of the sections that are read, inflated */
#define STRUCT_MAX (64U << 20)
#define TYPES_MAX 16 /* typedefs and qualifiers on top of each other */
#define NESTED_MAX 3 /* unnamed structs in each other */

#define SECTIONS_MAX 8

/* The structs that fields are counted from. */
struct roots {
	Elf_Data *text[SECTIONS_MAX]; /* that names can be in; NULL ends */
	Dwarf_Die die[LAYOUT_FIELDS];
	bool found[LAYOUT_FIELDS];
	u32 dies; /* that were looked at */
};

/* The name of @die; NULL also if it runs out of its section, which libdw does not look at. */
static const char *name_of(const struct roots *r, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	size_t i;

	for (i = 0; name && i < SECTIONS_MAX && r->text[i]; i++) {
		const char *buf = r->text[i]->d_buf;

		if (buf && name >= buf && name < buf + r->text[i]->d_size)
			return memchr(name, 0, (size_t)(buf + r->text[i]->d_size - name)) ? name
											  : NULL;
	}
	return NULL;
}

/* What a variable of @die's type is, under its other names. */
static bool plain_type(Dwarf_Die *die, Dwarf_Die *ret_type)
{
	Dwarf_Attribute a;
	Dwarf_Die type = *die;
	int i, tag;

	for (i = 0; i < TYPES_MAX; i++) {
		tag = dwarf_tag(&type);
		if (i && tag != DW_TAG_typedef && tag != DW_TAG_const_type &&
		    tag != DW_TAG_volatile_type && tag != DW_TAG_atomic_type) {
			*ret_type = type;
			return true;
		}
		if (!dwarf_attr(&type, DW_AT_type, &a) || !dwarf_formref_die(&a, &type))
			return false;
	}
	return false;
}

static u32 size_of(Dwarf_Die *type)
{
	Dwarf_Attribute a;
	Dwarf_Word n;

	if (!dwarf_attr(type, DW_AT_byte_size, &a) || dwarf_formudata(&a, &n) || n > STRUCT_MAX)
		return GS_NO_FIELD;
	return (u32)n;
}

static u32 member_offset(Dwarf_Die *member)
{
	Dwarf_Attribute a;
	Dwarf_Word n;

	if (!dwarf_attr(member, DW_AT_data_member_location, &a))
		return 0; /* of a union */
	return dwarf_formudata(&a, &n) || n > STRUCT_MAX ? GS_NO_FIELD : (u32)n;
}

/* The member called @name (@len bytes) of @in, and its offset there. */
static bool find_member(struct roots *r, Dwarf_Die *in, const char *name, size_t len, int depth,
			Dwarf_Die *ret_member, u32 *ret_offset)
{
	Dwarf_Die m, type;
	u32 at, more;
	int end;

	for (end = dwarf_child(in, &m); !end; end = dwarf_siblingof(&m, &m)) {
		const char *is = name_of(r, &m);

		if (++r->dies > DIES_MAX)
			return false;
		if (dwarf_tag(&m) != DW_TAG_member)
			continue;
		at = member_offset(&m);
		if (at == GS_NO_FIELD)
			continue;
		if (is && strlen(is) == len && !memcmp(is, name, len)) {
			*ret_member = m;
			*ret_offset = at;
			return true;
		}
		if (!is && depth && plain_type(&m, &type) &&
		    find_member(r, &type, name, len, depth - 1, ret_member, &more)) {
			*ret_offset = at + more;
			return true;
		}
	}
	return false;
}

/* "STRUCT.MEMBER.MEMBER" from the struct on; or the size of what that is. */
static u32 follow(struct roots *r, Dwarf_Die root, const char *path, bool size)
{
	Dwarf_Die in = root, member;
	u32 offset = 0, whole = size_of(&root), at;
	const char *p = path + strcspn(path, ".|");

	p = *p == '.' ? p : NULL;
	while (p) {
		size_t len = strcspn(++p, ".|");

		if (!find_member(r, &in, p, len, NESTED_MAX, &member, &at) || at > whole ||
		    offset > whole - at) /* at its end: an array of any length */
			return GS_NO_FIELD;
		offset += at;
		p += len;
		if (*p != '.') {
			p = NULL;
			if (size && !plain_type(&member, &in))
				return GS_NO_FIELD;
		} else if (!plain_type(&member, &in)) {
			return GS_NO_FIELD;
		}
	}
	return size ? size_of(&in) : whole == GS_NO_FIELD ? GS_NO_FIELD : offset;
}

static bool names_root(const char *name, const char *path)
{
	size_t n = strcspn(path, ".|");

	return strlen(name) == n && !memcmp(name, path, n);
}

/* Is @die the struct that some fields are in?  Those are done then: how many. */
static size_t take_root(struct roots *r, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	const char *name = NULL;
	Dwarf_Die type = *die;
	size_t i, n = 0;

	if (tag == DW_TAG_structure_type || tag == DW_TAG_typedef)
		name = name_of(r, die);
	if (!name)
		return 0;
	for (i = 0; i < LAYOUT_FIELDS; i++) {
		if (r->found[i] || !names_root(name, layout_fields[i].path))
			continue;
		if (tag == DW_TAG_typedef && !plain_type(die, &type))
			return n;
		if (dwarf_tag(&type) != DW_TAG_structure_type || size_of(&type) == GS_NO_FIELD)
			return n; /* declared only */
		r->die[i] = type;
		r->found[i] = true;
		n++;
	}
	return n;
}

/* All units' outermost entries, until every struct in which there is something to find was met. */
static void find_roots(struct roots *r, Dwarf *d, size_t missing)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit, die;
	u8 type;
	int end;

	while (missing && !dwarf_get_units(d, cu, &cu, NULL, &type, &unit, NULL)) {
		if (++r->dies > DIES_MAX)
			return;
		if (type != DW_UT_compile && type != DW_UT_partial)
			continue;
		for (end = dwarf_child(&unit, &die); !end && missing;
		     end = dwarf_siblingof(&die, &die)) {
			if (++r->dies > DIES_MAX)
				return;
			missing -= take_root(r, &die);
		}
	}
}

static bool has_id(Elf *elf, const char *build_id)
{
	const void *id;
	ssize_t n = dwelf_elf_gnu_build_id(elf, &id), i;

	for (i = 0; i < n; i++) {
		unsigned int byte = ((const u8 *)id)[i];

		if (build_id[2 * i] != "0123456789abcdef"[byte >> 4] ||
		    build_id[2 * i + 1] != "0123456789abcdef"[byte & 15])
			return false;
	}
	return n > 0 && !build_id[2 * n];
}

/*
 * Leave libdw only the sections in which types and names are: it would inflate all of them, and
 * follow links to other files.  False if those are too big.
 */
static bool keep_types(Elf *elf)
{
	static const char kept[] = " .debug_info .debug_abbrev .debug_str .debug_line_str "
				   ".debug_str_offsets ";
	Elf_Scn *s = NULL;
	u64 bytes = 0;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((s = elf_nextscn(elf, s))) {
		Elf64_Shdr *h = elf64_getshdr(s);
		const char *name = h ? elf_strptr(elf, names, h->sh_name) : NULL, *at;
		Elf64_Chdr *c;
		u64 size;

		if (!h || elf_ndxscn(s) == names)
			continue;
		at = name ? strstr(kept, name) : NULL;
		if (!at || at == kept || at[-1] != ' ' || at[strlen(name)] != ' ') {
			h->sh_type = SHT_NOBITS; /* in memory only */
			continue;
		}
		c = h->sh_flags & SHF_COMPRESSED ? elf64_getchdr(s) : NULL;
		size = c ? c->ch_size : h->sh_size;
		if (size > BYTES_MAX - bytes)
			return false;
		bytes += size;
	}
	return true;
}

/* The sections that were kept, as libdw has them: inflated. */
static void note_text(struct roots *r, Elf *elf)
{
	Elf_Scn *s = NULL;
	size_t n = 0;

	while (n < SECTIONS_MAX - 1 && (s = elf_nextscn(elf, s))) {
		Elf64_Shdr *h = elf64_getshdr(s);

		if (h && h->sh_type != SHT_NOBITS)
			r->text[n] = elf_rawdata(s, NULL);
		n += r->text[n] != NULL;
	}
}

void layout_dwarf_fields(const struct layout_dwarf_from *from, u32 *values)
{
	struct roots *r = calloc(1, sizeof(*r));
	size_t i, missing = 0;
	Dwarf *d = NULL;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(from->fd, ELF_C_READ, NULL); /* not mapped: it may shrink */
	if (r && elf && (!from->build_id || has_id(elf, from->build_id)) && keep_types(elf))
		d = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	for (i = 0; i < LAYOUT_FIELDS; i++) {
		values[i] = GS_NO_FIELD;
		if (!r)
			continue;
		r->found[i] = layout_field(from->wanted, i) == GS_NO_FIELD;
		missing += !r->found[i];
	}
	if (d) {
		note_text(r, elf);
		find_roots(r, d, missing);
	}
	for (i = 0; d && i < LAYOUT_FIELDS; i++) {
		const char *path = layout_fields[i].path;

		if (!r->found[i] || layout_field(from->wanted, i) == GS_NO_FIELD)
			continue;
		for (; path && values[i] == GS_NO_FIELD; path = strchr(path, '|')) {
			path += *path == '|';
			values[i] = follow(r, r->die[i], path, layout_fields[i].size);
		}
	}
	dwarf_end(d);
	elf_end(elf);
	free(r);
}

static void child(const struct layout_dwarf_from *from, int out)
{
	static const struct rlimit none = { 0 }, time = { CPU_MAX_S, CPU_MAX_S + 1 };
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU };
	u32 values[LAYOUT_FIELDS];
	size_t i;

	for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		signal(deadly[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_CPU, &time);
	layout_dwarf_fields(from, values);
	/* Fits a pipe: all of it or nothing. */
	_exit(write(out, values, sizeof(values)) != sizeof(values));
}

/* All of the child's answer: 0; -EBADMSG: it has none; -ETIME: none in time. */
static int answer(int fd, int limit_ms, u32 *values)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	const ssize_t size = LAYOUT_FIELDS * sizeof(*values);
	int n;

	do {
		n = poll(&p, 1, limit_ms);
	} while (n < 0 && errno == EINTR);
	if (!n)
		return -ETIME;
	return n == 1 && read(fd, values, size) == size ? 0 : -EBADMSG;
}

/* Wait for the end of @pid.  True: it was ended for the CPU time that it took. */
static bool used_up(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU;
}

int layout_dwarf_read(const struct layout_dwarf_from *from, struct py_layout *ret_l)
{
	u32 values[LAYOUT_FIELDS];
	int pipes[2], r = 0, told = -EBADMSG;
	pid_t pid;
	size_t i;

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		r = -errno;
	if (!pid)
		child(from, pipes[1]);
	close(pipes[1]);
	if (!r)
		told = answer(pipes[0], from->limit_ms ? from->limit_ms : WAIT_MAX_MS, values);
	close(pipes[0]);
	if (r)
		return r;
	if (told)
		kill(pid, SIGKILL);
	if (used_up(pid))
		told = -ETIME;
	if (told)
		return told;
	for (i = 0; i < LAYOUT_FIELDS; i++)
		layout_field_set(ret_l, i, values[i] <= STRUCT_MAX ? values[i] : GS_NO_FIELD);
	return 0;
}
