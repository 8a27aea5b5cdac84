/*
 * empty_sites: the floor of what exact tracing can cost: an empty BPF program on the same sites.
 *
 * usage: empty_sites PID FILE OFFSET…   (in the file, as "gilscope probes --format json" tells
 * them)
 *
 * Sites only: none of the scheduler's and system calls' tracepoints that gilscope attaches as well.
 * One uprobe_multi link, for this process only, as gilscope does it.  The program is two
 * instructions, so no object file is needed.  Says "measuring" once attached; ends on SIGINT.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SITES 4096

static int load_empty(void)
{
	/* r0 = 0; exit */
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_UPROBE_MULTI);

	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "gs_empty", "GPL", insns,
			     sizeof(insns) / sizeof(insns[0]), &opts);
}

static int attach(int prog, int pid, const char *file, char **sites, size_t n)
{
	static unsigned long at[SITES], semaphores[SITES];
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	char *end;

	if (n > SITES)
		return -E2BIG;
	for (size_t i = 0; i < n; i++) {
		at[i] = strtoul(sites[i], &end, 0);
		semaphores[i] = *end == ':' ? strtoul(end + 1, NULL, 0) : 0;
	}
	opts.uprobe_multi.path = file;
	opts.uprobe_multi.offsets = at;
	opts.uprobe_multi.ref_ctr_offsets = semaphores;
	opts.uprobe_multi.cnt = n;
	opts.uprobe_multi.pid = pid;
	return bpf_link_create(prog, 0, BPF_TRACE_UPROBE_MULTI, &opts);
}

static void nothing(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = nothing };
	sigset_t block, before;
	int fd;

	if (argc < 4) {
		fprintf(stderr, "usage: empty_sites PID FILE OFFSET[:SEMAPHORE]...\n");
		return 2;
	}
	/* Blocked until we wait for it, so that none comes too early. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &before);
	sigdelset(&before, SIGINT);
	sigaction(SIGINT, &sa, NULL);

	fd = load_empty();
	if (fd >= 0)
		fd = attach(fd, atoi(argv[1]), argv[2], argv + 3, argc - 3);
	if (fd < 0) {
		fprintf(stderr, "empty_sites: %s: %s\n", argv[2], strerror(-fd));
		return 1;
	}
	fprintf(stderr, "empty_sites: measuring %d sites\n", argc - 3);
	sigsuspend(&before);
	return 0;
}
