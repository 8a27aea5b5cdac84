/* Asking the kernel for what the programs need; see needs.h. */
#include "user/load/needs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/filter.h>
#include <stdio.h>
#include <unistd.h>

static const struct {
	const char *name, *since;
} needs[NEED_COUNT] = {
#define X(NAME, name, since, loss) [NEED_##NAME] = { name, since },
	GS_NEEDS(X)
#undef X
};

static bool loads(const struct bpf_insn *insns, size_t n)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, n, NULL);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* u64 v = 0; return __sync_fetch_and_add(&v, 1); */
static bool has_atomics(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW,
		  .dst_reg = BPF_REG_10,
		  .src_reg = BPF_REG_0,
		  .off = -8,
		  .imm = BPF_ADD | BPF_FETCH },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return loads(insns, sizeof(insns) / sizeof(insns[0]));
}

static bool has_helper(enum bpf_func_id id)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, id, NULL) > 0;
}

bool need_met(enum need n)
{
	switch (n) {
	case NEED_RINGBUF:
		return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) > 0;
	case NEED_TASK_STORAGE:
		return libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) > 0;
	case NEED_ATOMICS:
		return has_atomics();
	case NEED_TASK_REGS:
		return has_helper(BPF_FUNC_task_pt_regs) &&
		       has_helper(BPF_FUNC_get_current_task_btf);
	case NEED_COOKIE:
		return has_helper(BPF_FUNC_get_attach_cookie);
	case NEED_COUNT:
		break;
	}
	return false;
}

bool needs_may_load(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return loads(insns, sizeof(insns) / sizeof(insns[0]));
}

int needs_missing(char *buf, size_t size)
{
	size_t used = 0;
	int n = 0;

	buf[0] = 0;
	for (int i = 0; i < NEED_COUNT; i++) {
		if (need_met(i))
			continue;
		if (used < size)
			used += snprintf(buf + used, size - used, "%s%s (Linux %s)", n ? ", " : "",
					 needs[i].name, needs[i].since);
		n++;
	}
	return n;
}
