/*
 * Telling interpreters apart by symbols and names.  Names only ever refine what symbols say:
 * a file without _PyRuntime is never CPython, whatever it is called.
 */
#include "user/target/version.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *version_base_name(const char *path, size_t *ret_len)
{
	static const char deleted[] = " (deleted)";
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t n = strlen(base);

	if (n > sizeof(deleted) - 1 && !strcmp(base + n - (sizeof(deleted) - 1), deleted))
		n -= sizeof(deleted) - 1;
	*ret_len = n;
	return base;
}

static bool begins(const char *s, size_t n, const char *prefix)
{
	return n >= strlen(prefix) && !strncmp(s, prefix, strlen(prefix));
}

bool version_name_is_python(const char *path)
{
	size_t n;
	const char *base = version_base_name(path, &n);

	return begins(base, n, "python3") || begins(base, n, "libpython3") ||
	       (n == 6 && begins(base, n, "python"));
}

const char *version_name_is_other(const char *path)
{
	size_t n;
	const char *base = version_base_name(path, &n);

	if (begins(base, n, "pypy") || begins(base, n, "libpypy"))
		return "PyPy";
	if (begins(base, n, "python2") || begins(base, n, "libpython2"))
		return "Python 2";
	return NULL;
}

/* "libpython3.11d.so.1.0", "python3.13t": minor version and build letters after "3.". */
static bool from_name(const char *name, u32 *ret_hex, const char **ret_flags)
{
	const char *p = name ? strstr(name, "python3.") : NULL;
	u32 minor = 0;

	if (!p)
		return false;
	p += strlen("python3.");
	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p) && minor < 1000; p++)
		minor = minor * 10 + (u32)(*p - '0');
	if (minor > 255)
		return false;
	*ret_hex = 0x03000000 | minor << 16;
	*ret_flags = p;
	return true;
}

/* A string "3.N.M" of its own in read-only data: PY_VERSION. */
static bool from_text(struct elf_file *f, u32 *ret_hex)
{
	size_t i, k;

	for (i = 0; i < elf_file_nsegments(f); i++) {
		const u8 *p;
		const struct elf_segment *s = elf_file_segment(f, i, &p);

		if (!s || s->flags & (PF_W | PF_X))
			continue;
		for (k = 0; k + 12 < s->filesz; k++) {
			unsigned int minor, micro;
			int n = 0;

			if (p[k] || memcmp(p + k + 1, "3.", 2) || !isdigit(p[k + 3]) ||
			    !memchr(p + k + 3, 0, 9))
				continue;
			if (sscanf((const char *)p + k + 3, "%2u.%3u%n", &minor, &micro, &n) == 2 &&
			    !p[k + 3 + (size_t)n] && micro < 256) {
				*ret_hex = 0x030000f0 | minor << 16 | micro << 8;
				return true;
			}
		}
	}
	return false;
}

/* PY_VERSION_HEX as text (Include/patchlevel.h): 0xa alpha, 0xb beta, 0xc candidate. */
static void as_text(u32 hex, bool micro_known, char *text, size_t size)
{
	static const char *const levels[] = { [0xa] = "a", [0xb] = "b", [0xc] = "rc" };
	u32 level = hex >> 4 & 0xf;

	if (!micro_known)
		snprintf(text, size, "%u.%u", hex >> 24, hex >> 16 & 0xff);
	else if (level >= 0xa && level <= 0xc)
		snprintf(text, size, "%u.%u.%u%s%u", hex >> 24, hex >> 16 & 0xff, hex >> 8 & 0xff,
			 levels[level], hex & 0xf);
	else
		snprintf(text, size, "%u.%u.%u", hex >> 24, hex >> 16 & 0xff, hex >> 8 & 0xff);
}

/* What is exported is found at once; reading .symtab takes a while. */
static bool find_symbol(struct elf_file *f, const char *name, struct elf_symbol *ret_s)
{
	return !elf_file_export(f, name, ret_s) || !elf_file_symbol(f, name, ret_s);
}

