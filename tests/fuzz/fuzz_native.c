/*
 * Fuzzing native stacks: the input is a file that this process maps (its unwind table, its symbols
 * with their names), a thread's registers in it and what its stack holds.  Whatever those say, a
 * walk ends, within memory, and names what it has seen.
 *
 *   u16 bytes of .eh_frame; u16 of .symtab, and of .strtab, which are the same; u16 pc - AT; both;
 *   four registers of 2 bytes each: an offset to the stack pointer; the stack
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/fuzz/elf_maker.h"
#include "user/target/native.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

#define AT \
	0x200000000000ULL /* where the file is mapped: stacks can name it; out of \
			     AddressSanitizer's way */
#define STACK 0x300000000000ULL
#define REGS 4 /* rax, rdx, rcx, rbx */

static const u8 *take(const u8 **data, size_t *left, size_t size)
{
	const u8 *p = *data;

	if (size > *left)
		return NULL;
	*data += size;
	*left -= size;
	return p;
}

static u64 word(const u8 **data, size_t *left)
{
	const u8 *p = take(data, left, 2);

	return p ? p[0] | (u64)p[1] << 8 : 0;
}

static void *map_file(const u8 *table, size_t table_size, const u8 *names, size_t names_size)
{
	static struct elf_maker m;
	void *at;
	int fd;

	em_begin(&m);
	em_add(&m, ".eh_frame", SHT_PROGBITS, table, table_size);
	em_add(&m, ".symtab", SHT_SYMTAB, names, names_size);
	m.sections[m.nsections - 1].sh_link = m.nsections;
	m.sections[m.nsections - 1].sh_entsize = sizeof(Elf64_Sym);
	em_add(&m, ".strtab", SHT_STRTAB, names, names_size);
	em_end(&m, 0, 0);
	fd = em_fd(&m);
	at = mmap((void *)AT, EM_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
		  fd, 0);
	CHECK(at == (void *)AT);
	close(fd);
	return at;
}

static void walk(struct native *n, const struct native_state *state)
{
	static struct native_frames f;

	CHECK(native_refresh(n) >= 0);
	memset(&f, 0xa5, sizeof(f));
	if (!native_unwind(n, state, &f))
		return;
	CHECK(f.n && f.n <= NATIVE_FRAMES_MAX);
	for (u32 i = 0; i < f.n; i++)
		CHECK(!f.frame[i] || (f.frame[i]->function && f.frame[i]->function[0]));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct py_binary binary;
	static struct native_names *names;
	static struct native *n;
	static u32 rounds;
	struct py_process p = { .pid = getpid(), .binary = &binary };
	struct native_state state = { .sp = STACK };
	size_t table_size = word(&data, &size), names_size = word(&data, &size);
	const u8 *table, *symbols;
	void *at;

	state.pc = AT + word(&data, &size);
	table = take(&data, &size, table_size);
	symbols = take(&data, &size, names_size);
	if (!table || !symbols)
		return 0;
	for (u32 i = 0; i < REGS; i++)
		state.reg[i] = STACK + word(&data, &size);
	state.reg[7] = STACK; /* the stack pointer, by DWARF's numbers */
	state.known = (1U << REGS) - 1 | 1U << 7;
	state.data = data;
	state.bytes = size;
	/* Names and files are kept from one input to the next, as of a process that maps others. */
	if (!(rounds++ % 256)) {
		n = native_free(n);
		native_names_free(names);
		names = native_names_new();
		CHECK(names);
	}
	at = map_file(table, table_size, symbols, names_size);
	if (!n)
		CHECK(!native_new(&p, names, &n));
	walk(n, &state);
	munmap(at, EM_BYTES);
	return 0;
}
