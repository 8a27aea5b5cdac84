/*
 * Fuzzing the decoder and the flow analysis: the input is machine code.
 *
 * The first byte says into how many functions the rest is cut (their unwind table is good, but they
 * overlap if its high bit is set), and by the next bit for which machine it is; each is followed
 * from its start.  Time is bounded by libFuzzer's -timeout: hostile code must not keep an attach
 * waiting.
 */
#include <errno.h>

#include "tests/fuzz/elf_maker.h"
#include "user/sym/flow.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

#define FUNCTIONS_MAX 16

static int count(const struct insn *i, void *arg)
{
	CHECK(i->size && i->size <= 15 && i->flow <= INSN_END);
	return ++*(u32 *)arg == 1000;
}

static void ask(struct code *c, struct flow *f, u64 end)
{
	const u32 regs = elf_file_machine(code_file(c)) == EM_AARCH64 ? 32 : 16;
	struct flow_value v;
	u64 vaddr, next[2];
	size_t n, k;

	for (size_t i = 0; flow_insn(f, i, &vaddr); i++) {
		CHECK(flow_reached(f, vaddr) && code_range_at(c, vaddr) && vaddr < end);
		n = flow_next(f, vaddr, next);
		CHECK(n <= 2);
		for (k = 0; k < n; k++)
			CHECK(flow_reached(f, next[k]));
		for (u32 reg = 0; reg < regs; reg++)
			CHECK(!flow_value_at(f, vaddr, reg, &v));
		CHECK(flow_value_at(f, vaddr, regs, &v) == -ENOENT);
	}
	(void)flow_stores(f, &n);
}

static void follow(struct code *c, u64 start, u64 end, const struct code_targets *to)
{
	struct flow *f = NULL;
	struct insn i;
	char text[64];
	int r = flow_new(c, start, to, &f);

	CHECK(r == 0 || r == -E2BIG || r == -ENOENT);
	if (!r) {
		r = flow_add(f, start + 7);
		if (!r)
			ask(c, f, end);
	}
	flow_free(f);
	code_text(c, start, text, sizeof(text));
	if (!code_next_emulated(c, start, &i))
		CHECK(i.emulated && !code_unfit(c, i.vaddr));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct elf_maker m;
	u64 ranges[FUNCTIONS_MAX][2], text, frame, targets[2];
	u32 n = size ? data[0] % FUNCTIONS_MAX + 1 : 1, calls = 0;
	struct code_targets to = {
		.targets = targets, .ntargets = 2, .slots = targets, .nslots = 1
	};
	u8 table[64 + FUNCTIONS_MAX * 20];
	struct elf_file *f = NULL;
	struct code *c = NULL;
	int fd;

	if (size < 1 + FUNCTIONS_MAX)
		return 0;
	em_begin(&m);
	text = em_add(&m, ".text", SHT_PROGBITS, data + 1, size - 1);
	for (u32 i = 0; i < n; i++) {
		ranges[i][0] = text + (size - 1) / n * i;
		ranges[i][1] = data[0] & 0x80 ? text + size - 1 : ranges[i][0] + (size - 1) / n;
	}
	frame = EM_BASE + ((m.used + 15) & ~15UL);
	CHECK(em_add(&m, ".eh_frame", SHT_PROGBITS, table,
		     em_eh_frame(table, sizeof(table), frame, ranges, n)) == frame);
	m.machine = data[0] & 0x40 ? EM_AARCH64 : EM_X86_64;
	em_end(&m, 0, 0);
	fd = em_fd(&m);
	CHECK(!elf_file_open(fd, "code", &f, NULL));
	close(fd);
	CHECK(!code_new(f, &c, NULL));
	targets[0] = text;
	targets[1] = ranges[n - 1][0];
	(void)code_each_branch(c, &to, count, &calls);
	for (u32 i = 0; i < n; i++)
		follow(c, ranges[i][0], text + size, &to);
	code_free(c);
	elf_file_close(f);
	return 0;
}