static bool from_symbol(struct elf_file *f, u32 *ret_hex)
{
	struct elf_symbol sym;
	const u8 *p;

	if (!find_symbol(f, "Py_Version", &sym))
		return false;
	p = elf_file_bytes(f, sym.vaddr, sizeof(*ret_hex));
	if (!p)
		return false;
	memcpy(ret_hex, p, sizeof(*ret_hex));
	return *ret_hex >> 24 == 3;
}

static int not_cpython(struct elf_file *f, struct py_binary *b, struct err *e)
{
	const char *other = version_name_is_other(b->path);
	struct elf_symbol sym;

	if (!other && !elf_file_export(f, "PyString_FromString", &sym))
		other = "Python 2";
	if (!other && (!elf_file_export(f, "pypy_main_startup", &sym) ||
		       !elf_file_export(f, "PyPy_Initialize", &sym)))
		other = "PyPy";
	if (other)
		return errf(e, GS_EXIT_TARGET, -ENOEXEC,
			    "%s: is %s, not CPython 3; only CPython can be traced", b->path, other);
	if (!elf_file_export(f, "Py_Initialize", &sym))
		return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			    "%s: CPython older than 3.7 (it has no _PyRuntime); "
			    "supported: " GS_LAYOUT_VERSIONS,
			    b->path);
	return errf(e, GS_EXIT_TARGET, -ENOEXEC,
		    "%s: not CPython (it has no _PyRuntime); list CPython processes with "
		    "gilscope ps",
		    b->path);
}

/* Is all of @sym in what the file has for data? */
static bool is_data(struct elf_file *f, const struct elf_symbol *sym)
{
	const struct elf_segment *s;
	size_t i;

	for (i = 0; (s = elf_file_segment(f, i, NULL)); i++) {
		if (s->flags & PF_W && sym->vaddr >= s->vaddr && sym->vaddr - s->vaddr < s->memsz &&
		    sym->size <= s->memsz - (sym->vaddr - s->vaddr))
			return true;
	}
	return false;
}

int version_find(struct elf_file *f, struct py_binary *b, struct err *e)
{
	const char *soname = elf_file_soname(f), *flags = "", *name_flags;
	struct elf_symbol sym;
	u32 hex = 0, named = 0;
	size_t n;

	if (!find_symbol(f, "_PyRuntime", &sym))
		return not_cpython(f, b, e);
	if (!is_data(f, &sym))
		return errf(e, GS_EXIT_TARGET, -ENOEXEC,
			    "%s: damaged: its _PyRuntime (0x%lx, %lu bytes) is not in its data; "
			    "reinstall it",
			    b->path, (unsigned long)sym.vaddr, (unsigned long)sym.size);
	b->runtime_vaddr = sym.vaddr;
	b->is_library = strncmp(version_base_name(b->path, &n), "libpython", 9) == 0 ||
			(soname && !strncmp(soname, "libpython", 9));
	if (from_name(soname, &named, &name_flags) || from_name(b->path, &named, &name_flags))
		flags = name_flags;
	if (from_symbol(f, &hex)) {
		b->version_found_by = "Py_Version";
	} else if (named) {
		hex = named;
		b->version_found_by = "file name";
	} else if (from_text(f, &hex)) {
		b->version_found_by = "version string";
	} else {
		return errf(
			e, GS_EXIT_UNSUPPORTED, -ENOTSUP,
			"%s: CPython whose version cannot be told; supported: " GS_LAYOUT_VERSIONS,
			b->path);
	}
	b->version_hex = hex;
	as_text(hex, hex & 0xff, b->version, sizeof(b->version));
	/* Exported by such builds only: Objects/object.c, pycore_object.h. */
	b->debug = *flags == 'd' || (*flags == 't' && flags[1] == 'd') ||
		   !elf_file_export(f, "_Py_RefTotal", &sym);
	b->free_threaded = *flags == 't' || !elf_file_export(f, "_Py_DecRefShared", &sym);
	return 0;
}
