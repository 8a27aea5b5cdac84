/*
 * Parser of .note.stapsdt.  Invariant: strings are used only after their terminator was found
 * within the note.
 */
#include "user/sym/usdt_note.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_TYPE 3 /* NT_STAPSDT */
#define NOTE_OWNER "stapsdt"
#define NOTES_MAX 4096

static u64 u64_at(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The string at *@p, before @end; *@p moves past it. */
static const char *next_string(const u8 **p, const u8 *end)
{
	const u8 *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;
	const char *s = (const char *)*p;

	if (!nul)
		return NULL;
	*p = nul + 1;
	return s;
}

/* One description: vaddr, base, semaphore, then provider, name, arguments. */
static int parse_note(u16 machine, const u8 *desc, size_t n, s64 base_now, const char *provider,
		      const char *name, struct usdt_note *ret_n)
{
	const u8 *p = desc + 24, *end = desc + n;
	const char *got_provider, *got_name, *args;
	struct usdt_note note = { 0 };
	u64 shift;
	int r;

	if (n < 24)
		return -EBADMSG;
	got_provider = next_string(&p, end);
	got_name = next_string(&p, end);
	args = next_string(&p, end);
	if (!got_provider || !got_name || !args)
		return -EBADMSG;
	if (strcmp(got_provider, provider) || strcmp(got_name, name))
		return 0;
	shift = base_now >= 0 ? (u64)base_now - u64_at(desc + 8) : 0;
	note.vaddr = u64_at(desc) + shift;
	note.semaphore = u64_at(desc + 16) ? u64_at(desc + 16) + shift : 0;
	r = usdt_args_parse_for(machine, args, note.args, USDT_ARGS_MAX);
	if (r < 0)
		return -EINVAL;
	note.nargs = (size_t)r;
	*ret_n = note;
	return 1;
}

static size_t padded(u32 n)
{
	return ((size_t)n + 3) & ~(size_t)3;
}

int usdt_notes_find(struct elf_file *f, const char *provider, const char *name,
		    struct usdt_note *ret_notes, size_t max)
{
	struct elf_section s, base;
	struct usdt_note note;
	s64 base_now = -1;
	u64 at = 0;
	int found = 0, r = 0, n;
	u8 *data;

	if (elf_file_section(f, ".note.stapsdt", &s))
		return 0;
	if (!elf_file_section(f, ".stapsdt.base", &base))
		base_now = (s64)base.vaddr;
	data = elf_file_section_read(f, &s);
	if (!data)
		return -EBADMSG;
	for (n = 0; n < NOTES_MAX && s.size - at >= sizeof(Elf64_Nhdr) && r >= 0; n++) {
		const u8 *owner = data + at + sizeof(Elf64_Nhdr);
		size_t name_size, desc_size;
		Elf64_Nhdr nh;

		memcpy(&nh, data + at, sizeof(nh));
		name_size = padded(nh.n_namesz);
		desc_size = padded(nh.n_descsz);
		at += sizeof(nh);
		if (name_size > s.size - at || desc_size > s.size - at - name_size) {
			r = -EBADMSG;
			break;
		}
		at += name_size + desc_size;
		if (nh.n_type != NOTE_TYPE || nh.n_namesz != sizeof(NOTE_OWNER) ||
		    memcmp(owner, NOTE_OWNER, sizeof(NOTE_OWNER)))
			continue;
		r = parse_note(elf_file_machine(f), owner + name_size, nh.n_descsz, base_now,
			       provider, name, &note);
		if (r > 0 && (size_t)found++ < max)
			ret_notes[found - 1] = note;
	}
	free(data);
	return r < 0 ? r : found;
}
